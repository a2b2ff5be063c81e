/// What the headers of one answer say about quota and waiting, in durations from the moment of the answer.
///
/// Understood: `Retry-After` (RFC 9110 section 10.2.3, seconds and dates), `RateLimit` and `RateLimit-Policy` (IETF draft: structured
/// fields `"default";r=50;t=30` and `"default";q=100;w=60`, and the older `limit=100, remaining=50, reset=30` and `100;w=60`),
/// `RateLimit-Limit` and its siblings, `X-RateLimit-*` and `X-Rate-Limit-*` with `Reset` as a delta, epoch seconds or epoch milliseconds. Dates are
/// taken relative to the answer's own `Date`, so that a wrong clock on either side does not matter. What is negative, absurd
/// (more than 32 days away) or unreadable is ignored.
public struct RateLimitHeaders: Sendable, Hashable {
    /// One quota.
    public struct Quota: Sendable, Hashable {
        /// The policy's name; `x` for `X-RateLimit-*`, `legacy` for the older forms.
        public var name: String
        /// Calls allowed in a window, if told.
        public var limit: Int?
        /// Calls left until the reset.
        public var remaining: Int
        /// From the answer to the reset.
        public var resetsIn: Duration

        /// Creates a quota.
        public init(name: String, limit: Int?, remaining: Int, resetsIn: Duration) {
            (self.name, self.limit, self.remaining, self.resetsIn) = (name, limit, remaining, resetsIn)
        }
    }

    /// One window that upstream counts calls in.
    public struct Policy: Sendable, Hashable {
        /// Its name; `legacy` when it has none.
        public var name: String
        /// Calls allowed in a window, at least 1.
        public var calls: Int
        /// The length of the window.
        public var per: Duration

        /// Creates a policy.
        public init(name: String, calls: Int, per: Duration) { (self.name, self.calls, self.per) = (name, calls, per) }
    }

    /// How long to wait before the next call; always more than zero.
    public private(set) var retryAfter: Duration?
    /// Quotas whose remaining calls and reset are both known, at most four.
    public private(set) var quotas: [Quota] = []
    /// Windows told by `RateLimit-Policy` and by the list form of `RateLimit-Limit` (`100, 100;w=60`), at most four.
    public private(set) var policies: [Policy] = []

    /// Nothing further away is believed.
    static let horizon = 32.0 * 86_400

    /// Reads headers, whose names may have any case, received when our wall clock showed `wall`.
    public init(_ headers: [(name: String, value: String)], wall: Timestamp) {
        var fields: [String: [String]] = [:]
        for (name, value) in headers {
            let key = name.lowercased()
            if RateLimitHeaders.names.contains(key), value.utf8.count <= 1024 {
                fields[key.hasPrefix("x-rate-limit") ? "x-ratelimit" + key.dropFirst(12) : key, default: []].append(
                    value)
            }
        }
        guard !fields.isEmpty else { return }
        let serverNow = fields["date"]?.first.flatMap { Timestamp(httpDate: $0) } ?? wall
        retryAfter = fields["retry-after"]?.compactMap { RateLimitHeaders.retryAfter($0, now: serverNow) }.max()
        readStructured(fields)
        readTriple(fields, prefix: "ratelimit", name: "legacy", now: serverNow)
        readTriple(fields, prefix: "x-ratelimit", name: "x", now: serverNow)
        quotas = Array(quotas.prefix(4))
    }

    private static let names: Set<String> = [
        "date", "retry-after", "ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining",
        "ratelimit-reset",
        "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-rate-limit-limit",
        "x-rate-limit-remaining",
        "x-rate-limit-reset",
    ]

    private static func retryAfter(_ text: String, now: Timestamp) -> Duration? {
        if let seconds = Double(trim(text)) { return believable(seconds) }
        return Timestamp(httpDate: text).flatMap { believable(($0 - now).inSeconds) }
    }

    private static func believable(_ seconds: Double) -> Duration? {
        seconds > 0 && seconds <= horizon ? .nanoseconds(Int64(seconds * 1e9)) : nil
    }

    /// A reset as a delta, epoch seconds or epoch milliseconds, told apart by size.
    private static func reset(_ text: String, now: Timestamp) -> Duration? {
        guard let value = Double(trim(text)), value.isFinite, value >= 0 else { return nil }
        if value >= 1e11 { return believable(value / 1000 - now.microsecondsAsSeconds) }
        if value >= 1e9 { return believable(value - now.microsecondsAsSeconds) }
        return believable(value)
    }

