import FreshetCore

/// Reads `Retry-After` (RFC 9110 section 10.2.3).
enum RetryAfter {
    /// The longest wait that is believed: a month's quota.
    static let limit = Duration.seconds(31 * 86_400)

    /// Seconds (a fraction is accepted) or an HTTP date; `nil` when absent or unreadable.
    ///
    /// Never negative.
    static func read(_ headers: HeaderFields, now: Timestamp) -> Duration? {
        guard let field = headers["retry-after"] else { return nil }
        let text = String(HeaderFields.trim(field))
        if text.utf8.allSatisfy({ URLBytes.isDigit($0) || $0 == UInt8(ascii: ".") }), let seconds = Double(text) {
            return .seconds(min(seconds, limit.inSeconds))
        }
        guard let date = Timestamp(httpDate: text) else { return nil }
        return min(max(date - now, .zero), limit)
    }
}
