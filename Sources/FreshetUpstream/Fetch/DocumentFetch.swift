import FreshetCore
import FreshetDocument

/// Fetches one document, in one call or page by page.
///
/// **Conditions** are sent only for documents of a single answer. A paginated document has no validators: a first
/// page that is unchanged
/// says nothing of the others, so every refresh reads all pages and the content hash tells whether something changed.
struct DocumentFetch: Sendable {
    let caller: SourceCaller
    let request: FetchRequest
    let compiled: CompiledDataset
    let clock: any FreshetClock

    private var source: SourceConfig { request.source }
    private var dataset: DatasetConfig { request.dataset }
    private var statuses: StatusPolicy {
        StatusPolicy(source: source.name, maintenance: source.maintenance.statuses)
    }
    private var freshness: FreshnessPolicy {
        FreshnessPolicy(maxAge: dataset.maxAge, floor: dataset.maxAgeFloor, ceiling: dataset.maxAgeCeiling)
    }
    /// The most of an error answer that is read, so that rules and the reason can be found in it.
    static let errorLimit = 64 << 10

    /// A good answer.
    struct Page: Sendable {
        var tape: JSONTape
        var head: TransportHead
    }

    private enum Single: Sendable {
        case page(Page)
        case notModified(TransportHead)
    }

    @concurrent
    func run() async -> FetchResult {
        let places = dataset.places?(request.key) ?? []
        guard places.count > 1 else { return await run(at: places.first ?? dataset.upstreamPath(forKey: request.key)) }
        var first: FetchResult?
        for place in places {
            let result = await run(at: place)
            guard DocumentFetch.isElsewhere(result) else { return result }
            // What the place where it should be has said is told when it is nowhere.
            first = first ?? result
        }
        return first ?? .failed(noPlace)
    }

    /// Whether a place has answered without the document, so that the next one is asked.
    private static func isElsewhere(_ result: FetchResult) -> Bool {
        switch result {
        case .notFound: true
        case .failed(let failure): failure.kind == missingKind
        default: false
        }
    }

    private var noPlace: CallFailure {
        CallFailure(
            effect: .permanent, kind: "bad-path", message: "The key has no place upstream, so nothing was asked.")
    }

    private func run(at path: String) async -> FetchResult {
        guard let url = compiled.base.appending(pathAndQuery: path) else {
            return .failed(
                CallFailure(
                    effect: .permanent, kind: "bad-path",
                    message: "The key makes a path that climbs out of base_url, so nothing was asked."))
        }
        if let pagination = dataset.pagination, let items = compiled.items {
            return await PagedFetch(fetch: self, pagination: pagination, items: items).run(url)
        }
        return await single(url)
    }

    private func single(_ url: HTTPURL) async -> FetchResult {
        var call = OutgoingCall(url: url, plan: plan(limit: min(source.maxBody, dataset.maxBody)))
        // The validators of a document belong to the place that it was found at.
        if dataset.places == nil {
            if let etag = request.validators.etag { call.sharedHeaders.set("If-None-Match", etag) }
            if let date = request.validators.lastModified { call.sharedHeaders.set("If-Modified-Since", date) }
        }
        let isConditional = !call.sharedHeaders.fields.isEmpty
        let outcome = await caller.call(call) { answer -> Verdict<Single> in
            if answer.head.status == 304, isConditional { return .accept(.notModified(answer.head)) }
            switch judge(answer) {
            case .accept(let page), .report(let page, _):
                if let missing = missingField(in: page.tape.root) { return .reject(missing) }
                return .accept(.page(page))
            case .reject(let failure): return .reject(failure)
            }
        }
        switch outcome {
        case .denied(let denial): return .denied(denial)
        case .failed(let failure): return failure.effect == .notFound ? .notFound(failure) : .failed(failure)
        case .value(.notModified(let head), _):
            return .notModified(
                validators: DocumentFetch.validators(head), freshFor: freshness.freshFor(head.headers, now: clock.now())
            )
        case .value(.page(let page), _):
            return .content(
                content(
                    page.tape, head: page.head, validators: DocumentFetch.validators(page.head),
                    freshFor: freshFor(page.head)))
        }
    }

    /// Reads a whole document only of answers that can be one.
    func plan(limit: Int) -> @Sendable (TransportHead) -> BodyPlan {
        { head in
            switch (head.status, MediaType(head.headers["content-type"])) {
            case (200...299, .json), (200...299, .open): .all(limit: limit)
            default: .first(limit: min(limit, DocumentFetch.errorLimit))
            }
        }
    }

    /// Judges one answer as a document or a page of one.
    func judge(_ answer: Inspection) -> Verdict<Page> {
        if answer.head.status == 304 {
            return .reject(
                CallFailure(
                    effect: .retry, kind: "unexpected-304",
                    message: "\(source.name) answered 304 although nothing was asked conditionally.", status: 304))
        }
        if let failure = statuses.failure(answer, now: clock.now()) { return .reject(failure) }
        switch BodyGuard(source: source.name).document(answer) {
        case .accept(let tape), .report(let tape, _): return .accept(Page(tape: tape, head: answer.head))
        case .reject(let failure): return .reject(failure)
        }
    }

    private static let missingKind = "missing-field"

    /// The failure that a document without a required field is.
    func missingField(in root: JSONValue) -> CallFailure? {
        guard let index = compiled.require.firstIndex(where: { $0.first(in: root) == nil }) else { return nil }
        return CallFailure(
            effect: .retry, kind: DocumentFetch.missingKind,
            message:
                "\(source.name) answered with a document that has nothing at \(compiled.texts.require[index]), which "
                + "require: asks for.", status: 200)
    }

    /// Hashes a document and wraps it up.
    func content(
        _ tape: JSONTape, head: TransportHead, validators: Validators, freshFor: Duration
    ) -> FetchedContent {
        let field = head.headers["content-type"]
        return FetchedContent(
            body: tape.bytes, contentHash: Fingerprint(of: tape.root, ignoring: compiled.ignore).sixteenBytes,
            bodyHash: Fingerprint(ofBytes: tape.bytes).sixteenBytes,
            contentType: MediaType(field) == .json ? SafeText.short(field ?? "") : "application/json",
            validators: validators, freshFor: freshFor)
    }

    func freshFor(_ head: TransportHead) -> Duration { freshness.freshFor(head.headers, now: clock.now()) }

    private static func validators(_ head: TransportHead) -> Validators {
        Validators(etag: head.headers["etag"], lastModified: head.headers["last-modified"])
    }
}

extension Fingerprint {
    /// The halves in order, the most significant byte first.
    var sixteenBytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }
    }
}
