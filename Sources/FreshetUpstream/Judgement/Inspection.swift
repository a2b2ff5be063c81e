import FreshetCore
import FreshetDocument

/// An answer with its body parsed, as far as that was wanted and possible.
struct Inspection: Sendable {
    /// What parsing brought.
    enum Parse: Sendable {
        case json(JSONTape)
        case bad(JSONError)
        /// Nobody asked.
        case skipped
    }

    var head: TransportHead
    var body: [UInt8]
    var isCut: Bool
    var parse: Parse

    /// The document, if the body is one.
    var root: JSONValue? {
        if case .json(let tape) = parse { tape.root } else { nil }
    }

    /// Parses an answer's body, off the caller's actor.
    ///
    /// A byte order mark is taken off: RFC 8259 lets a reader ignore it, and many servers send it.
    @concurrent
    static func make(
        _ answer: TransportAnswer, scrubber: SecretScrubber, parses: Bool, maxDepth: Int
    ) async -> Inspection {
        var body = scrubber.scrub(answer.body)
        if body.starts(with: [0xEF, 0xBB, 0xBF]) { body.removeFirst(3) }
        var inspection = Inspection(head: answer.head, body: body, isCut: answer.isCut, parse: .skipped)
        guard parses, !answer.isCut else { return inspection }
        do throws(JSONError) {
            inspection.parse = .json(try JSONTape(body, limits: JSONLimits(maxDepth: maxDepth)))
        } catch {
            inspection.parse = .bad(error)
        }
        return inspection
    }
}
