import FreshetCore

/// How a credential is put on a request, decided without any I/O.
struct CredentialForm: Sendable {
    let method: AuthConfig.Method

    /// The query parameter that holds the key, if one does.
    var queryParameter: String? {
        if case .query(let name) = method { name } else { nil }
    }

    /// The header that holds the key, if one does.
    var headerName: String? {
        switch method {
        case .none, .query: nil
        case .header(let name): name
        case .bearer, .basic, .oauth2: "Authorization"
        }
    }

    /// Puts the key where it belongs, replacing whatever stands there.
    ///
    /// Called last, so that nothing else can displace it.
    ///
    /// - Parameters:
    ///   - key: The key itself; for OAuth 2.0 the access token.
    ///   - request: The request to complete.
    func apply(_ key: Secret, to request: inout TransportRequest) {
        switch method {
        case .none: break
        case .bearer, .oauth2: request.headers.set("Authorization", "Bearer " + key.reveal())
        case .basic: request.headers.set("Authorization", "Basic " + Base64.encode(Array(key.reveal().utf8)))
        case .header(let name): request.headers.set(name, key.reveal())
        case .query(let name): request.url = request.url.settingQuery(name, key.reveal())
        }
    }

    /// Takes away whatever stands where the key belongs, so that nobody else's credential is sent.
    func strip(_ request: inout TransportRequest) {
        if let headerName { request.headers.remove(headerName) }
        if let queryParameter { request.url = request.url.removingQuery(queryParameter) }
    }
}

/// RFC 4648 section 4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            word <<= UInt32(3 - group.count) * 8
            for place in 0..<4 {
                let digit = alphabet[Int(word >> UInt32(18 - place * 6)) & 63]
                result.append(place <= group.count ? digit : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
