/// Why rows did not reach BigQuery; the rows stay queued.
public struct BigQueryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// How much stands still because of it.
    public enum Scope: String, Sendable, Hashable {
        /// The whole destination: BigQuery cannot be reached, refuses the credentials or asks for patience.
        case destination
        /// One table: its job failed or its schema does not fit; the others go on.
        case table
    }

    /// How much stands still.
    public var scope: Scope
    /// BigQuery's word for it, such as `invalid`, `quotaExceeded` or `notFound`; `unreachable` when it did not answer.
    public var reason: String
    /// What happened and what a person can do; no secrets and no row data.
    public var message: String
    /// How long BigQuery asked to be left alone.
    public var retryAfter: Duration?

    /// Creates an error.
    public init(_ scope: Scope, reason: String, message: String, retryAfter: Duration? = nil) {
        self.scope = scope
        self.reason = reason
        self.message = message
        self.retryAfter = retryAfter
    }

    /// The message with BigQuery's word in front.
    public var description: String { "\(reason): \(message)" }

    /// The error of a call that got no answer.
    static func unreachable(_ what: String) -> BigQueryError {
        BigQueryError(
            .destination, reason: "unreachable", message: "BigQuery gave no answer (\(what)); the rows stay queued")
    }

    /// The error of an answer that is not what the API documents.
    static func strange(_ what: String) -> BigQueryError {
        BigQueryError(
            .destination, reason: "strangeAnswer",
            message: "BigQuery's answer cannot be read (\(what)); the rows stay queued. Check `endpoint`")
    }
}

/// Takes what may be row data out of BigQuery's own words.
enum ErrorText {
    /// Leaves out what stands between the first and the last apostrophe, and cuts long texts.
    ///
    /// BigQuery quotes values of rows in apostrophes, and the values may have apostrophes themselves.
    static func clean(_ text: String) -> String {
        var text = text
        if let first = text.firstIndex(of: "'"), let last = text.lastIndex(of: "'"), first < last {
            text.replaceSubrange(first...last, with: "'…'")
        }
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 400 ? "\(line.prefix(400))…" : line
    }
}
