import FreshetCore
import Testing

@testable import FreshetUpstream

@Suite struct PagedFetchTests {
    /// A server with pages by URL; what it does not know is a 500.
    private func bench(
        _ pagination: PaginationConfig, _ pages: [String: TransportResult], method: AuthConfig.Method = .none
    ) throws -> Bench {
        var bench = try Bench(ScriptedTransport { request, _ in pages[request.url.text] ?? .http(500) })
        bench.dataset = try Samples.dataset("/list")
        bench.dataset.pagination = pagination
        bench.source.auth.method = method
        return bench
    }

    private static let list = "https://api.test/v1/list"

    @Test func `numbered pages become one document, items byte for byte`() async throws {
        let bench = try bench(
            PaginationConfig(style: .page(parameter: "page", start: 1), items: "$.items"),
            [
                Self.list + "?page=1": .http(200, #"{"items": [ {"a":1.0}, {"a":1e2} ],"total":3}"#),
                Self.list + "?page=2": .http(200, #"{"items":[{"a" : 12345678901234567890}],"total":3}"#),
            ])
        let result = await bench.fetch("_")
        #expect(result.text == #"{"items": [ {"a":1.0}, {"a":1e2},{"a" : 12345678901234567890} ],"total":3}"#)
        #expect(result.content?.validators == Validators())
        #expect(bench.permits.outcomes == ["ok", "ok"])
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `offset, cursor, link and next URL lead through all pages`() async throws {
        let styles: [(PaginationConfig.Style, [String: TransportResult])] = [
            (
                .offset(parameter: "o"),
                [
                    Self.list + "?o=0": .http(200, #"{"i":[1,2]}"#), Self.list + "?o=2": .http(200, #"{"i":[3,4]}"#),
                    Self.list + "?o=4": .http(200, #"{"i":[]}"#),
                ]
            ),
            (
                .cursor(parameter: "c", path: "$.next"),
                [
                    Self.list: .http(200, #"{"i":[1,2],"next":17}"#),
                    Self.list + "?c=17": .http(200, #"{"i":[3],"next":"z z"}"#),
                    Self.list + "?c=z%20z": .http(200, #"{"i":[4],"next":""}"#),
                ]
            ),
            (
                .link,
                [
                    Self.list: .http(200, #"{"i":[1,2]}"#, ["Link": "</v1/list?p=2>; rel=\"next\""]),
                    Self.list + "?p=2": .http(200, #"{"i":[3,4]}"#, ["Link": "</v1/list>; rel=\"first\""]),
                ]
            ),
            (
                .nextURL(path: "$.m.links.next"),
                [
                    Self.list: .http(200, #"{"i":[1,2],"m":{"links":{"next":"https://api.test/v1/list?p=2"}}}"#),
                    Self.list + "?p=2": .http(200, #"{"i":[3,4],"m":{"links":{"next":null}}}"#),
                ]
            ),
        ]
        for (style, pages) in styles {
            let bench = try bench(PaginationConfig(style: style, items: "$.i"), pages)
            let text = try #require(await bench.fetch("_").text, "\(style)")
            #expect(text.hasPrefix(#"{"i":[1,2,3,4]"#), "\(style)")
            #expect(bench.permits.acquired == pages.count)
            #expect(bench.permits.misuse.isEmpty)
        }
    }

    @Test func `links that carry no key get it again`() async throws {
        let bench = try bench(
            PaginationConfig(style: .nextURL(path: "$.next"), items: "$.i"),
            [
                Self.list + "?key=k3y%2Fwith%2Bodd%3Dchars": .http(
                    200, #"{"i":[1],"next":"https://api.test/v1/list?p=2"}"#),
                Self.list + "?p=2&key=k3y%2Fwith%2Bodd%3Dchars": .http(200, #"{"i":[2],"next":null}"#),
            ], method: .query("key"))
        #expect(await bench.fetch("_").text?.hasPrefix(#"{"i":[1,2]"#) == true)
    }

    @Test func `the document is as fresh as its least fresh page, and no condition is sent`() async throws {
        var bench = try bench(
            PaginationConfig(style: .link, items: "$"),
            [
                Self.list: .http(
                    200, "[1]", ["Link": "<?p=2>; rel=next", "ETag": "\"e\"", "Cache-Control": "max-age=3600"]),
                Self.list + "?p=2": .http(200, "[2]", ["Cache-Control": "max-age=900"]),
            ])
        bench.dataset.maxAge = .seconds(600)
        let content = try #require(await bench.fetch("_", validators: Validators(etag: "\"old\"")).content)
        #expect(content.freshFor == .seconds(900))
        #expect(content.validators == Validators())
        #expect(bench.transport.requests.allSatisfy { $0.headers["if-none-match"] == nil })
    }

    @Test(
        arguments: [
            (.http(500), "upstream-500", FailureClass.retry), (.http(404), "upstream-404", .retry),
            (.http(200, "[1"), "truncated", .retry), (.http(200, "{}"), "missing-field", .retry),
            (.http(200, "[1]", ["Link": "<https://evil.test/>; rel=next"]), "foreign-next-link", .permanent),
            (.http(200, "[1]", ["Link": "</v1/list>; rel=next"]), "pagination-loop", .permanent),
            (.http(200, "[1]", ["Link": "<?p=3>; rel=next"]), "too-many-pages", .permanent),
            (.http(200, "[" + String(repeating: "1,", count: 60) + "1]"), "too-large", .permanent),
            (.failed(TransportFailure(.reset, "gone")), "reset", .retry),
        ] as [(TransportResult, String, FailureClass)])
    func `when a page fails nothing is kept`(second: TransportResult, kind: String, effect: FailureClass) async throws {
        var config = PaginationConfig(style: .link, items: "$")
        config.maxPages = 2
        let first = TransportResult.http(
            200, "[" + String(repeating: "1,", count: 40) + "1]", ["Link": "<?p=2>; rel=next"])
        var bench = try bench(config, [Self.list: first, Self.list + "?p=2": second])
        bench.dataset.maxBody = 200
        let result = await bench.fetch("_")
        #expect(result.word == kind)
        #expect(result.failure?.effect == effect)
        #expect(result.failure?.message.hasSuffix("Nothing was kept.") == true)
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `a first page that is missing means that the document is missing`() async throws {
        let bench = try bench(PaginationConfig(style: .link, items: "$"), [Self.list: .http(404)])
        #expect(await bench.fetch("_").word == "not-found")
    }

    @Test func `permits may run out between pages`() async throws {
        var bench = try bench(
            PaginationConfig(style: .link, items: "$"), [Self.list: .http(200, "[1]", ["Link": "<?p=2>; rel=next"])])
        bench.permits = CheckedPermits(limit: 1)
        #expect(await bench.fetch("_").word == "denied")
        #expect(bench.permits.misuse.isEmpty)
    }

    @Test func `required fields are looked for in the joined document`() async throws {
        var bench = try bench(
            PaginationConfig(style: .link, items: "$"),
            [Self.list: .http(200, "[1]", ["Link": "<?p=2>; rel=next"]), Self.list + "?p=2": .http(200, "[2]")])
        bench.dataset.require = ["$[1]"]
        #expect(await bench.fetch("_").text == "[1,2]")
        bench.dataset.require = ["$[2]"]
        #expect(await bench.fetch("_").word == "missing-field")
    }
}
