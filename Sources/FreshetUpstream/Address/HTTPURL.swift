import FreshetCore

/// An absolute `http` or `https` URL, split as RFC 3986 says and kept percent-encoded.
///
/// Whatever a server wrote (spaces, brackets, UTF-8, stray percent signs) is brought into RFC 3986 form once, here,
/// so that no later
/// reader can understand it differently. Fragments are dropped; user information is refused, for it is a credential
/// in disguise.
struct HTTPURL: Sendable, Hashable {
    enum Scheme: String, Sendable {
        case http, https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    let scheme: Scheme
    /// Lower case; an IPv6 address stands in brackets.
    let host: String
    let port: Int
    /// Starts with `/` and holds no dot segments.
    let path: String
    /// Without the question mark; `nil` when there is none.
    let query: String?

    /// Reads an absolute URL; `nil` when it is none, has another scheme, user information, control characters or a
    /// bad port.
    init?(_ text: String) {
        guard let reference = URLReference(text), let scheme = reference.scheme.flatMap(Scheme.init(rawValue:)),
            let authority = reference.authority
        else { return nil }
        self.init(scheme: scheme, authority: authority, path: reference.path, query: reference.query)
    }

    private init?(scheme: Scheme, authority: Substring, path: String, query: String?) {
        guard let (host, port) = HTTPURL.split(authority: authority, defaultPort: scheme.defaultPort) else {
            return nil
        }
        self.init(scheme: scheme, host: host, port: port, path: path, query: query)
    }

    private init(scheme: Scheme, host: String, port: Int, path: String, query: String?) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = HTTPURL.removingDotSegments(path.isEmpty ? "/" : path)
        self.query = query
    }

    /// The URL that `reference` means when it stands in a document at this URL (RFC 3986 section 5.2).
    func resolving(_ text: String) -> HTTPURL? {
        guard let reference = URLReference(text) else { return nil }
        if let name = reference.scheme {
            guard let scheme = Scheme(rawValue: name), let authority = reference.authority else { return nil }
            return HTTPURL(scheme: scheme, authority: authority, path: reference.path, query: reference.query)
        }
        if let authority = reference.authority {
            return HTTPURL(scheme: scheme, authority: authority, path: reference.path, query: reference.query)
        }
        if reference.path.isEmpty { return replacing(path: path, query: reference.query ?? query) }
        if reference.path.hasPrefix("/") { return replacing(path: reference.path, query: reference.query) }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return replacing(path: folder + reference.path, query: reference.query)
    }

    /// The URL of a path and query below this base; `nil` when the path would climb with dot segments or holds
    /// control characters.
    func appending(pathAndQuery text: String) -> HTTPURL? {
        guard text.hasPrefix("/"), let reference = URLReference("http://h" + text) else { return nil }
        guard !HTTPURL.hasDotSegments(reference.path) else { return nil }
        let prefix = path.hasSuffix("/") ? path.dropLast() : path[...]
        return replacing(path: prefix + reference.path, query: reference.query)
    }

    func replacing(path: String, query: String?) -> HTTPURL {
        HTTPURL(scheme: scheme, host: host, port: port, path: path, query: query)
    }

    /// The whole URL; a default port is left out.
    var text: String { origin + path + (query.map { "?" + $0 } ?? "") }

    /// Scheme, host and port, a default port left out.
    var origin: String { "\(scheme.rawValue)://\(host)" + (port == scheme.defaultPort ? "" : ":\(port)") }

    /// Whether both have the same scheme, host and port.
    func hasSameOrigin(as other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// Whether credentials for `base` may be sent here: the same origin, or the same host upgraded from plain HTTP to
    /// TLS.
    func mayCarryCredentials(of base: HTTPURL) -> Bool {
        hasSameOrigin(as: base)
            || host == base.host && base.scheme == .http && scheme == .https && base.port == 80 && port == 443
    }

    /// Whether this URL has the origin of `base` and its path lies at or below that of `base`.
    func isBelow(_ base: HTTPURL) -> Bool {
        guard hasSameOrigin(as: base) else { return false }
        let folder = base.path.hasSuffix("/") ? base.path : base.path + "/"
        return path == base.path || path.hasPrefix(folder)
    }
}

extension HTTPURL {
    private static func split(authority: Substring, defaultPort: Int) -> (host: String, port: Int)? {
        guard !authority.contains("@") else { return nil }
        var (host, rest) = (authority, authority[authority.endIndex...])
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            let end = authority.index(after: close)
            (host, rest) = (authority[..<end], authority[end...])
            guard host.count > 2, host.dropFirst().dropLast().utf8.allSatisfy({ isAddressByte($0) }) else { return nil }
        } else {
            if let colon = authority.firstIndex(of: ":") { (host, rest) = (authority[..<colon], authority[colon...]) }
            guard !host.isEmpty, host.utf8.allSatisfy({ isHostByte($0) }) else { return nil }
        }
        if rest.isEmpty || rest == ":" { return (host.lowercased(), defaultPort) }
        guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()), (1...65_535).contains(port) else { return nil }
        return (host.lowercased(), port)
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") || HexDigit.value(of: byte) != nil
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        URLBytes.isUnreserved(byte)
    }

    static func hasDotSegments(_ path: String) -> Bool {
        path.split(separator: "/").contains { dots(in: $0) != nil }
    }

    /// RFC 3986 section 5.2.4; `%2e` counts as a dot, as servers read it.
    static func removingDotSegments(_ path: String) -> String {
        guard hasDotSegments(path) else { return path.hasPrefix("/") ? path : "/" + path }
        var kept: [Substring] = []
        var endsInFolder = false
        for segment in path.dropFirst(path.hasPrefix("/") ? 1 : 0).split(
            separator: "/", omittingEmptySubsequences: false)
        {
            endsInFolder = true
            switch dots(in: segment) {
            case 1: break
            case 2: _ = kept.popLast()
            default:
                kept.append(segment)
                endsInFolder = false
            }
        }
        return "/" + kept.joined(separator: "/") + (endsInFolder && !kept.isEmpty ? "/" : "")
    }

    private static func dots(in segment: Substring) -> Int? {
        guard segment.utf8.count <= 6 else { return nil }
        switch segment.lowercased().split(separator: "%2e", omittingEmptySubsequences: false).joined(separator: ".") {
        case ".": return 1
        case "..": return 2
        default: return nil
        }
    }
}
