public import FreshetCore

/// Who vouches for users, and how.
public struct ClashIdentity: Sendable {
    /// The fewest bytes of a signing key: as many as SHA-256 gives.
    public static let shortestKey = 32

    /// Where public keys come from.
    public enum KeySet: Sendable, Hashable {
        /// The bytes of a JWK set, read when Freshet starts.
        case document([UInt8])
        /// An address that is mirrored like any other document.
        case url(String)
    }

    /// The secret of HS256, HS384 and HS512; `nil` accepts no such token.
    public var signingKey: Secret?
    /// The public keys of RS256 and ES256; `nil` accepts no such token.
    public var keySet: KeySet?
    /// The `iss` that a token must have; `nil` does not look at it.
    public var issuer: String?
    /// The `aud` that a token must have among its own; `nil` does not look at it.
    public var audience: String?
    /// The cookie that may hold the token instead of an `Authorization` header.
    public var cookie = "sid"
    /// Whether a subject that was never seen is a user all the same; otherwise an operator adds users.
    public var acceptsNewUsers = true

    /// Creates an identity that accepts no token yet.
    public init() {}

    /// Why a secret cannot sign; `nil` when it can.
    public static func fault(of secret: Secret) -> String? {
        let text = secret.reveal()
        if text.lowercased() == "change-me" || text.lowercased() == "changeme" {
            return "is the example that everybody knows"
        }
        if Set(text.utf8).count < 8 { return "repeats a few characters only" }
        guard text.utf8.count >= shortestKey else {
            return "has \(text.utf8.count) bytes, and a signing key has \(shortestKey) at least"
        }
        return nil
    }
}
