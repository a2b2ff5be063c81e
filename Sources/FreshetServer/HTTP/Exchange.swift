import FreshetCore
import HTTPTypes
import HummingbirdCore
import NIOCore

/// One request as routes see it.
struct Exchange: Sendable {
    let method: HTTPRequest.Method
    /// Path and query as received, still percent-encoded.
    let target: String
    let headers: HTTPFields
    /// The `Host` of the request.
    let authority: String
    let client: ClientAddress
    let body: RequestBody
    let clock: any FreshetClock
    /// The moment of the request.
    let now: Timestamp
    /// What the client's token allows; `nil` without a valid token.
    var role: TokenRecord.Role?
    /// The client's connection; `nil` for a request that came by none.
    var channel: (any Channel)?
    /// What ties log lines to this request: the client's `X-Request-ID` where it is fit for a log, else a number of our own.
    var requestID: String {
        guard let given = headers[.requestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") })
        else { return fallbackID }
        return given
    }
    private let fallbackID = String(UInt64.random(in: .min ... .max), radix: 16)
    /// What the pattern of the route captured, still percent-encoded.
    var captures: [String: Substring] = [:]

    /// The part of the target before `?`.
    var path: Substring { target.prefix { $0 != "?" } }

    /// The part of the target after `?`.
    var query: Substring? {
        guard let mark = target.firstIndex(of: "?") else { return nil }
        return target[target.index(after: mark)...]
    }

    /// A captured piece, decoded; `nil` when it is not valid percent-encoding.
    func capture(_ name: String) -> String? { captures[name].flatMap { PercentEncoding.decode($0) } }

    /// The first value of a query parameter, decoded.
    ///
    /// - Throws: A 400 when its percent-encoding is wrong.
    func parameter(_ name: String) throws(Problem) -> String? {
        for field in (query ?? "").split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts[0] == name else { continue }
            guard let value = PercentEncoding.decode(parts.count == 2 ? parts[1] : "") else {
                throw Problem(400, "bad-parameter", "The value of \(name) is not valid percent-encoding.")
            }
            return value
        }
        return nil
    }

    /// A whole number from the query.
    func number(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(Problem) -> Int {
        guard let text = try parameter(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw Problem(
                400, "bad-parameter",
                "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    /// A moment from the query, RFC 3339.
    func moment(_ name: String) throws(Problem) -> Timestamp? {
        guard let text = try parameter(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw Problem(
                400, "bad-parameter", "\(name) must be a time such as 2026-01-31T12:00:00Z or a date (RFC 3339).")
        }
        return moment
    }

    /// Refuses query parameters that the route does not know, so that a slip of the pen is not silently ignored.
    func allowParameters(_ names: Set<String>) throws(Problem) {
        for field in (query ?? "").split(separator: "&") {
            let name = field.prefix { $0 != "=" }
            guard names.contains(String(name)) else {
                let known = names.isEmpty ? "it takes none" : "it takes " + names.sorted().joined(separator: ", ")
                throw Problem(400, "unknown-parameter", "This route does not know the parameter \(name): \(known).")
            }
        }
    }

    /// How long the client is willing to wait (`Prefer: wait=N`, RFC 7240), at most a minute.
    var preferredWait: Duration? {
        for item in (headers[.prefer] ?? "").split(whereSeparator: { $0 == "," || $0 == ";" }) {
            let parts = item.split(separator: "=", maxSplits: 1).map { $0.trimmed() }
            if parts.count == 2, parts[0].lowercased() == "wait", let seconds = Int(parts[1]), seconds > 0 {
                return .seconds(min(seconds, 60))
            }
        }
        return nil
    }

    /// What the client says about the answer it wants.
    var conditions: RequestConditions {
        var conditions = RequestConditions()
        if let value = headers[.acceptEncoding] {
            conditions.acceptsGzip = value.withBytes { RequestConditions.acceptsGzip($0) }
        }
        if let value = headers[.cacheControl] { value.withBytes { conditions.readCacheControl($0) } }
        return conditions
    }

    /// The whole body.
    ///
    /// - Throws: A 413 when it is longer than `limit`.
    func collectBody(upTo limit: Int) async throws -> [UInt8] {
        do {
            let buffer = try await body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Problem(413, "too-large", "The body is longer than the \(limit) bytes this route takes.")
        }
    }
}

extension Substring {
    func trimmed() -> Substring {
        var view = self
        while view.first?.isWhitespace == true { view = view.dropFirst() }
        while view.last?.isWhitespace == true { view = view.dropLast() }
        return view
    }
}

extension HTTPField.Name {
    static let prefer = field("Prefer")
    static let origin = field("Origin")
    static let host = field("Host")
    static let secFetchSite = field("Sec-Fetch-Site")
    static let requestID = field("X-Request-ID")
    static let lastEventID = field("Last-Event-ID")

    private static func field(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is not a field name") }
        return field
    }
}
