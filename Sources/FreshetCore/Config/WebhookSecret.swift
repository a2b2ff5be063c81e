/// Signing secrets of webhooks.
public enum WebhookSecret {
    /// A new secret in the form of Standard Webhooks: `whsec_` and base64 of 32 random bytes.
    public static func make(using random: inout some RandomNumberGenerator) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = "whsec_"
        // 33 bytes would need no padding, but 32 is what receivers expect: 42 digits, one of four bits, and a `=`.
        for _ in 0..<42 { text.append(alphabet[Int.random(in: 0..<64, using: &random)]) }
        text.append(alphabet[Int.random(in: 0..<16, using: &random) << 2])
        return text + "="
    }
}
