import FreshetCore

/// Which headers cross when a request is passed on live, in both directions.
enum PassHeaders {
    /// RFC 9110 section 7.6.1: these concern one connection only.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "http2-settings",
    ]
    /// Whose client it is, and how its body is framed, is ours to say.
    private static let neverUp: Set<String> = [
        "host", "authorization", "cookie", "content-length", "accept-encoding", "expect", "forwarded",
        "x-forwarded-for",
        "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip", "via", "user-agent",
    ]
    /// Cookies and challenges belong to our session with upstream, not to the client's with us; the others bind the
    /// browser to upstream's
    /// host or describe a framing and coding that end here.
    private static let neverDown: Set<String> = [
        "set-cookie", "set-cookie2", "content-length", "content-encoding", "www-authenticate", "alt-svc",
        "strict-transport-security", "public-key-pins", "nel", "report-to",
    ]

    /// The client's headers that go upstream.
    ///
    /// - Parameters:
    ///   - fields: As received.
    ///   - credential: The header that holds the source's key; what the client has there is dropped.
    /// - Returns: What crosses.
    static func up(_ fields: HeaderFields, credential: String?) -> HeaderFields {
        var kept = filter(fields, dropping: neverUp)
        if let credential { kept.remove(credential) }
        // A part of a compressed body could not be decompressed.
        if kept["range"] != nil { kept.set("Accept-Encoding", "identity") }
        return kept
    }

    /// The headers of upstream's answer that go to the client.
    static func down(_ fields: HeaderFields) -> HeaderFields { filter(fields, dropping: neverDown) }

    private static func filter(_ fields: HeaderFields, dropping dropped: Set<String>) -> HeaderFields {
        let named = Set(fields.tokens("connection"))
        return HeaderFields(
            fields.fields.filter {
                let name = $0.name.lowercased()
                return !hopByHop.contains(name) && !dropped.contains(name) && !named.contains(name)
            })
    }
}
