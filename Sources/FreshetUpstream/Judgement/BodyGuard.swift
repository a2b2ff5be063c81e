import FreshetCore
import FreshetDocument

/// Lets only bodies through that are a whole JSON document of an expected kind; each refusal says what was seen.
struct BodyGuard: Sendable {
    /// For messages.
    var source: String

    /// Judges the body of an answer whose status is good.
    ///
    /// The order matters: what a body is (nothing, HTML) says more than what its type claims or where parsing stopped.
    /// - Returns: The document, or what was wrong.
    func document(_ answer: Inspection) -> Verdict<JSONTape> {
        let field = answer.head.headers["content-type"]
        if JSONShape.isWhitespaceOnly(answer.body) {
            return refuse(answer, .retry, "empty", "with an empty body")
        }
        if JSONShape.looksLikeHTML(answer.body) {
            return refuse(answer, .retry, "html", "with an HTML page where JSON was expected")
        }
        switch MediaType(field) {
        case .json, .open: break
        case .html, .other:
            return refuse(
                answer, .retry, "wrong-content-type",
                "with the content type \(SafeText.short(MediaType.essence(field ?? ""))) where JSON was expected")
        }
        switch answer.parse {
        case .json(let tape):
            if tape.root.isNull { return refuse(answer, .retry, "null", "with null instead of a document") }
            return .accept(tape)
        case .bad(let error):
            return refuse(answer, error)
        case .skipped:
            return refuse(answer, .permanent, "too-large", "with a body that was cut off")
        }
    }

    private func refuse(_ answer: Inspection, _ error: JSONError) -> Verdict<JSONTape> {
        switch error {
        case .tooDeep(_, let limit):
            refuse(
                answer, .permanent, "depth",
                "with JSON nested deeper than \(limit) levels. Raise max_depth if that is right")
        case .tooManyNodes, .tooLarge:
            refuse(answer, .permanent, "too-large", "with too large a document: \(SafeText.short(error.description))")
        case _ where error.isTruncated:
            refuse(answer, .retry, "truncated", "with JSON that ends early, at byte \(error.offset)")
        default:
            refuse(answer, .retry, "invalid-json", "with a body that is not JSON: \(BodyGuard.place(error))")
        }
    }

    /// The parser's sentence quotes one character of the body; a message that is stored and logged should not.
    private static func place(_ error: JSONError) -> String { "the fault is at byte \(error.offset)" }

    private func refuse(
        _ answer: Inspection, _ effect: FailureClass, _ kind: String, _ seen: String
    ) -> Verdict<JSONTape> {
        .reject(
            CallFailure(
                effect: effect, kind: kind, message: "\(source) answered \(answer.head.status) \(seen).",
                status: answer.head.status))
    }
}

/// What a judge makes of an answer.
enum Verdict<Value: Sendable>: Sendable {
    /// Good.
    case accept(Value)
    /// Passed on as it is, but the budget hears of a failure.
    case report(Value, CallFailure)
    /// A failure.
    case reject(CallFailure)

    /// What the budget hears.
    var failure: CallFailure? {
        switch self {
        case .accept: nil
        case .report(_, let failure), .reject(let failure): failure
        }
    }
}
