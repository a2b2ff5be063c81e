import FreshetCore

extension AppRequest {
    /// The token that a request brings: the cookie's, or else the bearer's.
    func token(cookie name: String) -> String? {
        if let cookies = header("cookie") {
            for pair in cookies.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, String(parts[0]).trimmed == name else { continue }
                let value = String(parts[1]).trimmed
                if !value.isEmpty { return value }
            }
        }
        guard let field = header("authorization") else { return nil }
        let parts = field.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}

extension String {
    /// Without spaces around it.
    var trimmed: String {
        var text = self[...]
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
