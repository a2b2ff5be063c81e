/// A limit as an upstream would state it: so many calls within any window of some length, for each subject of a scope.
public struct LimitRule: Sendable, Equatable {
    /// What is counted apart.
    public enum Scope: Sendable, Equatable {
        /// Each credential.
        case key
        /// Each account; keys that were given no account share one.
        case account
        /// Each client address.
        case ip
        /// All calls whose path matches, whoever makes them.
        case endpoint(PathPattern)
    }

    /// What is counted apart.
    public var scope: Scope
    /// Calls allowed within any window of length ``per``, at least 1; `nil` when only concurrency is limited.
    public var calls: Int?
    /// The length of the window, above zero.
    public var per: Duration
    /// Requests allowed to be in progress at once, at least 1; `nil` for any number.
    public var concurrency: Int?
    /// The rule as text, its name in reports.
    public var text: String

    /// Creates a limit of calls per window.
    public init(_ scope: Scope, calls: Int, per: Duration) {
        self.scope = scope
        self.calls = calls
        self.per = per
        text = "\(Self.name(of: scope)):\(calls)/\(per)"
    }

    /// Reads `key:40/1s`, `account:900/10s`, `ip:100/PT1M`, `endpoint=/clans/*/currentwar:20/1s` or `key:concurrency=5`.
    ///
    /// - Throws: ``MockSpecError`` saying what is accepted.
    public init(parsing text: String) throws(MockSpecError) {
        guard let colon = text.lastIndex(of: ":") else { throw Self.problem(text) }
        scope = try Self.scope(text[..<colon], text)
        self.text = text
        let limit = text[text.index(after: colon)...]
        if limit.hasPrefix("concurrency=") {
            concurrency = try MockUnits.count(limit.dropFirst("concurrency=".count))
            per = .seconds(1)
            return
        }
        let parts = limit.split(separator: "/", maxSplits: 1)
        guard parts.count == 2 else { throw Self.problem(text) }
        calls = try MockUnits.count(parts[0])
        let window = parts[1].first?.isNumber == true || parts[1].hasPrefix("P") ? String(parts[1]) : "1\(parts[1])"
        per = try MockUnits.duration(window)
        guard per > .zero else { throw MockSpecError("The window of \"\(text)\" must be longer than nothing.") }
    }

    private static func scope(_ text: Substring, _ whole: String) throws(MockSpecError) -> Scope {
        switch text {
        case "key": return .key
        case "account": return .account
        case "ip": return .ip
        default:
            guard text.hasPrefix("endpoint="), text.count > 9 else { throw problem(whole) }
            return .endpoint(PathPattern(String(text.dropFirst(9))))
        }
    }

    private static func name(of scope: Scope) -> String {
        switch scope {
        case .key: "key"
        case .account: "account"
        case .ip: "ip"
        case .endpoint(let pattern): "endpoint=\(pattern)"
        }
    }

    private static func problem(_ text: String) -> MockSpecError {
        MockSpecError(
            "\"\(text)\" is no limit. Write key:40/1s, account:900/10s, ip:100/1m, endpoint=/clans/*:20/1s or key:concurrency=5."
        )
    }
}
