/// The parts of a webhook's URL that matter here.
public struct WebhookURL: Sendable, Hashable {
    /// The name or address, without brackets.
    public let host: String
    /// The port.
    public let port: Int
    /// Whether it is `https:`.
    public let isSecure: Bool

    /// Reads a URL.
    ///
    /// - Parameter text: `https://host[:port][/path][?query]`, or the same with `http:`; no user, no fragment; `nil` comes of anything
    ///   else.
    public init?(_ text: String) {
        let rest: Substring
        if text.lowercased().hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else if text.lowercased().hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else {
            return nil
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }), !text.contains("#") else {
            return nil
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { return nil }
        var name = authority
        var tail: Substring = ""
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            name = authority[authority.index(after: authority.startIndex)..<end]
            tail = authority[authority.index(after: end)...]
        } else if let colon = authority.lastIndex(of: ":") {
            (name, tail) = (authority[..<colon], authority[colon...])
        }
        guard !name.isEmpty, tail.isEmpty || tail.hasPrefix(":") else { return nil }
        host = String(name)
        if tail.isEmpty {
            port = isSecure ? 443 : 80
        } else {
            guard let number = Int(tail.dropFirst()), (1...65_535).contains(number) else { return nil }
            port = number
        }
    }

    /// The URL without path and query, which may be secret.
    public var shown: String {
        let name = host.contains(":") ? "[\(host)]" : host
        let isUsual = port == (isSecure ? 443 : 80)
        return "\(isSecure ? "https" : "http")://\(name)\(isUsual ? "" : ":\(port)")/…"
    }
}
