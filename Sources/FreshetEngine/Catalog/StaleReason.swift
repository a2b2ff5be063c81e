/// Why a document is stale, as one word: in answers, and in the event that it went stale.
public enum StaleReason {
    /// The word.
    ///
    /// - Parameters:
    ///   - isDoubted: Whether upstream answered 404 for it the last time.
    ///   - failure: The kind of the last attempt's failure, if it failed.
    ///   - source: What is wrong with the whole source, if something is.
    /// - Returns: `gone`, the kind, the source's word, or `expired` when nothing failed.
    public static func word(isDoubted: Bool, failure: String?, source: String?) -> String {
        isDoubted ? "gone" : failure ?? source ?? "expired"
    }
}
