import FreshetCore
import FreshetMock
import JWTKit
import Testing

@testable import ClashApp

@Suite struct `Tokens of the issuer` {
    private let now = Fixture.start

    private func subject(
        _ token: String, _ change: (inout ClashIdentity) -> Void = { _ in }, keySet: [UInt8]? = nil
    ) async throws(TokenVerifier.Refusal) -> String {
        var identity = Fixture.withUsers.identity ?? ClashIdentity()
        change(&identity)
        return try await TokenVerifier(identity).subject(of: token, keySet: keySet, now: now)
    }

    private func refusal(
        _ token: String, _ change: (inout ClashIdentity) -> Void = { _ in }, keySet: [UInt8]? = nil
    ) async -> TokenVerifier.Refusal? {
        do throws(TokenVerifier.Refusal) {
            _ = try await subject(token, change, keySet: keySet)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [DigestAlgorithm.sha256, .sha384, .sha512])
    func `the secret signs with three digests`(digest: DigestAlgorithm) async throws {
        #expect(try await subject(Tokens.signed(digest: digest)) == "user-1")
    }

    @Test func `every claim is looked at`() async throws {
        func with(_ change: (inout Tokens.Payload) -> Void) async throws -> TokenVerifier.Refusal? {
            var payload = Tokens.payload()
            change(&payload)
            return await refusal(try await Tokens.signed(payload))
        }
        #expect(try await with { _ in } == nil)
        #expect(try await with { $0.exp = nil } == .expired)
        #expect(try await with { $0.exp = Double(now.seconds) } == .expired)
        #expect(try await with { $0.exp = Double(now.seconds) + 1 } == nil)
        #expect(try await with { $0.nbf = Double(now.seconds) + 31 } == .notYet)
        #expect(try await with { $0.iss = "https://other.test" } == .issuer)
        #expect(try await with { $0.iss = nil } == .issuer)
        #expect(try await with { $0.aud = ["other"] } == .audience)
        #expect(try await with { $0.aud = nil } == .audience)
        #expect(try await with { $0.sub = nil } == .subject)
        #expect(try await with { $0.sub = "" } == .subject)
        #expect(try await with { $0.sub = String(repeating: "x", count: 256) } == .subject)
    }

    @Test func `what is not signed with the secret is refused`() async throws {
        let good = try await Tokens.signed()
        #expect(
            await refusal(try await Tokens.signed(secret: "another secret of more than thirty-two bytes")) == .signature
        )
        let parts = good.split(separator: ".").map(String.init)
        #expect(await refusal("\(parts[0]).\(parts[1]).") == .signature)
        // {"alg":"none"}
        #expect(await refusal("eyJhbGciOiJub25lIn0.\(parts[1]).") == .algorithm)
        for text in ["", "a.b", "a.b.c", "....", parts[0], String(repeating: "x", count: 9_000)] {
            #expect(await refusal(text) == .malformed, "\(text.prefix(9))")
        }
        #expect(await refusal(good, { $0.signingKey = nil }) == .algorithm)
        // A secret that is too short for a digest is never used with it.
        let long = try await Tokens.signed(digest: .sha512)
        #expect(await refusal(long, { $0.signingKey = Secret(String(Fixture.secret.prefix(40))) }) == .algorithm)
    }

    @Test func `public keys of a set are found by their name, each for its own algorithm`() async throws {
        let (signer, set) = try await Self.published()
        func token(_ kid: String) async throws -> String {
            try await signer.sign(Tokens.payload(), kid: JWKIdentifier(string: kid))
        }
        func use(_ identity: inout ClashIdentity) {
            identity.signingKey = nil
            identity.keySet = .document(set)
        }
        #expect(try await subject(token("ec"), use, keySet: set) == "user-1")
        #expect(await refusal(try await token("ec"), use, keySet: nil) == .noKeys)
        #expect(await refusal(try await token("ec"), use, keySet: Array(#"{"keys":[]}"#.utf8)) == .noKeys)
        #expect(await refusal(try await token("ec"), use, keySet: Array("garbage".utf8)) == .noKeys)
        // The secret must not be taken for a public key, nor the other way.
        #expect(await refusal(try await Tokens.signed(), use, keySet: set) == .algorithm)
        let renamed = Array(String(decoding: set, as: UTF8.self).replacing("\"ec\"", with: "\"old\"").utf8)
        #expect(await refusal(try await token("ec"), use, keySet: renamed) == .unknownKey)
        let confused = try await Tokens.signed(secret: String(decoding: set, as: UTF8.self))
        #expect(await refusal(confused, use, keySet: set) == .algorithm)
    }

    /// A signer with a key pair, and its public key as a set.
    static func published() async throws -> (signer: JWTKeyCollection, set: [UInt8]) {
        let key = ES256PrivateKey()
        let signer = JWTKeyCollection()
        await signer.add(ecdsa: key, kid: JWKIdentifier(string: "ec"))
        let point = try #require(key.parameters)
        func url(_ text: String) -> String {
            text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        let set: MockJSON = [
            "keys": [
                ["kty": "oct", "kid": "bad", "k": "AAAA"],
                ["kty": "EC", "crv": "P-256", "kid": "ec", "x": .string(url(point.x)), "y": .string(url(point.y))],
            ]
        ]
        return (signer, Array(set.text.utf8))
    }

    @Test(arguments: ["change-me", "CHANGE-ME", "short", String(repeating: "ab", count: 40)])
    func `a secret that cannot keep one is refused`(text: String) {
        #expect(ClashIdentity.fault(of: Secret(text)) != nil)
        #expect(ClashIdentity.fault(of: Secret(Fixture.secret)) == nil)
    }
}
