import FreshetCore

private typealias F = TableFixture

extension TableContract {
    static let history: [Check] = [
        Check("superseded rows are kept with their time, and any moment can be asked for") { f in
            for disposition in [WriteDisposition.replace, .merge] {
                let spec = F.spec(disposition) { $0.keepsHistory = true }
                func rows(_ values: (Int64, Int64)...) -> RowMaker {
                    RowMaker(rows: values.map { [("id", .int($0.0)), ("v", .int($0.1))] })
                }
                try await f.commit(rows((1, 1), (2, 1)), spec: spec, at: 0)
                try await f.commit(rows((1, 2), (2, 1)), spec: spec, at: 10)
                try await f.commit(rows((1, 2)), spec: spec, at: 20)
                try await f.commit(rows((1, 2), (2, 1)), spec: spec, at: 30)
                let wanted: [(Int64, [String])] = [
                    (-1, []), (0, ["1|1", "2|1"]), (9, ["1|1", "2|1"]), (10, ["1|2", "2|1"]), (20, ["1|2"]),
                    (29, ["1|2"]),
                    (30, ["1|2", "2|1"]),
                ]
                for (moment, wanted) in wanted {
                    let found = try await f.rows { $0.asOf = F.t(moment) }
                    try expectEqual(found, wanted, "rows at \(moment) under \(disposition)")
                }
                try await f.store.dropTables(of: F.dataset, now: F.t(40))
            }
        },
        Check("a rollback restores the earlier columns, and withheld ones do not come back") { f in
            let spec = F.spec()
            try await f.commit(RowMaker([("id", .int(1)), ("a", .int(1))]), spec: spec, at: 0)
            try await f.commit(RowMaker([("id", .int(1)), ("a", .num("1.5")), ("b", .text("x"))]), spec: spec, at: 1)
            try await expectError(
                { if case .refused = $0 { true } else { false } }, "values would be lost",
                from: { () async throws(StoreError) in
                    try await f.store.rollback("crimes", to: 1, discards: false, now: F.t(2))
                })
            try expectEqual(try await f.rows(), ["1|1.5d|x"], "nothing was changed")
            let schema = try await f.store.rollback("crimes", to: 1, discards: true, now: F.t(2))
            try expectEqual(schema.version, 3)
            try expectEqual(schema.columns.map(\.name), ["id", "a"])
            try expectEqual(try await f.rows(), [], "a row that no integer can hold is moved to the rejects")
            try expectEqual(
                try await f.store.rejects(of: "crimes", limit: 1).first?.row, "{\"id\":1,\"a\":1.5,\"b\":\"x\"}")
            let result = try await f.commit(
                RowMaker([("id", .int(1)), ("a", .int(3)), ("b", .text("y"))]), spec: spec, at: 3)
            try expectEqual(try f.effect(result).discarded, 1, "the withheld column's value")
            try expectEqual(try await f.rows(), ["1|3"])
            let versions = try await f.store.schemaVersions(of: "crimes")
            try expectEqual(versions.first?.cause, "rollback")
            try expectEqual(versions.first?.changes, [.rolledBack(to: 1)])
        },
        Check("a rollback that loses nothing needs no leave") { f in
            let spec = F.spec()
            try await f.commit(RowMaker([("id", .int(1)), ("at", .text("2023-05-28T14:42:40Z"))]), spec: spec, at: 0)
            try await f.commit(
                RowMaker([("id", .int(1)), ("at", .text("2023-05-28T14:42:40.123456789Z"))]), spec: spec, at: 1)
            try await f.commit(RowMaker([("id", .int(1)), ("at", .text("2023-05-28T14:42:40Z"))]), spec: spec, at: 2)
            _ = try await f.store.rollback("crimes", to: 1, discards: false, now: F.t(3))
            try expectEqual(try await f.schema().column("at")?.digits, 6)
            try expectEqual(try await f.rows(), ["1|1685284960.0t"])
        },
    ]

