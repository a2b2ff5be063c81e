import FoundationEssentials
import FreshetCore
import FreshetDocument
import JWTKit
import Synchronization

/// Says whose a token is.
final class TokenVerifier: Sendable {
    /// Why a token is refused; for logs and tests, never for clients.
    enum Refusal: Error, Equatable {
        case malformed, algorithm, unknownKey, signature, expired, notYet, issuer, audience, subject, noKeys
    }

    private let identity: ClashIdentity
    /// The secret as a key of each algorithm that a token has named.
    private let shared = Mutex<[String: JWTKeyCollection]>([:])
    /// The public keys made of the bytes of a key set last seen.
    private let published = Mutex<(bytes: [UInt8], keys: PublishedKeys)?>(nil)

    /// Creates a verifier; keys are made at the first token.
    init(_ identity: ClashIdentity) { self.identity = identity }

    /// Checks a token.
    ///
    /// - Parameters:
    ///   - token: In the compact form.
    ///   - keySet: The bytes of the issuer's key set, where it has one.
    ///   - now: The present moment.
    /// - Returns: The subject.
    /// - Throws: ``Refusal``.
    @concurrent
    func subject(of token: String, keySet: [UInt8]?, now: Timestamp) async throws(Refusal) -> String {
        guard token.utf8.count <= 8_192, let header = Self.header(of: token) else { throw .malformed }
        let keys = try await collection(for: header, keySet: keySet)
        let claims: Claims
        do {
            claims = try await keys.verify(token, as: Claims.self)
        } catch is DecodingError {
            throw .malformed
        } catch {
            throw .signature
        }
        try check(claims, now: now)
        guard let subject = claims.sub, !subject.isEmpty, subject.utf8.count <= 255 else { throw .subject }
        return subject
    }

    // MARK: Keys

    private func collection(
        for header: Header, keySet: [UInt8]?
    ) async throws(Refusal) -> JWTKeyCollection {
        // The header chooses among algorithms that are configured, each with keys of its own kind: a public key is never a secret.
        // RFC 7518 section 3.2: a secret is as long as the digest at least; with a shorter one JWTKit ends the process.
        if let secret = identity.signingKey, let (digest, bytes) = Self.digest(of: header.algorithm),
            secret.reveal().utf8.count >= bytes
        {
            if let made = shared.withLock({ $0[header.algorithm] }) { return made }
            let keys = JWTKeyCollection()
            await keys.add(hmac: HMACKey(from: secret.reveal()), digestAlgorithm: digest)
            shared.withLock { $0[header.algorithm] = keys }
            return keys
        }
        guard header.algorithm == "RS256" || header.algorithm == "ES256", identity.keySet != nil else {
            throw .algorithm
        }
        guard let keySet else { throw .noKeys }
        let found: PublishedKeys
        if let kept = published.withLock({ $0 }), kept.bytes == keySet {
            found = kept.keys
        } else {
            guard let made = await PublishedKeys(keySet) else { throw .noKeys }
            published.withLock { $0 = (keySet, made) }
            found = made
        }
        guard let keys = found.collection(algorithm: header.algorithm, kid: header.kid) else { throw .unknownKey }
        return keys
    }

    private static func digest(of algorithm: String) -> (DigestAlgorithm, bytes: Int)? {
        switch algorithm {
        case "HS256": (.sha256, 32)
        case "HS384": (.sha384, 48)
        case "HS512": (.sha512, 64)
        default: nil
        }
    }

    // MARK: Claims

    private func check(_ claims: Claims, now: Timestamp) throws(Refusal) {
        let seconds = Double(now.microseconds) / 1_000_000
        guard let expiry = claims.exp, expiry > seconds else { throw .expired }
        // Clocks of two machines differ a little.
        if let start = claims.nbf, start > seconds + 30 { throw .notYet }
        if let issuer = identity.issuer, claims.iss != issuer { throw .issuer }
        if let audience = identity.audience, !claims.audiences.contains(audience) { throw .audience }
    }

    private struct Header {
        var algorithm: String
        var kid: String?
    }

    private static func header(of token: String) -> Header? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64URL.decode(parts[0]), let root = try? JSONTape(bytes).root,
            let algorithm = root.text("alg")
        else { return nil }
        // An extension that must be understood is not understood here.
        guard root["crit"] == nil else { return nil }
        return Header(algorithm: algorithm, kid: root.text("kid"))
    }
}

/// The claims that count; times are checked against Freshet's own clock.
private struct Claims: JWTPayload {
    var sub: String?
    var exp: Double?
    var nbf: Double?
    var iss: String?
    var aud: Audience?

    var audiences: [String] { aud?.values ?? [] }

    func verify(using algorithm: some JWTAlgorithm) async throws {}

    /// One audience or several.
    struct Audience: Codable, Sendable {
        var values: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                values = [one]
            } else {
                values = try container.decode([String].self)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(values)
        }
    }
}

/// The public keys of an issuer that can be used here: RSA with RS256, P-256 with ES256.
private struct PublishedKeys: Sendable {
    private var keys: [String: [String: JWTKeyCollection]] = [:]

    /// `nil` when the bytes are no key set, or none of its keys can be used.
    init?(_ bytes: [UInt8]) async {
        guard let root = try? JSONTape(bytes).root else { return nil }
        for (index, key) in root.list("keys").enumerated() {
            guard let algorithm = Self.algorithm(of: key),
                let jwk = try? JSONDecoder().decode(JWK.self, from: Data(key.rawBytes))
            else { continue }
            var usable = jwk
            usable.algorithm = JWK.Algorithm(rawValue: algorithm)
            let name = key.text("kid") ?? "_\(index)"
            usable.keyIdentifier = JWKIdentifier(string: name)
            let collection = JWTKeyCollection()
            guard (try? await collection.add(jwk: usable, isDefault: true)) != nil else { continue }
            keys[algorithm, default: [:]][name] = collection
        }
        if keys.isEmpty { return nil }
    }

    /// The key that a token names; the only one of its kind when it names none.
    func collection(algorithm: String, kid: String?) -> JWTKeyCollection? {
        guard let named = keys[algorithm] else { return nil }
        if let kid { return named[kid] }
        return named.count == 1 ? named.first?.value : nil
    }

    private static func algorithm(of key: JSONValue) -> String? {
        if let use = key.text("use"), use != "sig" { return nil }
        let algorithm: String? =
            switch key.text("kty") {
            case "RSA": "RS256"
            case "EC": key.text("crv") == "P-256" ? "ES256" : nil
            default: nil
            }
        return key.text("alg").map { $0 == algorithm } ?? true ? algorithm : nil
    }
}

/// Base64 for URLs (RFC 4648 section 5), without padding.
enum Base64URL {
    /// The bytes; `nil` for any other character.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var (bytes, buffer, bits): ([UInt8], UInt32, Int) = ([], 0, 0)
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character + 4
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            default: return nil
            }
            (buffer, bits) = (buffer << 6 | UInt32(value), bits + 6)
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return bytes
    }
}
