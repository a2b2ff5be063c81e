import Foundation
import Testing

/// Words that answers carry, held against the sources that say them.
@Suite struct WordTests {
    @Test func `the HTTP page lists every problem type`() throws {
        let thrown = /Problem\(\s*(?:[a-zA-Z.]+ \? [0-9]+ : )?[0-9]+, "([a-z-]+)"/
        // These two share one throw, which chooses between them.
        let found = try words(in: ["FreshetServer"], matching: thrown).union(["gone", "not-found"])
        let listed = Set(MarkdownPage(try Repository.text("docs/reference/http.md")).firstColumn(below: "## Problems"))
        #expect(found.subtracting(listed).sorted() == [], "not in docs/reference/http.md")
        #expect(listed.subtracting(found).sorted() == [], "only in docs/reference/http.md")
    }

    @Test func `the errors page lists every kind of failure`() throws {
        let literal = try words(in: ["FreshetUpstream", "FreshetEngine"], matching: /kind: "([a-z0-9-]*[a-z0-9])"/)
        let guarded = try words(in: ["FreshetUpstream/Judgement"], matching: /refuse\(\s*answer, \.[a-z]+, "([a-z-]+)"/)
        let blocks = try words(in: ["FreshetEngine/Refresh/SourceGovernor.swift"], matching: /case .*: "([a-z-]+)"\n/)
        let listed = Set(MarkdownPage(try Repository.text("docs/reference/errors.md")).firstColumn(below: "# Errors"))
        let found = literal.union(guarded).union(blocks)
        #expect(found.count > 25)
        #expect(found.subtracting(listed).sorted() == [], "not in docs/reference/errors.md")
    }

    @Test func `the events page lists every type of event`() throws {
        let engine = try words(in: ["FreshetEngine"], matching: /"((?:dataset|job|source|key)\.[a-z_]+)"/)
        let store = try words(in: ["Stores", "FreshetCore/Tables"], matching: /type: "((?:schema|tables)\.[a-z_]+)"/)
        let push = try words(in: ["FreshetWebhooks"], matching: /"(webhook\.(?:parked|resumed|disabled))"/)
        // What clients publish has names of their own.
        let found = engine.union(store).union(push).union(["custom.…"])
        let page = MarkdownPage(try Repository.text("docs/reference/events.md"))
        #expect(found.sorted() == Set(page.firstColumn(below: "## Types")).sorted())
    }

    private func words(in places: [String], matching pattern: Regex<(Substring, Substring)>) throws -> Set<String> {
        var words: Set<String> = []
        for place in places {
            let url = Repository.root.appendingPathComponent("Sources/\(place)")
            let files =
                place.hasSuffix(".swift")
                ? [url]
                : try FileManager.default.subpathsOfDirectory(atPath: url.path).filter { $0.hasSuffix(".swift") }
                    .map { url.appendingPathComponent($0) }
            for file in files {
                let text = try String(contentsOf: file, encoding: .utf8)
                words.formUnion(text.matches(of: pattern).map { String($0.output.1) })
            }
        }
        return words
    }
}