    static let reading: [Check] = [
        Check("pages by cursor are complete and stable while rows are written") { f in
            let spec = F.spec(.append, key: [])
            let rows = RowMaker(
                rows: (0..<50).map { [("n", .int($0 % 7)), ("x", $0 % 5 == 0 ? .null : .num("\($0).5"))] })
            try await f.commit(rows, spec: spec, at: 0)
            for sort in [[], [("n", false)], [("x", true), ("n", false)], [("x", false)], [("n", true)]]
                as [[(String, Bool)]]
            {
                var query = TableQuery(table: "crimes")
                query.columns = ["_seq", "n", "x"]
                query.sort = sort
                query.limit = 10_000
                let whole = try await f.store.rows(query).rows.filter { $0[1] != .integer(100) }
                query.limit = 7
                var paged: [[TableValue]] = []
                repeat {
                    let page = try await f.store.rows(query)
                    paged += page.rows
                    query.cursor = page.cursor
                    try await f.commit(
                        "K\(paged.count)\(sort)", RowMaker([("n", .int(100)), ("x", .null)]), spec: spec, at: 1)
                } while query.cursor != nil
                try expectEqual(paged.filter { $0[1] != .integer(100) }, whole, "all pages sorted by \(sort)")
            }
        },
        Check("filters of every kind") { f in
            let spec = F.spec()
            let rows = RowMaker(
                [("id", .int(1)), ("t", .text("alpha")), ("n", .int(5)), ("ok", .bool(true))],
                [("id", .int(2)), ("t", .text("beta")), ("n", .int(6)), ("ok", .bool(false))],
                [("id", .int(3)), ("t", .null), ("n", .null), ("ok", .null)])
            try await f.commit(rows, spec: spec, at: 0)
            let wanted: [(String, TableQuery.Relation, [String], [String])] = [
                ("t", .equal, ["alpha", "beta"], ["1", "2"]), ("t", .notEqual, ["alpha"], ["2"]),
                ("n", .less, ["6"], ["1"]), ("n", .lessOrEqual, ["6"], ["1", "2"]), ("n", .greater, ["5.5"], ["2"]),
                ("n", .greaterOrEqual, ["5"], ["1", "2"]), ("t", .like, ["%et%"], ["2"]),
                ("t", .isNull, ["true"], ["3"]),
                ("t", .isNull, ["false"], ["1", "2"]), ("ok", .equal, ["true"], ["1"]),
                ("_key", .equal, ["A"], ["1", "2", "3"]),
            ]
            for (column, relation, values, wanted) in wanted {
                let found = try await f.rows("crimes", ["id"]) {
                    $0.filters = [.init(column: column, relation: relation, values: values)]
                }
                try expectEqual(found, wanted, "\(column) \(relation) \(values)")
            }
        },
        Check("unknown tables, columns, values and foreign cursors are refused") { f in
            try await f.commit(RowMaker(rows: (0..<9).map { [("id", .int($0))] }), spec: F.spec(), at: 0)
            var first = TableQuery(table: "crimes")
            first.limit = 2
            let cursor = try await f.store.rows(first).cursor
            var bad: [TableQuery] = [TableQuery(table: "nothing"), TableQuery(table: "freshet_documents")]
            for change in [
                { $0.columns = ["x"] }, { $0.sort = [("x", false)] }, { $0.limit = 0 },
                { $0.filters = [.init(column: "id", relation: .equal, values: ["a"])] }, { $0.cursor = "zzz" },
                { ($0.cursor, $0.sort) = (cursor, [("id", true)]) }, { $0.asOf = F.t(0) },
            ] as [(inout TableQuery) -> Void] {
                var query = TableQuery(table: "crimes")
                change(&query)
                bad.append(query)
            }
            for query in bad {
                try await expectError(
                    { if case .refused = $0 { true } else { false } }, "\(query)",
                    from: { () async throws(StoreError) in try await f.store.rows(query) })
            }
        },
    ]

