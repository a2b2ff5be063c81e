import FreshetCore

extension HTTPURL {
    /// The URL with one value for a query parameter: values it had before are dropped, the new one stands last.
    func settingQuery(_ name: String, _ value: String) -> HTTPURL {
        let field = PercentEncoding.encode(name) + "=" + PercentEncoding.encode(value)
        let others = removingQuery(name).query
        return replacing(path: path, query: others.map { $0.isEmpty ? field : $0 + "&" + field } ?? field)
    }

    /// The URL without a query parameter, however its name is encoded.
    func removingQuery(_ name: String) -> HTTPURL {
        guard let query else { return self }
        let kept = query.split(separator: "&", omittingEmptySubsequences: false).filter {
            !HTTPURL.isField($0, named: name)
        }
        return replacing(path: path, query: kept.isEmpty ? nil : kept.joined(separator: "&"))
    }

    static func isField(_ field: Substring, named name: String) -> Bool {
        let text = field.prefix { $0 != "=" }
        return text == name || PercentEncoding.decode(text) == name
    }
}

/// Makes URLs fit to be shown.
enum URLRedactor {
    /// Parameter names that hold a secret at so many APIs that they are never shown, whatever the configuration says.
    private static let wellKnown: Set<String> = [
        "key", "apikey", "api_key", "api-key", "token", "access_token", "auth", "secret", "client_secret", "password",
        "sig",
        "signature",
    ]

    /// The URL with the values of credential parameters as `<redacted>`.
    ///
    /// - Parameters:
    ///   - url: Any URL.
    ///   - parameter: The name that the source's `auth: query` uses, if it does.
    /// - Returns: Text for a person, not for a client.
    static func show(_ url: HTTPURL, parameter: String? = nil) -> String {
        guard let query = url.query else { return url.text }
        let shown = query.split(separator: "&", omittingEmptySubsequences: false).map { field -> String in
            let name = field.prefix { $0 != "=" }
            let plain = (PercentEncoding.decode(name) ?? String(name)).lowercased()
            let isSecret = plain == parameter?.lowercased() || wellKnown.contains(plain)
            return isSecret ? "\(name)=<redacted>" : String(field)
        }
        return url.origin + url.path + "?" + shown.joined(separator: "&")
    }
}
