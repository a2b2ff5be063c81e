/// Gathers one body within a plan: undoes its coding, counts what comes out, and stops at the limit.
struct BodyCollector {
    private(set) var bytes: [UInt8] = []
    /// Whether bytes beyond the plan's beginning were dropped; nothing more is wanted then.
    private(set) var isCut = false
    private let head: TransportHead
    private let plan: BodyPlan
    private let limit: Int
    private let inflater: Inflater?

    /// Looks at the head.
    ///
    /// - Parameters:
    ///   - method: Of the request: the answer to `HEAD` declares a length and has no body.
    ///   - head: The head of the answer.
    ///   - plan: How much is wanted.
    /// - Throws: `too-large` when the declared length exceeds the limit, `bad-encoding` for a coding that was not
    /// offered.
    init(method: String, head: TransportHead, plan: BodyPlan) throws(TransportFailure) {
        (self.head, self.plan) = (head, plan)
        switch plan {
        case .all(let limit), .first(let limit): self.limit = limit
        }
        let hasBody = method != "HEAD" && head.status != 304 && head.status != 204
        let declared = hasBody ? head.headers["content-length"].flatMap { Int($0) } : nil
        if case .all(let limit) = plan, let declared, declared > limit {
            throw TransportFailure(
                .tooLarge, "the answer declares \(declared) bytes and at most \(limit) are allowed", head: head)
        }
        inflater = hasBody ? try BodyCollector.inflater(for: head) : nil
        if let declared, inflater == nil { bytes.reserveCapacity(min(declared, limit)) }
    }

    private static func inflater(for head: TransportHead) throws(TransportFailure) -> Inflater? {
        let codings = head.headers.tokens("content-encoding").filter { $0 != "identity" }
        switch codings {
        case []: return nil
        case ["gzip"], ["x-gzip"]: return Inflater(allowsRaw: false)
        case ["deflate"]: return Inflater(allowsRaw: true)
        default:
            throw TransportFailure(
                .badEncoding,
                "the answer has the content coding \(SafeText.short(codings.joined(separator: ", "))), "
                    + "and only gzip and deflate were offered", head: head)
        }
    }

    /// Takes the next piece.
    ///
    /// - Throws: `too-large` beyond the limit of a plan that wants all; `bad-encoding` when the coding is broken.
    mutating func append(_ piece: UnsafeRawBufferPointer) throws(TransportFailure) {
        guard !isCut else { return }
        guard let inflater else { return try keep(piece.bindMemory(to: UInt8.self)) }
        do {
            try inflater.inflate(piece) { try keep($0) }
        } catch let failure as TransportFailure {
            throw failure
        } catch {
            throw TransportFailure(.badEncoding, "the body is not what its content coding says", head: head)
        }
    }

    /// Says that the body is over.
    ///
    /// - Throws: `truncated` when the compressed stream is not complete.
    func finish() throws(TransportFailure) {
        if let inflater, !inflater.mayEnd, !isCut {
            throw TransportFailure(
                .truncated, "the compressed body ends after \(bytes.count) bytes of content, before it is complete",
                head: head)
        }
    }

    private mutating func keep(_ piece: UnsafeBufferPointer<UInt8>) throws(TransportFailure) {
        let room = limit - bytes.count
        if piece.count <= room {
            bytes.append(contentsOf: piece)
        } else if case .first = plan {
            bytes.append(contentsOf: piece.prefix(room))
            isCut = true
        } else {
            throw TransportFailure(.tooLarge, "the body goes on after \(limit) bytes, the most allowed", head: head)
        }
    }
}
