import FreshetCore
import Synchronization
import Testing

@testable import FreshetServer

@Suite struct TableTests {
    /// A server over the clans, and the tables behind it.
    private static func run(
        configure: (inout Configuration) -> Void = { _ in },
        _ body: @Sendable @escaping (World, FakeTables) async throws -> Void
    ) async throws {
        try await World.run(configure: configure) { (world: World) async throws in
            let tables = FakeTables.clans()
            world.mirror.script.withLock { $0.tables = tables }
            try await body(world, tables)
        }
    }

    private static let page = TablePage(
        columns: [
            ResultColumn(name: "tag", type: .text), ResultColumn(name: "rate", type: .decimal),
            ResultColumn(name: "seen_at", type: .timestamp), ResultColumn(name: "open", type: .boolean),
        ],
        rows: [
            [
                .text("a,\"b\""), .decimal("12345678901234567890.50"), .timestamp(seconds: 0, nanoseconds: 1_000_000),
                .boolean(true),
            ],
            [.text(""), .null, .null, .boolean(false)],
        ], cursor: nil)

    @Test func `a store without tables says so`() async throws {
        try await World.run { (world: World) async throws in
            for path in ["/v1/tables", "/v1/tables/clans", "/v1/rejects"] {
                let answer = try await world.get(path)
                #expect(answer.status == 501 && answer.text.contains("keeps no tables"), "\(path)")
            }
            #expect(try await world.post("/v1/query", #"{"sql":"select 1"}"#).status == 501)
        }
    }

    @Test func `the list names tables with rows, versions and columns`() async throws {
        try await Self.run { (world, tables) async throws in
            tables.script.withLock {
                $0.stops[DatasetID(source: "clash", name: "clan")] = TableStop(
                    kind: "frozen", table: "clans", message: "A new column came.")
            }
            let text = try await world.get("/v1/tables").text
            #expect(
                text.hasPrefix(
                    #"{"tables":[{"table":"clans","rows":2,"deleted":1,"rejected":3,"written_at":"2023-11-14T22:14:20Z","#
                        + #""dataset":"clash.clan","schema_version":2,"disposition":"merge","key":["tag"],"#
                        + #""columns":[{"name":"tag","type":"text"},{"name":"points","type":"integer"},"#))
            #expect(text.contains(#""stopped":{"kind":"frozen","table":"clans","message":"A new column came."}"#))
        }
    }

    @Test func `rows are exact in JSON, CSV and NDJSON`() async throws {
        try await Self.run { (world, tables) async throws in
            tables.script.withLock { $0.page = Self.page }
            let json = try await world.get("/v1/tables/clans")
            #expect(json.status == 200 && json["Content-Type"] == "application/json" && json["Link"] == nil)
            #expect(
                json.text
                    == #"{"table":"clans","columns":[{"name":"tag","type":"text"},{"name":"rate","type":"decimal"},"#
                    + #"{"name":"seen_at","type":"timestamp"},{"name":"open","type":"boolean"}],"rows":["#
                    + #"{"tag":"a,\"b\"","rate":12345678901234567890.50,"seen_at":"1970-01-01T00:00:00.001Z","open":true},"#
                    + #"{"tag":"","rate":null,"seen_at":null,"open":false}],"next_cursor":null}"# + "\n")
            let csv = try await world.get("/v1/tables/clans?format=csv")
            #expect(csv["Content-Type"] == "text/csv; charset=utf-8; header=present")
            let lines = "\"a,\"\"b\"\"\",12345678901234567890.50,1970-01-01T00:00:00.001Z,true\r\n\"\",,,false\r\n"
            #expect(csv.text == "tag,rate,seen_at,open\r\n" + lines)
            #expect(try await world.get("/v1/tables/clans?format=csv&header=0").text == lines)
            let ndjson = try await world.get("/v1/tables/clans", ["Accept: application/x-ndjson"])
            #expect(ndjson["Content-Type"] == "application/x-ndjson" && ndjson.text.split(separator: "\n").count == 2)
            #expect(ndjson.text.hasSuffix("{\"tag\":\"\",\"rate\":null,\"seen_at\":null,\"open\":false}\n"))
        }
    }

    @Test func `a page with more behind it has a cursor and a link that asks the same`() async throws {
        try await Self.run { (world, tables) async throws in
            tables.script.withLock {
                $0.page = Self.page
                $0.page.cursor = "a/b="
            }
            let answer = try await world.get("/v1/tables/clans?tag__in=a%2Cb,c&sort=-rate&cursor=old&limit=2")
            #expect(answer.text.hasSuffix(#""next_cursor":"a/b="}"# + "\n"))
            #expect(
                answer["Link"]
                    == "</v1/tables/clans?tag__in=a%2Cb,c&sort=-rate&limit=2&cursor=a%2Fb%3D>; rel=\"next\"")
            #expect(tables.script.withLock { $0.questions.last?.cursor } == "old")
        }
    }

