import FreshetCore
import FreshetDocument
import FreshetPostgres
import FreshetTesting
import Testing

/// Several processes, each a store of its own, meet the same changes at once.
@Suite(.enabled(if: PrivatePostgres.isInstalled), .timeLimit(.minutes(5))) struct TableRaceTests {
    private func stores(_ count: Int, _ uri: String) async throws -> [PostgresStore] {
        var stores: [PostgresStore] = []
        for _ in 0..<count { stores.append(try await PostgresStore.open(PostgresOptions(connection: Secret(uri)))) }
        return stores
    }

    private static func commit(_ key: String, _ text: String, _ specs: [TableSpec]) throws -> RefreshCommit {
        let now = Timestamp(seconds: 1_700_000_000)
        let tape = try JSONTape(Array(text.utf8))
        let normaliser = try DocumentNormaliser(TablesConfig(specs: specs))
        let rows = normaliser.rows(of: tape, key: key, parameters: [:], fetchedAt: now)
        let hash = withUnsafeBytes(of: RowHash.text(key + text)) { Array($0) }
        return RefreshCommit(
            id: DocumentID(dataset: datasetOfRows, key: key),
            outcome: .content(
                FetchedContent(
                    body: tape.bytes, contentHash: hash + hash, bodyHash: hash + hash, freshFor: .seconds(60))),
            at: now, tables: TableCommit(rows: rows, specs: specs, mark: 1, fetchedAt: now))
    }

    @Test func `processes that meet new columns at once neither fail nor lose one`() async throws {
        let stores = try await stores(4, try await PrivatePostgres.shared().database())
        var spec = TableSpec(name: "things", rows: .auto)
        spec.disposition = .replace
        let specs = [spec]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, store) in stores.enumerated() {
                for number in 0..<40 {
                    group.addTask {
                        // Every document brings a column of its own and one that all bring, in another type each time.
                        let value = number % 3 == 0 ? "1.5" : number % 3 == 1 ? "7" : "\"text\""
                        let text = """
                            {"id":\(number),"own_\(number % 20)":1,"all":\(value),"list":[{"v_\(number % 5)":\(index)}]}
                            """
                        let result = try await store.commit(Self.commit("k\(index)-\(number)", text, specs))
                        #expect(result.tables?.stop == nil)
                    }
                }
            }
            try await group.waitForAll()
        }
        let tables = try await stores[0].tables()
        #expect(tables.map(\.schema.name) == ["things", "things__list"])
        #expect(tables.map(\.rows) == [160, 160])
        #expect(Set(tables[0].schema.columns.map(\.name)).isSuperset(of: (0..<20).map { "own_\($0)" }))
        // Which type came first decides which columns the others got.
        let kinds = tables[0].schema.columns.map(\.name).filter { $0 == "all" || $0.hasPrefix("all__v_") }
        let sum = kinds.map { "count(\"\($0)\")" }.joined(separator: " + ")
        let counted = try await stores[1].query(
            "SELECT count(*), count(own_7), \(sum) FROM things", limits: QueryLimits())
        #expect(counted.rows == [[.integer(160), .integer(8), .integer(160)]])
        let versions = try await stores[2].schemaVersions(of: "things")
        #expect(versions.map(\.schema.version) == Array((1...versions.count).reversed()))
        for store in stores { await store.close() }
    }

    @Test func `appended rows are numbered in the order of their commits, without gaps`() async throws {
        let stores = try await stores(3, try await PrivatePostgres.shared().database())
        var (one, two) = (TableSpec(name: "log", rows: .path("$.a[*]")), TableSpec(name: "book", rows: .path("$.b[*]")))
        (one.disposition, two.disposition) = (.append, .append)
        let specs = [one, two]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, store) in stores.enumerated() {
                for number in 0..<50 {
                    group.addTask {
                        let text = "{\"a\":[{\"n\":1},{\"n\":2}],\"b\":[{\"n\":\(number)}]}"
                        _ = try await store.commit(Self.commit("k\(index)-\(number)", text, specs))
                    }
                }
            }
            try await group.waitForAll()
        }
        let found = try await stores[0].query(
            "SELECT count(*), min(_seq), max(_seq), count(DISTINCT _seq) FROM log", limits: QueryLimits())
        #expect(found.rows == [[.integer(300), .integer(1), .integer(300), .integer(300)]])
        for store in stores { await store.close() }
    }

    @Test func `the same document from two processes ends as one of the two`() async throws {
        let stores = try await stores(2, try await PrivatePostgres.shared().database())
        var spec = TableSpec(name: "things", rows: .path("$[*]"))
        (spec.disposition, spec.primaryKey) = (.replace, ["id"])
        let specs = [spec]
        for round in 0..<20 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, store) in stores.enumerated() {
                    group.addTask {
                        let rows = (0..<30).map { "{\"id\":\($0),\"v\":\(index),\"r\":\(round)}" }
                        let result = try await store.commit(
                            Self.commit("k\(round)", "[\(rows.joined(separator: ","))]", specs))
                        #expect(result.tables?.stop == nil)
                    }
                }
                try await group.waitForAll()
            }
        }
        let mixed = try await stores[0].query(
            "SELECT _key FROM things GROUP BY _key HAVING count(DISTINCT v) > 1 OR count(*) <> 30",
            limits: QueryLimits())
        #expect(mixed.rows == [])
        #expect(try await stores[1].tables().first?.rows == 600)
        for store in stores { await store.close() }
    }
}
