import FreshetCore
import JWTKit

/// Tokens for tests.
enum Tokens {
    struct Payload: JWTPayload {
        var sub: String?
        var exp: Double?
        var nbf: Double?
        var iss: String?
        var aud: [String]?

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    /// A good payload; change what the test is about.
    static func payload(_ subject: String? = "user-1", now: Timestamp = Fixture.start) -> Payload {
        Payload(
            sub: subject, exp: Double(now.seconds + 3_600), nbf: nil, iss: "https://id.test", aud: ["x", "clan-board"])
    }

    /// A token of the shared secret.
    static func signed(
        _ payload: Payload = payload(), secret: String = Fixture.secret, digest: DigestAlgorithm = .sha256
    ) async throws -> String {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: digest)
        return try await keys.sign(payload)
    }
}