    static let questions: [Check] = [
        Check("SQL reads tables with their types, up to a limit of rows") { f in
            let spec = F.spec { $0.columns = [ColumnSpec(name: "at", type: .timestamp, format: .unixSeconds)] }
            try await f.commit(
                RowMaker(
                    [("id", .int(1)), ("at", .int(1_685_284_960)), ("ok", .bool(true)), ("x", .num("1.5"))],
                    [("id", .int(2)), ("at", .null), ("ok", .bool(false)), ("x", .num("1e400"))]), spec: spec, at: 0)
            let result = try await f.store.query(
                "SELECT at, ok, x, id + 1 AS more FROM crimes ORDER BY id", limits: QueryLimits())
            try expectEqual(result.columns.map(\.name), ["at", "ok", "x", "more"])
            try expectEqual(
                result.rows,
                [
                    [.timestamp(seconds: 1_685_284_960, nanoseconds: 0), .boolean(true), .decimal("1.5"), .integer(2)],
                    [.null, .boolean(false), .decimal("1e400"), .integer(3)],
                ])
            let cut = try await f.store.query("SELECT id FROM crimes; -- end", limits: QueryLimits(rows: 1))
            try expectEqual([cut.rows.count, cut.isTruncated ? 1 : 0], [1, 1], "cut off and said so")
        },
        Check("SQL that writes, looks behind the tables, or takes too long is refused") { f in
            try await f.commit(RowMaker([("id", .int(1))]), spec: F.spec(), at: 0)
            let bad = [
                "DELETE FROM crimes", "UPDATE crimes SET id = 2", "DROP TABLE crimes",
                "SELECT * FROM freshet_documents",
                "SELECT * FROM sqlite_master", "PRAGMA table_info(crimes)", "SELECT * FROM pragma_table_info('crimes')",
                "ATTACH 'x' AS y", "SELECT load_extension('x')", "SELECT printf('%.*c', 9, 'x')", "SELEC", "",
                "SELECT 1; SELECT 2",
                "SELECT 1; DROP TABLE crimes", "SELECT 1; nonsense", "BEGIN",
                "SELECT * FROM nothing", "VACUUM", "CREATE TEMP TABLE x (a)", "SELECT count(*) FROM freshet_tokens",
            ]
            for sql in bad {
                try await expectError(
                    { if case .refused = $0 { true } else { false } }, sql,
                    from: { () async throws(StoreError) in try await f.store.query(sql, limits: QueryLimits()) })
            }
            let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
            try await expectError(
                { if case .refused(let why) = $0 { why.contains("longer than") } else { false } }, "an endless query",
                from: { () async throws(StoreError) in
                    try await f.store.query(endless, limits: QueryLimits(time: .milliseconds(20)))
                })
            try expectEqual(try await f.rows(), ["1"])
        },
    ]

