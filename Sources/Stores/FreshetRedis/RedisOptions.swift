public import FreshetCore

/// Where Redis is and how it is talked to.
///
/// Redis 6.2 or newer, or what speaks its protocol and scripts (Valkey).
public struct RedisOptions: Sendable, Hashable {
    /// A host name or an address, IPv6 without its brackets.
    public var host: String
    /// The port.
    public var port: Int
    /// The user of an access list; `nil` is Redis's own `default`.
    public var user: String?
    /// The password; never shown in messages or logs.
    public var password: Secret?
    /// The number of the database, 0 unless told.
    public var database: Int
    /// Whether the connection is encrypted (`rediss://`).
    public var isEncrypted: Bool
    /// A PEM file with the authorities that may sign Redis's certificate; `nil` is those of the system.
    public var authorities: String?
    /// Stands in every key, so that several deployments can share one Redis: letters, digits, `-`, `_`, `.`.
    public var namespace: String
    /// How long opening a connection may take, greeting included.
    public var connectTimeout: Duration
    /// How long an answer may take; a connection that owes one for longer is given up.
    public var answerTimeout: Duration

    /// Creates options for a Redis on this machine without a password.
    public init(host: String = "127.0.0.1", port: Int = 6379, namespace: String = "freshet") {
        self.host = host
        self.port = port
        self.database = 0
        self.isEncrypted = false
        self.namespace = namespace
        self.connectTimeout = .seconds(1)
        self.answerTimeout = .seconds(2)
    }

    /// Reads `redis[s]://[user[:password]@]host[:port][/database]`.
    ///
    /// User and password may hold percent-escapes, an IPv6 address stands in brackets.
    /// - Parameters:
    ///   - url: The address; it may hold a password, and no error shows it.
    ///   - namespace: Stands in every key.
    /// - Throws: ``StoreError/refused(_:)`` with what is wrong.
    public init(url: Secret, namespace: String = "freshet") throws(StoreError) {
        self.init(namespace: namespace)
        var rest = Substring(url.reveal())
        if rest.hasPrefix("rediss://") {
            isEncrypted = true
        } else if !rest.hasPrefix("redis://") {
            throw .refused("a Redis address begins with redis:// or rediss://")
        }
        rest = rest.drop { $0 != "/" }.dropFirst(2)
        if let mark = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) {
            throw .refused(
                "a Redis address has nothing behind the database, and \(rest[mark]) is escaped as \(rest[mark] == "?" ? "%3F" : "%23")"
            )
        }
        let authority = rest.prefix { $0 != "/" }
        try readDatabase(rest.dropFirst(authority.count).dropFirst())
        let at = authority.lastIndex(of: "@")
        if let at { try readCredentials(authority[..<at]) }
        try readHost(at.map { authority[authority.index(after: $0)...] } ?? authority)
        guard !namespace.isEmpty, namespace.utf8.allSatisfy(Self.isPlain) else {
            throw .refused("the namespace of Redis keys consists of letters, digits, '-', '_' and '.'")
        }
    }

    private mutating func readDatabase(_ text: Substring) throws(StoreError) {
        guard !text.isEmpty else { return }
        guard let number = Int(text), number >= 0 else {
            throw .refused("the database of a Redis address is a number from 0, such as /1")
        }
        database = number
    }

    private mutating func readCredentials(_ text: Substring) throws(StoreError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = PercentEncoding.decode(parts[0]),
            let password = parts.count > 1 ? PercentEncoding.decode(parts[1]) : ""
        else { throw .refused("user or password of the Redis address has a bad percent-escape") }
        self.user = user.isEmpty ? nil : user
        self.password = password.isEmpty ? nil : Secret(password)
    }

    private mutating func readHost(_ text: Substring) throws(StoreError) {
        var port = Substring()
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw .refused("an IPv6 address in a Redis address stands in brackets, such as [::1]")
            }
            host = String(text[text.index(after: text.startIndex)..<end])
            port = text[text.index(after: end)...]
        } else {
            host = String(text.prefix { $0 != ":" })
            port = text.dropFirst(host.count)
        }
        guard !host.isEmpty else { throw .refused("the Redis address names no host") }
        guard !port.isEmpty else { return }
        guard port.hasPrefix(":"), let number = Int(port.dropFirst()), (1...65_535).contains(number) else {
            throw .refused("the port of a Redis address is a number from 1 to 65535")
        }
        self.port = number
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Host and port, for messages.
    var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The beginning of all keys; the braces keep them in one slot of a Redis Cluster.
    var prefix: String { "freshet:{\(namespace)}" }
}
