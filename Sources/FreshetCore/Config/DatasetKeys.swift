extension DatasetConfig {
    /// The key for parameter values given by a client, or `nil` when a value cannot be such a parameter.
    ///
    /// The values are decoded, one per parameter, in the order of the template.
    public func key(forValues values: [String]) -> String? {
        let names = template.parameters
        guard values.count == names.count else { return nil }
        if names.isEmpty { return DocumentID.singletonKey }
        var parts: [String] = []
        for (name, value) in zip(names, values) {
            guard let normal = (normalisers[name] ?? .text).normalise(value) else { return nil }
            parts.append(DatasetConfig.escape(normal))
        }
        return parts.joined(separator: "/")
    }

    /// The key for the path after `/v1/{source}/{dataset}/`, segments still percent-encoded.
    public func key(forPath path: Substring) -> String? {
        if template.parameters.isEmpty { return path == DocumentID.singletonKey ? DocumentID.singletonKey : nil }
        var values: [String] = []
        for segment in path.split(separator: "/", omittingEmptySubsequences: false) {
            guard let value = PercentEncoding.decode(segment) else { return nil }
            values.append(value)
        }
        return key(forValues: values)
    }

    /// The key for text typed by a person: parts separated by `/`, nothing percent-encoded but `%23` forms.
    public func key(forText text: String) -> String? {
        key(forPath: text[...]) ?? key(forValues: text.split(separator: "/").map(String.init))
    }

    /// The path and query below the base URL for a key of this dataset.
    public func upstreamPath(forKey key: String) -> String {
        let values = key.split(separator: "/", omittingEmptySubsequences: false)
        let forms = zip(template.parameters, values).map { name, value in
            (normalisers[name] ?? .text).upstreamForm(PercentEncoding.decode(value) ?? String(value))
        }
        return template.expand(forms)
    }

    /// The key for an upstream path below the base URL, when it addresses a document of this dataset.
    public func key(forUpstreamPath path: Substring, query: Substring?) -> String? {
        template.match(path: path, query: query).flatMap(key(forValues:))
    }

    /// The path of a document below `/v1/{source}/{dataset}/`.
    public static func publicPath(forKey key: String) -> String {
        key.split(separator: "/", omittingEmptySubsequences: false)
            .map { PercentEncoding.encode(PercentEncoding.decode($0) ?? String($0)) }.joined(separator: "/")
    }

    private static func escape(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else { return value }
        return String(value.flatMap { $0 == "/" ? Array("%2F") : $0 == "%" ? Array("%25") : [$0] })
    }
}
