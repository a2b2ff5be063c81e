import FreshetCore
import FreshetDocument

/// What a page brought, as far as finding the next one needs it.
struct PageFacts: Sendable {
    /// Where it came from, redirects followed.
    var url: HTTPURL
    /// How many items it has.
    var items: Int
    /// What names the next page: the cursor, the next URL or the link; `nil` when the page names none.
    var next: String?
    /// The content of its items, for telling a server that ignores the page parameter.
    var fingerprint: Fingerprint?
}

/// Decides where the next page is and when the document is complete.
///
/// Pure; one value per fetch.
///
/// Pages are only ever asked for below the source's base URL, never twice, and never more of them than allowed.
struct Paginator: Sendable {
    enum Step: Sendable, Hashable {
        case next(HTTPURL)
        case done
        /// Nothing of the document may be kept.
        case failed(kind: String, message: String)
    }

    private let config: PaginationConfig
    private let base: HTTPURL
    private let keyParameter: String?
    /// The first page.
    let first: HTTPURL
    private var pages = 0
    private var received = 0
    private var firstCount = 0
    private var last: Fingerprint?
    private var seen: Set<String>

    /// - Parameters:
    ///   - config: Where pages are named.
    ///   - document: The document's URL without page parameters.
    ///   - base: The source's base URL.
    ///   - keyParameter: The query parameter that holds the key: it is not part of a page's name.
    init(config: PaginationConfig, document: HTTPURL, base: HTTPURL, keyParameter: String?) {
        (self.config, self.base, self.keyParameter) = (config, base, keyParameter)
        var url = document
        if let size = config.size { url = url.settingQuery(size.parameter, String(size.value)) }
        switch config.style {
        case .page(let parameter, let start): url = url.settingQuery(parameter, String(start))
        case .offset(let parameter): url = url.settingQuery(parameter, "0")
        case .cursor, .link, .nextURL: break
        }
        first = url
        seen = [url.text]
    }

    /// Takes note of a page and names the next.
    mutating func received(_ page: PageFacts) -> Step {
        pages += 1
        received += page.items
        if pages == 1 { firstCount = page.items }
        let named: Step
        switch config.style {
        case .page(let parameter, let start):
            named = counted(page, first.settingQuery(parameter, String(start + pages)))
        case .offset(let parameter):
            named = counted(page, first.settingQuery(parameter, String(received)))
        case .cursor(let parameter, _):
            named = page.next.map { .next(first.settingQuery(parameter, $0)) } ?? .done
        case .link, .nextURL:
            named = page.next.map { linked($0, from: page.url) } ?? .done
        }
        guard case .next(let url) = named else { return named }
        return guarded(url)
    }

    /// Pages found by counting end with one that is empty or shorter than the first: its items are the last.
    private mutating func counted(_ page: PageFacts, _ next: HTTPURL) -> Step {
        if page.items == 0 || page.items < firstCount {
            return pages > config.maxPages && page.items > 0 ? tooMany : .done
        }
        if pages > config.maxPages { return tooMany }
        if let last, last == page.fingerprint {
            return .failed(
                kind: "pagination-loop",
                message: "Page \(pages) has the same items as the page before: upstream ignores the page parameter.")
        }
        last = page.fingerprint
        return .next(next)
    }

    private func linked(_ text: String, from url: HTTPURL) -> Step {
        guard var next = url.resolving(text) else {
            return .failed(
                kind: "bad-next-link", message: "Page \(pages) names a next page that is no http or https URL.")
        }
        if let keyParameter { next = next.removingQuery(keyParameter) }
        guard next.isBelow(base) else {
            return .failed(
                kind: "foreign-next-link",
                message: "Page \(pages) names a next page outside base_url, at \(next.origin + next.path). "
                    + "It is not followed, for it could be anything.")
        }
        return .next(next)
    }

    private mutating func guarded(_ url: HTTPURL) -> Step {
        guard seen.insert(url.text).inserted else {
            return .failed(kind: "pagination-loop", message: "Page \(pages) names a page that was fetched already.")
        }
        // Counted styles learn that a page was one too many only from the page itself, so they may ask for one more.
        if !isCounted, pages >= config.maxPages { return tooMany }
        return .next(url)
    }

    private var isCounted: Bool {
        switch config.style {
        case .page, .offset: true
        case .cursor, .link, .nextURL: false
        }
    }

    private var tooMany: Step {
        .failed(
            kind: "too-many-pages",
            message: "The document has more than \(config.maxPages) pages. Raise max_pages if that is right.")
    }
}