    @Test func `parameters become the question they say`() async throws {
        try await Self.run { (world, tables) async throws in
            let target =
                "/v1/tables/clans?tag=%23A&points__gte=5&points__lt=9&tag__in=x%2Cy,z&rate__null&seen_at__null=false"
                + "&tag__like=a%25&x__lt=v&x__lt__ne=w&_fetched_at__gt=2026-01-01T00:00:00Z&sort=-points,tag"
                + "&columns=tag,_key&limit=7&as_of=2026-01-31T12:00:00Z&deleted=1"
            #expect(try await world.get(target).status == 200)
            var wanted = TableQuery(table: "clans")
            wanted.filters = [
                .init(column: "tag", relation: .equal, values: ["#A"]),
                .init(column: "points", relation: .greaterOrEqual, values: ["5"]),
                .init(column: "points", relation: .less, values: ["9"]),
                .init(column: "tag", relation: .equal, values: ["x,y", "z"]),
                .init(column: "rate", relation: .isNull, values: ["true"]),
                .init(column: "seen_at", relation: .isNull, values: ["false"]),
                .init(column: "tag", relation: .like, values: ["a%"]),
                .init(column: "x__lt", relation: .equal, values: ["v"]),
                .init(column: "x__lt", relation: .notEqual, values: ["w"]),
                .init(column: "_fetched_at", relation: .greater, values: ["2026-01-01T00:00:00Z"]),
            ]
            wanted.sort = [("points", true), ("tag", false)]
            wanted.columns = ["tag", "_key"]
            wanted.limit = 7
            wanted.asOf = Timestamp(rfc3339: "2026-01-31T12:00:00Z")
            wanted.includesDeleted = true
            #expect(tables.script.withLock { $0.questions } == [wanted])
        }
    }

