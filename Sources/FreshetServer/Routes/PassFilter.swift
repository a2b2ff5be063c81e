import FreshetCore
import HTTPTypes

/// What of a passed request and its answer goes further: nothing hop-by-hop, no credentials of the client.
enum PassFilter {
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "content-length", "host", "expect",
    ]
    private static let clientOnly: Set<String> = [
        "authorization", "cookie", "x-api-key", "forwarded", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-proto", "x-real-ip", "accept-encoding", "prefer", "origin", "referer",
    ]

    /// The request's headers that go upstream.
    static func request(_ fields: HTTPFields, auth: AuthConfig.Method) -> [(name: String, value: String)] {
        var dropped = hopByHop.union(clientOnly)
        if case .header(let name) = auth { dropped.insert(name.lowercased()) }
        for name in (fields[.connection] ?? "").split(separator: ",") { dropped.insert(name.trimmed().lowercased()) }
        return fields.filter { !dropped.contains($0.name.canonicalName) && !$0.name.canonicalName.hasPrefix("sec-") }
            .map { ($0.name.rawName, $0.value) }
    }

    /// The query that goes upstream, with its `?`: without the parameter that carries a key.
    static func query(_ query: Substring?, auth: AuthConfig.Method) -> String {
        guard let query, !query.isEmpty else { return "" }
        guard case .query(let secret) = auth else { return "?" + query }
        let kept = query.split(separator: "&").filter { field in
            let name = field.prefix { $0 != "=" }
            return PercentEncoding.decode(name)?.lowercased() != secret.lowercased()
        }
        return kept.isEmpty ? "" : "?" + kept.joined(separator: "&")
    }

    /// The answer's headers that go to the client.
    static func response(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        let dropped = hopByHop.union(["set-cookie", "alt-svc", "strict-transport-security"])
        return headers.filter { !dropped.contains($0.name.lowercased()) }
    }
}