    private static func trim(_ text: some StringProtocol) -> String {
        var view = Substring(text)
        while let first = view.first, first == " " || first == "\t" { view.removeFirst() }
        while let last = view.last, last == " " || last == "\t" { view.removeLast() }
        return String(view)
    }

    /// `RateLimit` and `RateLimit-Policy`, structured or older.
    private mutating func readStructured(_ fields: [String: [String]]) {
        var limits: [String: Int] = [:]
        for item in (fields["ratelimit-policy"] ?? []).flatMap(RateLimitHeaders.items) {
            readPolicy(item)
            guard let quota = item.parameters["q"].flatMap({ Int($0) }), quota >= 0 else { continue }
            limits[item.name] = quota
        }
        for item in (fields["ratelimit-limit"] ?? []).flatMap(RateLimitHeaders.items) { readPolicy(item) }
        var older: [String: String] = [:]
        for item in (fields["ratelimit"] ?? []).flatMap(RateLimitHeaders.items) {
            if let equals = item.name.firstIndex(of: "=") {
                let key = RateLimitHeaders.trim(item.name[..<equals]).lowercased()
                older[key] = RateLimitHeaders.trim(item.name[item.name.index(after: equals)...])
            } else {
                let limit = limits[item.name] ?? item.parameters["q"].flatMap { Int($0) }
                add(item.name, limit: limit, remaining: item.parameters["r"], reset: item.parameters["t"])
            }
        }
        add("legacy", limit: older["limit"].flatMap { Int($0) }, remaining: older["remaining"], reset: older["reset"])
    }

    /// `"default";q=100;w=60`, or `100;w=60` as earlier drafts had it.
    ///
    /// A quota of bytes or of requests at once (`qu`) is none of calls.
    private mutating func readPolicy(_ item: (name: String, parameters: [String: String])) {
        let unit = item.parameters["qu"]?.filter { $0 != "\"" } ?? "requests"
        guard unit == "requests", let window = item.parameters["w"].flatMap({ Double($0) }),
            let per = RateLimitHeaders.believable(window), policies.count < 4
        else { return }
        let (name, text) = item.parameters["q"].map { (item.name, $0) } ?? ("legacy", item.name)
        guard let calls = Int(text), calls > 0 else { return }
        let policy = Policy(name: String(name.prefix(100)), calls: min(calls, 1_000_000_000), per: per)
        if !policies.contains(policy) { policies.append(policy) }
    }

    private mutating func readTriple(_ fields: [String: [String]], prefix: String, name: String, now: Timestamp) {
        guard let remaining = fields[prefix + "-remaining"]?.first, let reset = fields[prefix + "-reset"]?.first,
            let count = Int(RateLimitHeaders.trim(remaining)), count >= 0,
            let wait = RateLimitHeaders.reset(reset, now: now)
        else { return }
        // `RateLimit-Limit: 100, 100;w=60` names the limit first.
        let limit = fields[prefix + "-limit"]?.first.flatMap { Int(RateLimitHeaders.trim($0.prefix { $0.isNumber })) }
        quotas.append(Quota(name: name, limit: limit, remaining: count, resetsIn: wait))
    }

    private mutating func add(_ name: String, limit: Int?, remaining: String?, reset: String?) {
        guard let count = remaining.flatMap({ Int($0) }), count >= 0,
            let wait = reset.flatMap({ Double($0) }).flatMap(RateLimitHeaders.believable)
        else { return }
        quotas.append(Quota(name: name, limit: limit, remaining: count, resetsIn: wait))
    }

    /// The members of a structured list (RFC 9651), as far as these fields need: a name and its parameters.
    private static func items(_ text: String) -> [(name: String, parameters: [String: String])] {
        text.split(separator: ",").prefix(16).map { member in
            let parts = member.split(separator: ";").map { trim($0) }
            var parameters: [String: String] = [:]
            for part in parts.dropFirst() {
                guard let equals = part.firstIndex(of: "=") else { continue }
                parameters[String(part[..<equals])] = String(part[part.index(after: equals)...])
            }
            return (parts.first.map { $0.filter { $0 != "\"" } } ?? "", parameters)
        }
    }
}

extension Timestamp {
    fileprivate var microsecondsAsSeconds: Double { Double(microseconds) / 1e6 }
}
