import FreshetCore
import FreshetDocument

/// What the status of an answer means, when no rule of the source says otherwise.
struct StatusPolicy: Sendable {
    /// For messages.
    var source: String
    /// Statuses that announce maintenance.
    var maintenance: Set<Int>

    /// The failure that an answer stands for; `nil` when its status promises a document (any 2xx but 202, 204, 205,
    /// 206) or it is a 304.
    func failure(_ answer: Inspection, now: Timestamp) -> CallFailure? {
        let status = answer.head.status
        let (effect, kind, advice): (FailureClass, String, String)
        switch status {
        case 202: (effect, kind, advice) = (.retry, "not-ready", "It is still making the document.")
        case 204, 205: (effect, kind, advice) = (.retry, "empty", "That status has no document.")
        case 206: (effect, kind, advice) = (.retry, "truncated", "It sent a part although the whole was asked for.")
        case 200...299, 304: return nil
        case 404, 410: (effect, kind, advice) = (.notFound, "upstream-\(status)", "The document does not exist there.")
        case 401, 403:
            (effect, kind, advice) = (.parkKey, "upstream-\(status)", "It refuses this key for this document.")
        case 429: (effect, kind, advice) = (.wait, "upstream-429", "The quota is used up.")
        case _ where maintenance.contains(status):
            (effect, kind, advice) = (.maintenance, "upstream-\(status)", "That is announced maintenance.")
        case 500..., 408, 425: (effect, kind, advice) = (.retry, "upstream-\(status)", "")
        case 300...399: (effect, kind, advice) = (.permanent, "upstream-\(status)", "That redirect cannot be followed.")
        default: (effect, kind, advice) = (.permanent, "upstream-\(status)", "Check the dataset's path and parameters.")
        }
        var failure = CallFailure(
            effect: effect, retryAfter: RetryAfter.read(answer.head.headers, now: now), kind: kind,
            message: FailureText.answered(source, status: status, reason: UpstreamReason.find(in: answer.root), advice),
            status: status)
        failure.isSurmise = status == 403
        return failure
    }

    /// The failure that a matched rule stands for.
    func failure(_ answer: Inspection, rule: ErrorRule, now: Timestamp) -> CallFailure {
        let status = answer.head.status
        return CallFailure(
            effect: rule.effect, retryAfter: rule.duration ?? RetryAfter.read(answer.head.headers, now: now),
            kind: (200...299).contains(status) ? "upstream-error" : "upstream-\(status)",
            message: FailureText.answered(
                source, status: status, reason: UpstreamReason.find(in: answer.root),
                "A rule of the source says that this means \(rule.effect.rawValue)."),
            status: status)
    }
}

/// The sentences of failures.
enum FailureText {
    static func answered(_ source: String, status: Int, reason: String?, _ advice: String) -> String {
        "\(source) answered \(status)" + (reason.map { ": \"\($0)\"." } ?? ".") + (advice.isEmpty ? "" : " " + advice)
    }
}
