import FreshetCore

/// How long an answer counts as fresh: our `max_age`, which upstream may lengthen, and shorten down to a floor.
///
/// `Cache-Control: s-maxage` counts before `max-age` (Freshet is a shared cache), both before `Expires`; `Age` is
/// taken off. `no-store`
/// and `no-cache` mean "no time at all", so the floor. Values beyond 30 days are not believed. An answer that says
/// nothing is fresh for
/// `max_age`, and one that says nothing readable too.
struct FreshnessPolicy: Sendable, Hashable {
    /// The longest time that upstream can ask for.
    static let limit = Duration.seconds(30 * 86_400)

    /// The dataset's `max_age`.
    var maxAge: Duration
    /// The least that upstream can shorten it to.
    var floor: Duration

    /// The most that upstream can lengthen it to.
    var ceiling: Duration

    /// - Parameters:
    ///   - maxAge: Used when upstream says nothing.
    ///   - floor: Capped at `maxAge`.
    ///   - ceiling: At least `maxAge`; `nil` means ``limit``, or `maxAge` when that is longer.
    init(maxAge: Duration, floor: Duration, ceiling: Duration? = nil) {
        (self.maxAge, self.floor) = (maxAge, min(floor, maxAge))
        // A max_age beyond the limit is the user's own choice and stands.
        self.ceiling = max(ceiling ?? FreshnessPolicy.limit, maxAge)
    }

    /// How long an answer with these headers is fresh.
    func freshFor(_ headers: HeaderFields, now: Timestamp) -> Duration {
        guard let given = FreshnessPolicy.given(headers, now: now) else { return maxAge }
        return max(floor, min(given, ceiling))
    }

    /// What upstream says, `Age` taken off; `nil` when it says nothing.
    static func given(_ headers: HeaderFields, now: Timestamp) -> Duration? {
        let directives = directives(headers)
        if directives["no-store"] != nil || directives["no-cache"] != nil { return .zero }
        let age = headers["age"].flatMap { seconds(String(HeaderFields.trim($0))) } ?? .zero
        if let value = (directives["s-maxage"] ?? directives["max-age"]).flatMap(seconds) {
            return max(.zero, value - age)
        }
        guard let expires = headers["expires"] else { return nil }
        // RFC 9111 section 5.3: an unreadable date, "0" above all, means "already expired".
        guard let end = Timestamp(httpDate: String(HeaderFields.trim(expires))) else { return .zero }
        let date = headers["date"].flatMap { Timestamp(httpDate: String(HeaderFields.trim($0))) } ?? now
        return max(.zero, end - date - age)
    }

    private static func directives(_ headers: HeaderFields) -> [String: String] {
        var result: [String: String] = [:]
        for token in headers.tokens("cache-control") {
            let parts = token.split(separator: "=", maxSplits: 1).map { String(HeaderFields.trim($0)) }
            guard let name = parts.first, result[name] == nil else { continue }
            result[name] = parts.count == 2 ? String(parts[1].filter { $0 != "\"" }) : ""
        }
        // `no-cache="field"` limits single fields only and says nothing of the answer as a whole.
        if result["no-cache"]?.isEmpty == false { result["no-cache"] = nil }
        return result
    }

    private static func seconds(_ text: String) -> Duration? {
        guard !text.isEmpty, text.utf8.allSatisfy(URLBytes.isDigit) else { return nil }
        return .seconds(min(Int64(text) ?? .max, 100 * 365 * 86_400))
    }
}
