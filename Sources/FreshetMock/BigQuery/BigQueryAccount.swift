import CryptoExtras
import FoundationEssentials

/// A service account of the BigQuery mock: makes its key file, checks what is signed with it, and gives tokens out.
public struct BigQueryAccount: Sendable {
    /// Who signs.
    public let email: String
    private let key: _RSA.Signing.PrivateKey

    /// Makes an account with a new key of 2,048 bits.
    ///
    /// - Throws: When there is no randomness to be had.
    public init(email: String = "freshet@mock.iam.gserviceaccount.com") throws {
        self.email = email
        key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    }

    /// The key file as Google's console hands it out, with a token address on this server.
    ///
    /// - Parameters:
    ///   - project: The project named in it.
    ///   - origin: `http://host:port` of the server.
    /// - Returns: The file's text, a secret of this mock.
    public func credentials(project: String, origin: String) -> String {
        let json: MockJSON = [
            "type": "service_account", "project_id": .string(project), "private_key_id": "mock-key-1",
            "private_key": .string(key.pkcs8PEMRepresentation), "client_email": .string(email), "client_id": "1",
            "auth_uri": .string("\(origin)/auth"), "token_uri": .string("\(origin)/token"),
        ]
        return json.text
    }

    /// Why an assertion is not accepted.
    struct Refusal: Error {
        var description: String
    }

    /// Checks an assertion (RFC 7523): signature, issuer, audience, scope, times.
    func check(_ assertion: String, audience: String, now: Duration) throws(Refusal) {
        let parts = assertion.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.json(parts[0]), let claims = Self.json(parts[1]),
            let signature = Self.decode(parts[2])
        else { throw Refusal(description: "Invalid JWT.") }
        guard header["alg"] == "RS256" else { throw Refusal(description: "Invalid JWT: wrong algorithm.") }
        let signed = Data("\(parts[0]).\(parts[1])".utf8)
        guard
            key.publicKey.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: signed, padding: .insecurePKCS1v1_5)
        else { throw Refusal(description: "Invalid JWT Signature.") }
        guard claims["iss"]?.stringValue == email else { throw Refusal(description: "Invalid issuer.") }
        // Google's own libraries name Google's address, wherever the key file sends them.
        let audiences = [audience, "https://oauth2.googleapis.com/token"]
        guard let meant = claims["aud"]?.stringValue, audiences.contains(meant) else {
            throw Refusal(description: "Invalid audience.")
        }
        let scopes = (claims["scope"]?.stringValue ?? "").split(separator: " ")
        let known = ["https://www.googleapis.com/auth/bigquery", "https://www.googleapis.com/auth/cloud-platform"]
        guard scopes.contains(where: { known.contains(String($0)) }) else {
            throw Refusal(description: "Invalid scope.")
        }
        let seconds = Int(now.components.seconds)
        guard let issued = claims["iat"]?.intValue, let ends = claims["exp"]?.intValue, issued <= seconds + 300,
            ends > seconds, ends - issued <= 3_600
        else { throw Refusal(description: "Invalid JWT: Token must be a short-lived token (60 minutes).") }
    }

    private static func json(_ part: Substring) -> MockJSON? { decode(part).flatMap { try? MockJSON(parsing: $0) } }

    /// Base64 with the alphabet for addresses, without padding.
    private static func decode(_ text: Substring) -> Data? {
        let plain = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        return Data(base64Encoded: String(plain) + String(repeating: "=", count: (4 - plain.count % 4) % 4))
    }
}
