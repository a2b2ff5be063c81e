import FreshetCore
import FreshetDocument
import Testing

@testable import FreshetUpstream

@Suite struct PaginatorTests {
    private func paginator(
        _ style: PaginationConfig.Style, maxPages: Int = 3, size: PageSize? = nil, key: String? = nil
    ) throws -> Paginator {
        var config = PaginationConfig(style: style, items: "$.items")
        (config.maxPages, config.size) = (maxPages, size)
        return Paginator(
            config: config, document: try #require(HTTPURL("https://api.test/v1/list?q=x")),
            base: try #require(HTTPURL("https://api.test/v1")), keyParameter: key)
    }

    private func page(_ items: Int, next: String? = nil, mark: Int = 0) throws -> PageFacts {
        PageFacts(
            url: try #require(HTTPURL("https://api.test/v1/list?q=x&here=1")), items: items, next: next,
            fingerprint: Fingerprint(high: UInt64(mark), low: 0))
    }

    @Test func `pages are counted from the configured start until one is shorter`() throws {
        var paginator = try paginator(.page(parameter: "page", start: 0), size: PageSize(parameter: "n", value: 2))
        #expect(paginator.first.text == "https://api.test/v1/list?q=x&n=2&page=0")
        #expect(paginator.received(try page(2, mark: 1)).url == "https://api.test/v1/list?q=x&n=2&page=1")
        #expect(paginator.received(try page(2, mark: 2)).url == "https://api.test/v1/list?q=x&n=2&page=2")
        #expect(paginator.received(try page(1, mark: 3)) == .done)
    }

    @Test func `offsets grow by what was received`() throws {
        var paginator = try paginator(.offset(parameter: "skip"))
        #expect(paginator.first.text == "https://api.test/v1/list?q=x&skip=0")
        #expect(paginator.received(try page(50, mark: 1)).url == "https://api.test/v1/list?q=x&skip=50")
        #expect(paginator.received(try page(50, mark: 2)).url == "https://api.test/v1/list?q=x&skip=100")
        #expect(paginator.received(try page(0, mark: 3)) == .done)
    }

    @Test func `exactly max_pages full pages are a whole document`() throws {
        var paginator = try paginator(.page(parameter: "p", start: 1), maxPages: 2)
        _ = paginator.received(try page(2, mark: 1))
        #expect(paginator.received(try page(2, mark: 2)).url?.hasSuffix("p=3") == true)
        #expect(paginator.received(try page(0, mark: 3)) == .done)
    }

    @Test(arguments: [1, 2])
    func `more counted pages than allowed are an error`(last: Int) throws {
        var paginator = try paginator(.page(parameter: "p", start: 1), maxPages: 2)
        _ = paginator.received(try page(2, mark: 1))
        _ = paginator.received(try page(2, mark: 2))
        #expect(paginator.received(try page(last, mark: 3)).kind == "too-many-pages")
    }

    @Test func `a server that ignores the page parameter is found out`() throws {
        var paginator = try paginator(.page(parameter: "p", start: 1))
        _ = paginator.received(try page(2, mark: 7))
        #expect(paginator.received(try page(2, mark: 7)).kind == "pagination-loop")
    }

    @Test func `an empty first page is the whole document`() throws {
        var counted = try paginator(.page(parameter: "p", start: 1))
        #expect(counted.received(try page(0)) == .done)
        var linked = try paginator(.link)
        #expect(linked.received(try page(0)) == .done)
    }

    @Test func `a cursor is sent back encoded, and a repeated one is a loop`() throws {
        var paginator = try paginator(.cursor(parameter: "after", path: "$.c"))
        #expect(paginator.first.text == "https://api.test/v1/list?q=x")
        #expect(paginator.received(try page(1, next: "a+/=")).url == "https://api.test/v1/list?q=x&after=a%2B%2F%3D")
        #expect(paginator.received(try page(1, next: "a+/=")).kind == "pagination-loop")
    }

    @Test func `a cursor beyond max_pages is an error at once`() throws {
        var paginator = try paginator(.cursor(parameter: "after", path: "$.c"), maxPages: 1)
        #expect(paginator.received(try page(1, next: "x")).kind == "too-many-pages")
    }

    @Test(arguments: [
        ("/v1/list?page=2", "https://api.test/v1/list?page=2"), ("?page=2", "https://api.test/v1/list?page=2"),
        ("https://api.test/v1/list?key=SECRET&page=2", "https://api.test/v1/list?page=2"),
    ])
    func `a next link is resolved and loses its key`(link: String, expected: String) throws {
        var paginator = try paginator(.link, key: "key")
        #expect(paginator.received(try page(1, next: link)).url == expected)
    }

    @Test(arguments: [
        "https://evil.test/v1/list?page=2", "http://api.test/v1/list?page=2", "https://api.test/v2/list",
        "//evil.test/v1/x",
        "https://api.test:8443/v1/list", "/v1/../admin",
    ])
    func `a next link that leaves the source is refused`(link: String) throws {
        var paginator = try paginator(.nextURL(path: "$.next"))
        #expect(paginator.received(try page(1, next: link)).kind == "foreign-next-link")
    }

    @Test(arguments: ["javascript:1", "http://u:p@api.test/v1/", "ftp://api.test/v1/"])
    func `a next link that is no http URL is refused`(link: String) throws {
        var paginator = try paginator(.nextURL(path: "$.next"))
        #expect(paginator.received(try page(1, next: link)).kind == "bad-next-link")
    }

    @Test func `a link back to a page that was fetched is a loop`() throws {
        var paginator = try paginator(.link)
        #expect(paginator.received(try page(1, next: "?q=y")).url != nil)
        #expect(paginator.received(try page(1, next: "?q=x")).kind == "pagination-loop")
    }
}

extension Paginator.Step {
    fileprivate var url: String? {
        if case .next(let url) = self { url.text } else { nil }
    }
    fileprivate var kind: String? {
        if case .failed(let kind, _) = self { kind } else { nil }
    }
}
