/// Absolute `http` and `https` addresses as texts.
struct URLText: Sendable, Equatable {
    let scheme: String
    /// Without brackets and port.
    let host: String
    let port: Int?
    /// Path, query and fragment as written.
    let rest: String

    /// Reads `scheme://host[:port][/path]`; `nil` when the text is anything else, a user in it included.
    init?(_ text: String) {
        let parts = text[...].range(ofText: "://")
        guard let parts, text.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else { return nil }
        scheme = text[..<parts.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let tail = text[parts.upperBound...]
        let authority = tail.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        rest = String(tail.dropFirst(authority.count))
        guard let (host, port) = URLText.split(authority: authority) else { return nil }
        (self.host, self.port) = (host, port)
    }

    /// Whether only this machine can be meant.
    var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "::1" || host.hasPrefix("127.")
    }

    /// `host`, `host:port`, `[v6]` or `[v6]:port`.
    static func split(authority: Substring) -> (host: String, port: Int?)? {
        var (host, portText) = (authority, Substring())
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let tail = authority[authority.index(after: close)...]
            guard tail.isEmpty || tail.first == ":" else { return nil }
            if tail.first == ":" { portText = tail }
            guard host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else if let colon = authority.firstIndex(of: ":") {
            (host, portText) = (authority[..<colon], authority[colon...])
        }
        let isName = host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._:".contains($0)) }
        guard !host.isEmpty, isName else { return nil }
        if portText.isEmpty { return (host.lowercased(), nil) }
        guard let port = Int(portText.dropFirst()), (0...65_535).contains(port) else { return nil }
        return (host.lowercased(), port)
    }
}

extension Kind where Value == String {
    /// An absolute address without user or fragment; a base address has no query either and loses its last slash.
    static func url(isBase: Bool) -> Kind {
        let example = isBase ? "https://api.example.com/v1" : "https://example.com/oauth/token"
        return Kind(type: .text("URL", pattern: "^https?://")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "an address such as \(example)")
                return nil
            }
            if scalar.text.contains("@") {
                reading.problem(
                    node, "has a user or password in the address: write auth: { basic: [\"user:password\"] } instead")
                return nil
            }
            guard let url = URLText(scalar.text), url.port != 0 else {
                reading.problem(
                    node,
                    "\(node.found) is not an address of an API: write http:// or https:// and a host, such as \(example)"
                )
                return nil
            }
            if url.rest.contains("#") || isBase && url.rest.contains("?") {
                reading.problem(node, "the address has a query or fragment: give the query in the get: of each dataset")
                return nil
            }
            reading.warnOfSecret(inAddress: node)
            var text = scalar.text
            while isBase, text.last == "/" { text.removeLast() }
            return text
        } show: {
            .text($0)
        }
    }
}
