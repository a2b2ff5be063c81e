import FreshetCore
import FreshetDocument

/// Fetches a document page by page and joins the pages; all or nothing.
///
/// Every page is a call with its own permit. The bodies together stay within the dataset's `max_body`. The document
/// is fresh for as
/// long as its least fresh page.
struct PagedFetch: Sendable {
    let fetch: DocumentFetch
    let pagination: PaginationConfig
    let items: JSONPath

    private var source: SourceConfig { fetch.request.source }
    private var dataset: DatasetConfig { fetch.request.dataset }

    /// A good page with its items found.
    private struct Part: Sendable {
        var page: DocumentFetch.Page
        var items: JSONValue
    }

    func run(_ document: HTTPURL) async -> FetchResult {
        let form = CredentialForm(method: source.auth.method)
        var paginator = Paginator(
            config: pagination, document: document, base: fetch.compiled.base, keyParameter: form.queryParameter)
        var url = paginator.first
        var parts: [Part] = []
        var room = dataset.maxBody
        while true {
            let number = parts.count + 1
            let call = OutgoingCall(url: url, plan: fetch.plan(limit: min(source.maxBody, room)))
            switch await fetch.caller.call(call, judge: { judge($0, number: number) }) {
            case .denied(let denial): return .denied(denial)
            case .failed(let failure): return PagedFetch.failed(failure, page: number)
            case .value(let part, let address):
                parts.append(part)
                room -= part.page.tape.bytes.count
                switch paginator.received(facts(part, from: address)) {
                case .done: return join(parts)
                case .next(let next): url = next
                case .failed(let kind, let message):
                    return .failed(
                        CallFailure(
                            effect: .permanent, kind: kind, message: "\(source.name): \(message) Nothing was kept."))
                }
            }
        }
    }

    private func judge(_ answer: Inspection, number: Int) -> Verdict<Part> {
        switch fetch.judge(answer) {
        case .reject(let failure): return .reject(failure)
        case .accept(let page), .report(let page, _):
            let found = items.matches(in: page.tape.root)
            guard found.count == 1, let array = found.first, array.kind == .array else {
                return .reject(
                    CallFailure(
                        effect: .retry, kind: "missing-field",
                        message:
                            "\(source.name) answered with a page that has no array at \(pagination.items), where its "
                            + "items should be.", status: answer.head.status))
            }
            return .accept(Part(page: page, items: array))
        }
    }

    /// The document exists when its first page does: a later 404 is a failure of the fetch.
    private static func failed(_ failure: CallFailure, page: Int) -> FetchResult {
        if page == 1 { return failure.effect == .notFound ? .notFound(failure) : .failed(failure) }
        var failure = failure
        if failure.effect == .notFound { failure.effect = .retry }
        failure.message = "Page \(page): \(failure.message) Nothing was kept."
        return .failed(failure)
    }

    private func facts(_ part: Part, from url: HTTPURL) -> PageFacts {
        var facts = PageFacts(url: url, items: part.items.count)
        switch pagination.style {
        case .page, .offset: facts.fingerprint = Fingerprint(of: part.items)
        case .link: facts.next = LinkHeader.next(part.page.head.headers)
        case .cursor, .nextURL:
            let value = fetch.compiled.next?.first(in: part.page.tape.root)
            facts.next = value.flatMap { $0.string ?? $0.numberText }.flatMap { $0.isEmpty ? nil : $0 }
        }
        return facts
    }

    private func join(_ parts: [Part]) -> FetchResult {
        guard let first = parts.first else { return .failed(unjoinable) }
        do {
            let limits = JSONLimits(maxDepth: source.maxDepth)
            let tape =
                parts.count == 1
                ? first.page.tape
                : try JSONTape(try JSONSplice.merge(pages: parts.map(\.page.tape.root), items: items), limits: limits)
            if let missing = fetch.missingField(in: tape.root) { return .failed(missing) }
            let freshFor = parts.map { fetch.freshFor($0.page.head) }.min() ?? dataset.maxAge
            return .content(fetch.content(tape, head: first.page.head, validators: Validators(), freshFor: freshFor))
        } catch {
            return .failed(unjoinable)
        }
    }

    private var unjoinable: CallFailure {
        CallFailure(
            effect: .permanent, kind: "unjoinable-pages",
            message: "\(source.name): the pages cannot be joined at \(pagination.items). Nothing was kept.")
    }
}