    static let transactions: [Check] = [
        Check("a fenced commit writes no rows") { f in
            let admitted: [DatasetID: Priority] = [F.dataset: .low]
            _ = try await f.store.enqueue(
                [EnqueueRequest(document: F.id("A"), priority: .high, cause: "read")], now: F.t(0))
            let request = LeaseRequest(admitted: admitted, count: 1, leaseFor: .seconds(60))
            let lease = try require(await f.store.lease(request, now: F.t(0)).first, "a lease")
            _ = try await f.store.recoverLeases(all: true, now: F.t(1))
            let commit = RefreshCommit(
                id: F.id("A"), outcome: ContractFixture.content("x"), at: F.t(2), job: (lease: lease, end: .done),
                tables: TableCommit(
                    rows: RowMaker.document([RowMaker([("id", .int(1))])]), specs: [F.spec()], mark: 1,
                    fetchedAt: F.t(2)))
            try await expectError(
                { if case .fenced = $0 { true } else { false } }, "the commit is fenced",
                from: { () async throws(StoreError) in try await f.store.commit(commit) })
            try expect(try await f.store.tables().isEmpty, "no table")
        },
        Check("filler that loses against real data writes no rows") { f in
            try await f.commit(RowMaker([("id", .int(1))]), spec: F.spec(), at: 0)
            let result = try await f.store.commit(
                RefreshCommit(
                    id: F.id("A"), outcome: ContractFixture.content("filler", origin: .fallback), at: F.t(1),
                    tables: TableCommit(
                        rows: RowMaker.document([RowMaker([("id", .int(9))])]), specs: [F.spec()], mark: 1,
                        fetchedAt: F.t(1))))
            try expect(result.tables == nil, "no outcome")
            try expectEqual(try await f.rows(), ["1"])
        },
        Check("a preview tells what would happen and writes nothing") { f in
            let spec = F.spec { $0.destinations = ["warehouse"] }
            try await f.commit(RowMaker([("id", .int(1))]), spec: spec, at: 0)
            let commit = TableCommit(
                rows: RowMaker.document([RowMaker([("id", .int(2)), ("b", .text("x"))])]), specs: [spec], mark: 2,
                fetchedAt: F.t(1))
            let outcome = try await f.store.preview(commit, for: F.id("A"))
            let effect = try require(outcome.tables.first, "an effect")
            try expectEqual([effect.inserted, effect.deleted], [1, 1])
            try expectEqual(effect.changes, [.addedColumn("b")])
            try expectEqual(try await f.rows(), ["1"])
            try expectEqual(try await f.schema().version, 1)
            try expectEqual(try await f.store.outbox(of: "warehouse", limit: 9).count, 1)
            let later = try f.effect(await f.commit(RowMaker([("id", .int(2)), ("b", .text("x"))]), spec: spec, at: 2))
            try expectEqual(later.schemaVersion, 2)
            try expectEqual(try await f.rows(), ["2|x"])
        },
        Check("changed rows are queued for their warehouse until it has confirmed them") { f in
            let spec = F.spec { $0.destinations = ["warehouse"] }
            try await f.commit(RowMaker([("id", .int(1))]), spec: spec, at: 0)
            try await f.commit(RowMaker([("id", .int(2))]), spec: spec, at: 1)
            let entries = try await f.store.outbox(of: "warehouse", limit: 9)
            try expectEqual(entries.map(\.document), [F.id("A"), F.id("A")])
            try expect(entries[0].id < entries[1].id && entries[0].fetchID < entries[1].fetchID, "in order")
            let depth = try require(await f.store.outboxDepth()["warehouse"], "a depth")
            try expectEqual(depth.count, 2)
            try expectEqual(depth.oldest, F.t(0))
            try await f.store.confirmOutbox([entries[0].id])
            try expectEqual(try await f.store.outbox(of: "warehouse", limit: 9).map(\.id), [entries[1].id])
        },
        Check("rows, schemas, rejects and stops survive closing and opening") { f in
            let spec = F.spec(.merge) { $0.keepsHistory = true }
            try await f.commit(RowMaker([("id", .int(1)), ("v", .int(1))], [("id", .null)]), spec: spec, at: 0)
            try await f.commit(RowMaker([("id", .int(1)), ("v", .int(2))], [("id", .null)]), spec: spec, at: 1)
            await f.store.close()
            let again = TableFixture(store: try await f.open(), open: f.open)
            do {
                try expectEqual(try await again.rows(), ["1|2"])
                try expectEqual(try await again.rows { $0.asOf = F.t(0) }, ["1|1"])
                try expectEqual(try await again.store.rejects(of: nil, limit: 9).count, 1)
                let effect = try again.effect(
                    await again.commit(
                        RowMaker([("id", .int(1)), ("v", .int(2))], [("id", .int(2)), ("v", .num("1.5"))]), spec: spec,
                        at: 2))
                try expectEqual([effect.inserted, effect.unchanged, effect.schemaVersion], [1, 1, 2])
                try expectEqual(try await again.store.tables().first?.rows, 2)
            } catch {
                await again.store.close()
                throw error
            }
            await again.store.close()
        },
    ]
}
