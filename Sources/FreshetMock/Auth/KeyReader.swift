import NIOHTTP1

/// Finds the credential of a request, wherever it is.
struct KeyReader: Sendable {
    /// Headers, lower-case, whose whole value is a key.
    static let headers = ["x-api-key", "api-key", "apikey", "x-apikey", "x-auth-token", "x-access-token", "x-app-key"]
    /// Query parameters, lower-case, whose value is a key.
    static let parameters: Set<String> = [
        "key", "apikey", "api_key", "api-key", "token", "access_token", "appid", "app_key", "auth",
    ]

    /// The credential: bearer token, basic user, key header or key parameter, in this order.
    static func key(headers: HTTPHeaders, target: String) -> String? {
        if let authorization = headers.first(name: "authorization") {
            let parts = authorization.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { return authorization.isEmpty ? nil : authorization }
            if parts[0].lowercased() == "basic", let pair = Base64.decode(parts[1]) {
                return pair.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init)
            }
            return String(parts[1])
        }
        for name in self.headers {
            if let value = headers.first(name: name), !value.isEmpty { return value }
        }
        guard let query = Target.split(target).query else { return nil }
        return Target.query(query).first { parameters.contains($0.name.lowercased()) && !$0.value.isEmpty }?.value
    }

    /// The target with the values of key parameters replaced.
    static func redact(_ target: String) -> String {
        let (path, query) = Target.split(target)
        guard let query else { return target }
        let pairs = query.split(separator: "&", omittingEmptySubsequences: false).map { pair -> String in
            let name = pair.prefix { $0 != "=" }
            return parameters.contains(Target.decode(name, plusIsSpace: true).lowercased())
                ? "\(name)=<redacted>" : String(pair)
        }
        return "\(path)?\(pairs.joined(separator: "&"))"
    }
}

/// Base64 of short texts.
enum Base64 {
    static func decode(_ text: some StringProtocol) -> String? {
        var (out, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return String(validating: out, as: UTF8.self)
    }

    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var (out, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                out.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { out.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
        return String(decoding: out, as: UTF8.self)
    }
}
