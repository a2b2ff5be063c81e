import FoundationEssentials
import FreshetDocument

/// The key of a Google service account, as the file that Google's console hands out has it.
///
/// It never prints its key.
public struct ServiceAccount: Sendable, CustomStringConvertible, CustomReflectable {
    /// Who signs.
    public let email: String
    /// Names the key among the account's keys.
    let keyID: String?
    /// The RSA key in PEM, a secret.
    let privateKey: String
    /// Where an assertion is exchanged for a token.
    let tokenURI: String

    /// Reads the text of a key file.
    ///
    /// - Throws: ``BigQueryError`` naming the member that is missing or wrong, never its value.
    public init(json: [UInt8]) throws(BigQueryError) {
        guard let root = try? JSONTape(json).root, root.kind == .object else {
            throw Self.refused("it is not a JSON object")
        }
        guard root["type"]?.string == "service_account" else {
            throw Self.refused("its \"type\" is not \"service_account\"")
        }
        guard let email = root["client_email"]?.string, !email.isEmpty else {
            throw Self.refused("\"client_email\" is missing")
        }
        guard let key = root["private_key"]?.string, key.contains("PRIVATE KEY-----") else {
            throw Self.refused("\"private_key\" is missing or no PEM")
        }
        let uri = root["token_uri"]?.string ?? "https://oauth2.googleapis.com/token"
        guard uri.hasPrefix("https://") || uri.hasPrefix("http://") else {
            throw Self.refused("\"token_uri\" is no http(s) address")
        }
        (self.email, self.privateKey, self.tokenURI) = (email, key, uri)
        keyID = root["private_key_id"]?.string
    }

    /// Reads a key file.
    ///
    /// - Throws: ``BigQueryError`` when it cannot be read.
    public init(path: String) throws(BigQueryError) {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw Self.refused("\(path) cannot be read; check the path and the permissions")
        }
        try self.init(json: Array(data))
    }

    private static func refused(_ why: String) -> BigQueryError {
        BigQueryError(
            .destination, reason: "credentials",
            message: "the service account's key file is not usable: \(why). Download a JSON key of the account again")
    }

    /// The account without its key.
    public var description: String { "service account \(email), key <redacted>" }

    /// Shows the account without its key.
    public var customMirror: Mirror { Mirror(self, children: ["email": email]) }
}
