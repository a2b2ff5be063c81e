import Crypto
import FoundationEssentials
public import FreshetCore

/// Signs messages as Standard Webhooks 1.0 asks: HMAC-SHA256 over `id.timestamp.body`, in base64, with `v1,` in front.
public struct WebhookSignature: Sendable {
    /// The bytes that a key may have.
    public static let keyLengths = 24...64

    private let keys: [[UInt8]]

    /// Reads the keys.
    ///
    /// - Parameter secrets: `whsec_` and base64 of 24 to 64 bytes each; the prefix may be left out; `nil` comes of none, or
    ///   of one in another form.
    public init?(secrets: [Secret]) {
        var keys: [[UInt8]] = []
        for secret in secrets {
            guard let key = WebhookSignature.key(secret) else { return nil }
            keys.append(key)
        }
        guard !keys.isEmpty else { return nil }
        self.keys = keys
    }

    /// The value of `webhook-signature`: one signature for each key, with blanks between.
    public func sign(id: String, timestamp: Int64, body: [UInt8]) -> String {
        var message = Array("\(id).\(timestamp).".utf8)
        message += body
        return keys.map { key in
            let code = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key))
            return "v1," + Data(code).base64EncodedString()
        }.joined(separator: " ")
    }

    private static func key(_ secret: Secret) -> [UInt8]? {
        let text = secret.reveal()
        let encoded = text.hasPrefix("whsec_") ? String(text.dropFirst(6)) : text
        guard let data = Data(base64Encoded: encoded), keyLengths.contains(data.count) else { return nil }
        return Array(data)
    }
}