    @Test(arguments: [
        ("pionts=1", "unknown-column", "did you mean points?"), ("points__gr=1", "unknown-operator", "__gt"),
        ("limt=5", "unknown-column", "did you mean limit?"), ("pionts__gt=1", "unknown-column", "did you mean points?"),
        ("limit=0", "bad-parameter", "1 to 10000"), ("limit=10001", "bad-parameter", "1 to 10000"),
        ("sort=-pionts", "unknown-column", "did you mean points?"), ("columns=tag,tag", "bad-parameter", "twice"),
        ("columns=nothing", "unknown-column", "no column nothing."), ("as_of=yesterday", "bad-parameter", "RFC 3339"),
        ("points__null=maybe", "bad-parameter", "true or false"),
        ("format=xml", "bad-parameter", "json, csv or ndjson"),
        ("tag=%GG", "bad-parameter", "percent-encoding"), ("__gt=1", "unknown-column", "no column __gt"),
        ("deleted=2", "bad-parameter", "1 or 0"), ("columns=", "bad-parameter", "no column"),
    ])
    func `a wrong parameter is refused and says what was meant`(query: String, kind: String, words: String) async throws
    {
        try await Self.run { (world, tables) async throws in
            let answer = try await world.get("/v1/tables/clans?" + query)
            #expect(answer.status == 400 && answer["Content-Type"] == "application/problem+json")
            #expect(
                answer.text.contains("urn:freshet:problem:\(kind)") && answer.text.contains(words), "\(answer.text)")
            #expect(tables.script.withLock { $0.questions.isEmpty })
        }
    }

    @Test func `an unknown table is not found, and what the store refuses is said in its words`() async throws {
        try await Self.run { (world, tables) async throws in
            for path in ["/v1/tables/clan", "/v1/tables/clan/schema", "/v1/tables/clan/rejects"] {
                let answer = try await world.get(path)
                #expect(answer.status == 404 && answer.text.contains("did you mean clans?"), "\(path)")
            }
            tables.script.withLock { $0.refusal = "points is no number: \"many\"" }
            let answer = try await world.get("/v1/tables/clans?points__gt=many")
            #expect(answer.status == 400 && answer.text.contains(#"points is no number: \"many\""#))
        }
    }

    @Test func `the schema shows columns, indexes and versions`() async throws {
        try await Self.run { (world, tables) async throws in
            let text = try await world.get("/v1/tables/clans/schema").text
            #expect(text.contains(#""version":2"#) && text.contains(#""indexes":[["tag"],["seen_at","points"]]"#))
            #expect(
                text.contains(
                    #"{"name":"seen_at","type":"timestamp","path":["seen_at"],"format":null,"digits":3,"precision":null,"#
                        + #""required":false,"declared":false,"variant_of":null,"indexed":true}"#))
            #expect(text.contains(#"{"name":"points","type":"integer","path":["points"],"#))
            #expect(text.contains(#"{"change":"widened-column","column":"points","from":"integer","to":"decimal"}"#))
            let first = try await world.get("/v1/tables/clans/schema?version=1").text
            #expect(first.contains(#""version":1,"disposition""#) && !first.contains(#""name":"rate""#))
            let none = try await world.get("/v1/tables/clans/schema?version=3")
            #expect(none.status == 404 && none.text.contains("its versions are 1, 2"))
        }
    }

    @Test func `rejected rows come with their reason`() async throws {
        try await Self.run { (world, tables) async throws in
            tables.script.withLock {
                $0.rejected = [
                    RejectedRow(
                        table: "clans",
                        document: DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "A"),
                        version: 4, index: 2, reason: "required", column: "tag", row: #"{"tag":null}"#,
                        at: Timestamp(seconds: 0))
                ]
            }
            let line =
                #"{"rejects":[{"table":"clans","at":"1970-01-01T00:00:00Z","reason":"required","column":"tag","#
                + #""source":"clash","dataset":"clan","key":"A","version":4,"index":2,"row":{"tag":null}}]}"# + "\n"
            #expect(try await world.get("/v1/tables/clans/rejects").text == line)
            #expect(try await world.get("/v1/rejects?limit=1").text == line)
        }
    }

    // MARK: SQL

    @Test func `SQL is asked as JSON or as plain text and answered in arrays`() async throws {
        try await Self.run { (world, tables) async throws in
            tables.script.withLock {
                $0.result = QueryResult(
                    columns: [ResultColumn(name: "n", type: nil), ResultColumn(name: "n", type: .integer)],
                    rows: [[.text("x"), .integer(1)]], isTruncated: true)
            }
            let json = try await world.post("/v1/query", #"{"sql":"select 1","limit":5,"timeout":2.5}"#)
            #expect(
                json.text == #"{"columns":[{"name":"n","type":null},{"name":"n","type":"integer"}],"#
                    + #""rows":[["x",1]],"truncated":true}"# + "\n")
            #expect(json["Freshet-Truncated"] == "1")
            let plain = try await world.get(
                "/v1/query?limit=9&format=ndjson", ["Content-Type: text/plain"], method: "POST", body: "select 2")
            #expect(plain.text == "{\"n\":\"x\",\"n_2\":1}\n")
            let (statements, limits) = tables.script.withLock { ($0.statements, $0.limits) }
            #expect(statements == ["select 1", "select 2"])
            #expect(limits == [QueryLimits(time: .seconds(2.5), rows: 5), QueryLimits(rows: 9)])
        }
    }

    @Test func `bad SQL is a problem with the store's words, and limits have limits`() async throws {
        try await Self.run { (world, tables) async throws in
            tables.script.withLock { $0.refusal = "near \"selec\": syntax error" }
            let bad = try await world.post("/v1/query", #"{"sql":"selec"}"#)
            #expect(bad.status == 400 && bad.text.contains(#"near \"selec\": syntax error"#))
            for body in [
                #"{"sql":"x","limit":0}"#, #"{"sql":"x","limit":100001}"#, #"{"sql":"x","timeout":61}"#, #"{"sq":"x"}"#,
            ] {
                #expect(try await world.post("/v1/query", body).status == 400, "\(body)")
            }
            #expect(try await world.get("/v1/query", method: "POST", body: "select 1").status == 415)
        }
    }

    // MARK: Access

    @Test func `reads of tables need a token where reads do`() async throws {
        try await Self.run(configure: { $0.server.readsNeedToken = true }) { (world, _) async throws in
            for path in ["/v1/tables", "/v1/tables/clans", "/v1/tables/clans/schema", "/v1/rejects"] {
                #expect(try await world.get(path).status == 401, "\(path)")
            }
            #expect(try await world.post("/v1/query", #"{"sql":"select 1"}"#).status == 401)
        }
    }

    @Test func `a rollback is told to the store, and a refusal is a conflict`() async throws {
        try await Self.run { (world, tables) async throws in
            let path = "/admin/schema/clans/rollback"
            let done = try await world.post(path, #"{"version":1,"discard":true}"#)
            #expect(done.status == 200 && done.text.contains(#""table":"clans""#), "\(done.text)")
            tables.script.withLock { $0.refusal = "3 values would be lost" }
            let refused = try await world.post(path, #"{"version":1}"#)
            #expect(refused.status == 409 && refused.text.contains("3 values would be lost"))
            #expect(tables.script.withLock { $0.rollbacks } == ["clans to 1, discards", "clans to 1, keeps"])
            #expect(try await world.post("/admin/schema/none/rollback", #"{"version":1}"#).status == 404)
        }
    }
}

@Suite struct TableFormatTests {
    @Test(arguments: [
        ("", TableFormat.json), ("*/*", .json), ("text/csv", .csv), ("application/x-ndjson", .ndjson),
        ("text/html,application/xhtml+xml,*/*;q=0.8", .json), ("application/json;q=0.5, text/csv", .csv),
        ("text/csv;q=0, application/json;q=0.1", .json), ("application/jsonl", .ndjson), ("image/png", .json),
    ])
    func `Accept chooses the form`(accept: String, format: TableFormat) {
        #expect(TableFormat(accept: accept) == format)
    }
}
