import NIOHTTP1

/// The `Link` header of a page.
struct PageLinks {
    let url: String
    let page: Int
    let last: Int
    let size: Int
    let sizeName: String

    /// The value, or `nil` when there is only one page.
    var header: String? {
        var links: [String] = []
        if page > 1 { links += [link(page - 1, "prev"), link(1, "first")] }
        if page < last { links += [link(page + 1, "next"), link(last, "last")] }
        return links.isEmpty ? nil : links.joined(separator: ", ")
    }

    private func link(_ page: Int, _ relation: String) -> String {
        "<\(url)?\(sizeName)=\(size)&page=\(page)>; rel=\"\(relation)\""
    }
}

/// Serves a list in pages, in each of the ways APIs do it, and in the ways they break.
///
/// Any path answers. Items are `{"id": n, "name": "item n"}` for `n` in `1...items`.
public struct PagedHandler: MockHandler {
    /// How a client asks for the next page.
    public enum Style: String, Sendable, CaseIterable {
        /// `?page=2&per_page=10`; the body is the array; no page is told of, an empty one is the end.
        case pageNumber = "page-number"
        /// `?offset=10&limit=10`; the body is `{"items": […], "total": n}`.
        case offset
        /// `?cursor=…`; the body is `{"items": […], "next_cursor": "…" or null}`.
        case cursor
        /// `?page=2&per_page=10`; the body is the array, a `Link` header tells the next page.
        case linkHeader = "link-header"
        /// The body is `{"items": […], "next": "absolute URL" or null}`.
        case nextURL = "next-url"
    }

    /// How the pages are wrong.
    public enum Fault: Sendable, Equatable {
        /// After the last page comes the first one again.
        case loop
        /// There is always a next page.
        case endless
        /// The next page is said to be at this origin, such as `http://elsewhere.example`.
        case otherHost(String)
        /// The page with this number, from 1, answers 500.
        case brokenPage(Int)
        /// Every page repeats the last item of the one before.
        case overlap
    }

    private let items: Int
    private let pageSize: Int
    private let style: Style
    private let fault: Fault?

    /// Creates a list.
    ///
    /// - Parameters:
    ///   - items: How many there are, 0 or more.
    ///   - pageSize: Items on a page when the client does not say, at least 1.
    ///   - style: How pages are asked for.
    ///   - fault: How they are wrong; `nil` for right.
    public init(items: Int, pageSize: Int = 10, style: Style, fault: Fault? = nil) {
        precondition(items >= 0 && pageSize > 0, "items must be 0 or more and pageSize at least 1")
        self.items = items
        self.pageSize = pageSize
        self.style = style
        self.fault = fault
    }

    /// Answers with one page.
    public func respond(to request: MockRequest) -> MockResponse {
        let size = max(1, min(request.integer("per_page") ?? request.integer("limit") ?? pageSize, 1_000))
        let last = max(1, (items + size - 1) / size)
        guard let page = page(request, size) else { return .json(["error": "This cursor is not valid."], status: 400) }
        if fault == .brokenPage(page) { return .json(["error": "Something broke."], status: 500) }
        let content = MockJSON.array(content(page, size, last).map { ["id": .int($0), "name": "item \($0)"] })
        let next = next(page, last)
        switch style {
        case .pageNumber: return .json(content)
        case .offset: return .json(["items": content, "total": .int(fault == .endless ? .max : items)])
        case .cursor: return .json(["items": content, "next_cursor": next.map { .string(Self.cursor($0)) } ?? .null])
        case .nextURL: return .json(["items": content, "next": next.map { .string(link($0, size, request)) } ?? .null])
        case .linkHeader:
            var response = MockResponse.json(content)
            if let next { response.headers.add(name: "link", value: "<\(link(next, size, request))>; rel=\"next\"") }
            return response
        }
    }

    private func page(_ request: MockRequest, _ size: Int) -> Int? {
        switch style {
        case .offset: return max(0, request.integer("offset") ?? 0) / size + 1
        case .cursor:
            guard let cursor = request.parameter("cursor"), !cursor.isEmpty else { return 1 }
            guard let text = Base64.decode(cursor), text.hasPrefix("page:") else { return nil }
            return Int(text.dropFirst(5)).flatMap { $0 > 0 ? $0 : nil }
        case .pageNumber, .linkHeader, .nextURL: return max(1, request.integer("page") ?? 1)
        }
    }

    private func content(_ page: Int, _ size: Int, _ last: Int) -> [Int] {
        guard items > 0 else { return [] }
        var page = page
        if fault == .endless || fault == .loop { page = (page - 1) % last + 1 }
        let overlap = fault == .overlap && page > 1 ? 1 : 0
        let start = (page - 1) * size + 1 - overlap
        let end = min(items, page * size)
        return page <= last && start <= end ? Array(start...end) : []
    }

    private func next(_ page: Int, _ last: Int) -> Int? {
        switch fault {
        case .endless: page + 1
        case .loop: page < last ? page + 1 : 1
        default: page < last ? page + 1 : nil
        }
    }

    private func link(_ page: Int, _ size: Int, _ request: MockRequest) -> String {
        var origin = request.origin
        if case .otherHost(let other) = fault { origin = other }
        return "\(origin)\(request.path)?per_page=\(size)&page=\(page)"
    }

    private static func cursor(_ page: Int) -> String { Base64.encode("page:\(page)".utf8) }
}
