import FreshetDocument

/// What BigQuery says about a job.
struct JobRecord: Sendable, Hashable {
    /// `PENDING`, `RUNNING` or `DONE`.
    var state: String
    /// BigQuery's word for why it failed; `nil` while it has not.
    var errorReason: String?
    /// BigQuery's text for it, without row data.
    var errorMessage: String?
    /// The labels it was created with.
    var labels: [String: String]

    var isDone: Bool { state == "DONE" }

    /// The error of a job that is done and failed.
    var failure: BigQueryError? {
        guard isDone, let errorReason else { return nil }
        return BigQueryError(
            .table, reason: errorReason,
            message: "the job failed (\(errorMessage ?? "no text")); the rows stay queued and are tried again")
    }

    init(_ root: JSONValue) throws(BigQueryError) {
        guard let state = root["status"]?["state"]?.string else { throw .strange("a job without a state") }
        self.state = state
        let error = root["status"]?["errorResult"]
        errorReason = error.map { $0["reason"]?.string ?? "unknown" }
        errorMessage = error.map { ErrorText.clean($0["message"]?.string ?? "no text") }
        labels = [:]
        guard let members = root["configuration"]?["labels"]?.members else { return }
        for member in members {
            if let key = member.key.string, let value = member.value.string { labels[key] = value }
        }
    }
}

/// What became of the wish to begin a job.
enum JobInsertion: Sendable, Hashable {
    /// It is under way or done.
    case accepted(JobRecord)
    /// There is a job of this id already; this one was not begun.
    case duplicate
}
