import FreshetCore

/// `pagination:` as the file has it.
struct PaginationDraft: Sendable {
    enum Style: String, Sendable, CaseIterable {
        case page, offset, cursor, link
        case nextURL = "next_url"
    }

    var style = Style.page
    var parameter: String?
    var start: Int?
    var path: String?
    var items = "$"
    var size: PageSize?
    var maxPages = 100
    var place = Place()

    init() {}

    init(showing config: PaginationConfig) {
        switch config.style {
        case .page(let parameter, let start): (style, self.parameter, self.start) = (.page, parameter, start)
        case .offset(let parameter): (style, self.parameter) = (.offset, parameter)
        case .cursor(let parameter, let path): (style, self.parameter, self.path) = (.cursor, parameter, path)
        case .link: style = .link
        case .nextURL(let path): (style, self.path) = (.nextURL, path)
        }
        (items, size, maxPages) = (config.items, config.size, config.maxPages)
    }
}

/// `pagination:` of a dataset.
enum PaginationTable {
    static let section = Section<PaginationDraft>(
        "pagination", at: "datasets.<dataset>.pagination",
        doc: "How several answers make one document: the items of all pages in one array.",
        example: "{ style: link, items: \"$\" }", defaults: PaginationDraft(), place: \.place,
        keys: [
            Key(
                "style", \.style, .choice("a style of pagination"), required: true, synonyms: ["type", "kind", "mode"],
                "Where the next page is named: `page` counts pages, `offset` counts items, `cursor` sends back a value of the "
                    + "body, `link` follows the `Link` header, `next_url` follows a URL in the body."),
            Key(
                "parameter", \.parameter, .optional(.text("name", example: "page")),
                defaultWords: "`page`, `offset` or `cursor`, as the style is", synonyms: ["param", "query"],
                "The query parameter that names the page. Not for `link` and `next_url`."),
            Key(
                "start", \.start, .optional(.integer(0...1_000_000)), defaultWords: "`1`", synonyms: ["first"],
                "The number of the first page. Only for `page`."),
            Key(
                "path", \.path, .optional(.jsonPath), synonyms: ["next", "cursor", "next_path"],
                "The JSONPath of the cursor or of the next URL. Only for `cursor` and `next_url`, which need it."),
            Key(
                "items", \.items, .jsonPath, synonyms: ["results", "data", "rows"],
                "The JSONPath of the item array in each page; `$` when the page is the array."),
            Key(
                "size", \.size, .optional(size.kind), synonyms: ["page_size", "per_page", "limit"],
                "A fixed page size sent with each call."),
            Key(
                "max_pages", \.maxPages, .integer(1...100_000), synonyms: ["pages", "max"],
                "More pages than this are an error, and nothing is stored then."),
        ])

    static let size = Section<PageSize>(
        "page_size", at: "datasets.<dataset>.pagination.size", doc: "A fixed page size sent with each call.",
        example: "{ parameter: per_page, value: 100 }", defaults: PageSize(parameter: "", value: 100),
        keys: [
            Key(
                "parameter", \.parameter, .text("name", example: "per_page"), required: true,
                synonyms: ["param", "name"],
                "The query parameter."),
            Key(
                "value", \.value, .integer(1...1_000_000), required: true, synonyms: ["size", "count"], "Items a page."),
        ])

    static let kind = section.kind.converted {
        make($0, &$2)
    } back: {
        PaginationDraft(showing: $0)
    }

    private static func make(_ draft: PaginationDraft, _ reading: inout Reading) -> PaginationConfig? {
        let allowed: [String: Set<PaginationDraft.Style>] = [
            "parameter": [.page, .offset, .cursor], "start": [.page], "path": [.cursor, .nextURL],
        ]
        var good = true
        for (key, styles) in allowed.sorted(by: { $0.key < $1.key })
        where draft.place.has(key) && !styles.contains(draft.style) {
            reading.problem(draft.place, key, "means nothing with style: \(draft.style.rawValue); remove it")
            good = false
        }
        if draft.path == nil, draft.style == .cursor || draft.style == .nextURL {
            let example = draft.style == .cursor ? "$.meta.next_cursor" : "$.next"
            reading.problem(
                draft.place, "path",
                "is missing: style \(draft.style.rawValue) needs the JSONPath of it, such as \(example)")
            good = false
        }
        guard good else { return nil }
        let parameter = draft.parameter ?? draft.style.rawValue
        let style: PaginationConfig.Style =
            switch draft.style {
            case .page: .page(parameter: parameter, start: draft.start ?? 1)
            case .offset: .offset(parameter: parameter)
            case .cursor: .cursor(parameter: parameter, path: draft.path ?? "$")
            case .link: .link
            case .nextURL: .nextURL(path: draft.path ?? "$")
            }
        var config = PaginationConfig(style: style, items: draft.items)
        (config.size, config.maxPages) = (draft.size, draft.maxPages)
        return config
    }
}
