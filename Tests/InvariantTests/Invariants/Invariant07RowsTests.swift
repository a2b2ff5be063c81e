import Foundation
import FreshetDocument
import FreshetMock
import FreshetTesting
import Testing

/// Readers never see half of a replace in tables, children included, whatever happens to the process.
@Suite(.serialized) struct Invariant07Rows {
    private static let key = "a"

    /// A list whose every element carries the generation of its fetch, with as many elements and children as follow from it.
    private static func upstream() -> ScriptedUpstream {
        let generation = Counter()
        return ScriptedUpstream { request in
            let page = request.integer("page") ?? 1
            let number = page == 1 ? generation.add() : request.integer("generation") ?? 0
            let items = (0..<parents(number)).filter { $0 % 2 == page - 1 }.map { item in
                let kids = (0..<3).map { #"{"n":\#($0),"g":\#(number)}"# }.joined(separator: ",")
                return #"{"id":\#(item),"g":\#(number),"kids":[\#(kids)]}"#
            }
            var next = "null"
            if page == 1 { next = "\"\(request.origin)\(request.path)?page=2&generation=\(number)\"" }
            return .json(#"{"items":[\#(items.joined(separator: ","))],"next":\#(next)}"#)
        }
    }

    /// How many rows a generation has.
    private static func parents(_ generation: Int) -> Int { 4 + generation % 5 }

    private static func config(_ url: String) -> String {
        """
        logs: { level: warning }
        sources: { up: { base_url: "\(url)", breaker: { failures: 0 } } }
        datasets:
          up.list:
            get: /lists/{id}
            max_age: 20ms
            history: { keep: P1D }
            pagination: { style: next_url, path: "$.next", items: "$.items" }
            tables:
              parents: { rows: "$.items[*]", primary_key: [id], write_disposition: replace }
              kids:
                rows: "$.items[*].kids[*]"
                parent: { item_id: "$.items[*].id" }
                primary_key: [item_id, n]
                write_disposition: replace
              merged: { rows: "$.items[*]", primary_key: [id], max_deletes: 100%, nested: ignore }
              log: { rows: "$.items[*]", nested: ignore }
        """
    }

    /// One statement sees one moment: generation and count of every table, and of the newest fetch in the log.
    private static let question = """
        SELECT (SELECT count(*) FROM parents), (SELECT min(g) FROM parents), (SELECT max(g) FROM parents), \
        (SELECT count(*) FROM kids), (SELECT min(g) FROM kids), (SELECT max(g) FROM kids), \
        (SELECT count(*) FROM merged WHERE _deleted_at IS NULL), (SELECT max(g) FROM merged), \
        (SELECT max(g) FROM log), (SELECT count(*) FROM (SELECT _version FROM log GROUP BY _version \
        HAVING count(*) <> 4 + max(g) % 5 OR min(g) <> max(g)))
        """

    /// Asks for one moment and checks it; returns its generation.
    private static func look(_ mirror: Mirror, _ note: String) async throws -> Int? {
        let answer = try await mirror.send(
            "POST", "/v1/query", [("content-type", "application/json")],
            body: #"{"sql":"\#(question)"}"#)
        guard answer.status == 200 else {
            Issue.record("\(note): \(answer.status) \(answer.text)")
            return nil
        }
        let row = try #require(try answer.json.list("rows").first)
        let values = row.elements.map { $0.int64.map(Int.init) }
        guard let generation = values[1] else { return nil }
        let expected = [
            parents(generation), generation, generation, parents(generation) * 3, generation, generation,
            parents(generation), generation, generation, 0,
        ]
        #expect(values == expected, "\(note): generation \(generation)")
        return generation
    }

    @Test func `a replace of parents and children is seen whole, also across kill -9`() async throws {
        let kills = ProcessInfo.processInfo.environment["FRESHET_SOAK_KILLS"].flatMap { Int($0) } ?? 25
        let seed = ProcessInfo.processInfo.environment["FRESHET_SOAK_SEED"].flatMap { UInt64($0) } ?? 7
        try await withMock(Self.upstream()) { _, url in
            let mirror = try Mirror(Self.config(url))
            var random = SeededGenerator(seed: seed)
            try await mirror.start()
            try await mirror.warm("/v1/up/list/\(Self.key)")
            var last = try #require(try await Self.look(mirror, "start"))
            for round in 0..<kills {
                let url = mirror.url
                async let loading: Void = Self.load(url)
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let seen = try #require(try await Self.look(mirror, "round \(round)"))
                    #expect(seen >= last)
                    last = seen
                }
                try await mirror.lets(pass: Int.random(in: 1...40, using: &random))
                try await mirror.kill9()
                await loading
                #expect(try await mirror.storeProblems() == [], "crash \(round)")
                try await mirror.start()
                let seen = try #require(try await Self.look(mirror, "after crash \(round)"))
                #expect(seen >= last, "generation \(seen) after \(last)")
                last = seen
            }
            #expect(last > kills / 2, "rows changed meanwhile: generation \(last)")
            try await mirror.stop()
        }
    }

    /// Refreshes as fast as they go until the process dies.
    private static func load(_ url: String) async {
        // The connection breaks when the process dies: that is the end of the load.
        guard let connection = try? await WireConnection.open(url) else { return }
        while (try? await connection.send(
            "POST", "/v1/refresh", body: Mirror.wish("up.list", key, "critical"), limit: .seconds(10))) != nil
        {}
    }
}
