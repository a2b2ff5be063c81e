import FreshetCore

private typealias F = TableFixture

extension TableContract {
    private static func rows(_ more: (String, RowMaker.Value)...) -> RowMaker { RowMaker([("id", .int(1))] + more) }

    static let contracts: [Check] = [
        Check("a new field becomes a column by a numbered version, told as an event") { f in
            try await f.commit(rows(("a", .int(1))), spec: F.spec(), at: 0)
            let result = try await f.commit(rows(("a", .int(1)), ("b", .text("x"))), spec: F.spec(), at: 1)
            try expectEqual(try f.effect(result).changes, [.addedColumn("b")])
            try expectEqual(result.events.map(\.type), ["schema.changed"], "events")
            try expectEqual(try await f.rows(), ["1|1|x"])
            let versions = try await f.store.schemaVersions(of: "crimes")
            try expectEqual(versions.map(\.schema.version), [2, 1], "versions, newest first")
            try expectEqual(versions.map(\.at), [F.t(1), F.t(0)], "their times")
            try expectEqual(versions[0].cause, "\(F.id("A"))", "their cause")
            // A dropped field changes nothing but the values.
            let dropped = try f.effect(await f.commit(rows(("a", .int(1))), spec: F.spec(), at: 2))
            try expectEqual(dropped.changes, [], "a dropped field is no change of the schema")
            try expectEqual(try await f.rows(), ["1|1|-"])
        },
        Check("a frozen schema stops the dataset once, keeps its rows, and goes on when it is thawed") { f in
            let frozen = F.spec { $0.contract.columns = .freeze }
            try await f.commit(rows(("a", .int(1))), spec: frozen, at: 0)
            let result = try await f.commit(rows(("a", .int(2)), ("b", .int(1))), spec: frozen, at: 1)
            let stop = try require(result.tables?.stop, "a stop")
            try expectEqual(stop.kind, "frozen")
            try expect(stop.message.contains("freshet schema diff crimes"), "the message names the way on")
            try expectEqual(result.effect, .newVersion, "the document is stored all the same")
            try expectEqual(result.events.map(\.type), ["tables.stopped"])
            try expectEqual(try await f.rows(), ["1|1"], "the old rows")
            let again = try await f.commit(rows(("a", .int(3)), ("b", .int(1))), spec: frozen, at: 2)
            try expect(again.events.isEmpty, "told once")
            try expectEqual(try await f.store.tableStops().keys.map(\.self), [F.dataset])
            let thawed = try await f.commit(rows(("a", .int(3)), ("b", .int(1))), spec: F.spec(), at: 3, mark: 2)
            try expect(thawed.tables?.stop == nil, "no stop")
            try expectEqual(try await f.rows(), ["1|3|1"])
            try expect(try await f.store.tableStops().isEmpty, "the stop is forgotten")
        },
        Check("discard_row and discard_value of new columns") { f in
            let row = F.spec { $0.contract.columns = .discardRow }
            try await f.commit(rows(("a", .int(1))), spec: row, at: 0)
            let refused = try f.effect(
                await f.commit(
                    RowMaker([("id", .int(1)), ("a", .int(1))], [("id", .int(2)), ("b", .int(1))]), spec: row, at: 1))
            try expectEqual([refused.rejected, refused.unchanged], [1, 1])
            let reject = try require(await f.store.rejects(of: "crimes", limit: 9).first, "a reject")
            try expectEqual(
                [reject.reason, reject.column ?? "", reject.row], ["new-column", "b", "{\"id\":2,\"b\":1}"])
            try expectEqual(reject.index, 1, "its place")
            let value = F.spec { $0.contract.columns = .discardValue }
            let left = try f.effect(
                await f.commit(rows(("a", .int(2)), ("b", .int(1))), spec: value, at: 2, mark: 2))
            try expectEqual([left.discarded, left.updated], [1, 1])
            try expectEqual(try await f.rows(), ["1|2"])
            try expect(try await f.store.rejects(of: nil, limit: 9).isEmpty, "the rejects of the fetch before are gone")
        },
        Check("a number that becomes text is met by each mode of types") { f in
            let modes: [SchemaContract.Mode] = [.evolve, .discardRow, .discardValue, .freeze]
            let wanted = [["1|-|x", "2|5|-"], ["2|5"], ["1|-", "2|5"], ["1|4", "2|5"]]
            for (mode, wanted) in zip(modes, wanted) {
                let spec = F.spec { $0.contract.types = mode }
                try await f.commit(
                    RowMaker([("id", .int(1)), ("a", .int(4))], [("id", .int(2)), ("a", .int(5))]), spec: spec, at: 0)
                let result = try await f.commit(
                    RowMaker([("id", .int(1)), ("a", .text("x"))], [("id", .int(2)), ("a", .int(5))]), spec: spec, at: 1
                )
                try expectEqual(result.tables?.stop?.kind, mode == .freeze ? "frozen" : nil, "a stop under \(mode)")
                try expectEqual(try await f.rows(), wanted, "rows under \(mode)")
                if mode == .evolve {
                    try expectEqual(try await f.schema().columns.last?.name, "a__v_text")
                    try expectEqual(try await f.schema().columns.last?.variantOf, "a")
                }
                try await f.store.dropTables(of: F.dataset, now: F.t(2))
            }
        },
        Check("a list where an object was makes a child table, as the contract allows") { f in
            let slots = RowMaker.child(
                "crimes__slots", ["crimes", "slots"], ["crimes_id": .parent, "slots_index": .index(level: 1)],
                [[("crimes_id", .int(1)), ("slots_index", .int(0)), ("user", .int(7))]])
            let spec = F.spec { $0.contract.tables = .discardValue }
            try await f.commit(rows(("slots_user", .int(7))), spec: spec, at: 0)
            let result = try await f.commit(rows(), slots, spec: spec, at: 1)
            try expectEqual(try f.effect(result, "crimes__slots").discarded, 3, "values left out")
            try expectEqual(try await f.store.tables().map(\.schema.name), ["crimes"])
            let thawed = try await f.commit(rows(("x", .int(1))), slots, spec: F.spec(), at: 2, mark: 2)
            try expectEqual(try f.effect(thawed, "crimes__slots").inserted, 1)
            try expectEqual(try await f.rows(), ["1|-|1"], "the flattened column stays, empty")
        },
    ]

    static let types: [Check] = [
        Check("numbers stay exact, whatever their size, and an integer column widens") { f in
            let spec = F.spec()
            try await f.commit(rows(("n", .int(5))), spec: spec, at: 0)
            try expectEqual(try await f.schema().column("n")?.type, .integer)
            let numbers = ["1.5", "12345678901234567890", "0.1", "1e-7", "123456789.123456789123", "-1e999"]
            let maker = RowMaker(
                rows: [[("id", .int(0)), ("n", .int(7))]]
                    + numbers.enumerated().map { [("id", .int(Int64($0.offset + 1))), ("n", .num($0.element))] })
            let widened = try f.effect(await f.commit(maker, spec: spec, at: 1))
            try expectEqual(widened.changes, [.widenedColumn("n", from: .integer, to: .decimal)])
            try expectEqual(
                try await f.rows("crimes", ["n"]),
                ["7d", "1.5d", "12345678901234567890d", "0.1d", "1e-07d", "123456789.123456789123d", "-1e999d"])
            let sorted = try await f.rows("crimes", ["n"]) { $0.sort = [("n", false)] }
            try expectEqual(
                sorted,
                ["-1e999d", "1e-07d", "0.1d", "1.5d", "7d", "123456789.123456789123d", "12345678901234567890d"],
                "sorted as numbers")
            let big = try await f.rows("crimes", ["n"]) {
                $0.filters = [.init(column: "n", relation: .greater, values: ["123456789.12345678912"])]
            }
            try expectEqual(big, ["12345678901234567890d", "123456789.123456789123d"], "compared as numbers")
        },
        Check("a column of both \"1\" and 1 is text, and both are kept") { f in
            let spec = F.spec()
            try await f.commit(
                RowMaker([("id", .int(1)), ("a", .int(1))], [("id", .int(2)), ("a", .text("1"))]), spec: spec, at: 0)
            try expectEqual(try await f.rows(), ["1|1", "2|1"])
            try expectEqual(try await f.schema().column("a")?.type, .text)
        },
        Check("moments keep their digits, in the order of time") { f in
            let spec = F.spec()
            try await f.commit(rows(("at", .text("2023-05-28T14:42:40Z"))), spec: spec, at: 0)
            try expectEqual(try await f.schema().column("at")?.type, .timestamp)
            let moments = ["2023-05-28T14:42:40.123456789Z", "2023-05-28T14:42:40Z", "2023-05-28T16:42:39+02:00"]
            try await f.commit(
                RowMaker(
                    rows: moments.enumerated().map { [("id", .int(Int64($0.offset))), ("at", .text($0.element))] }),
                spec: spec, at: 1)
            try expectEqual(try await f.schema().column("at")?.digits, 9, "digits")
            let sorted = try await f.rows("crimes", ["at"]) { $0.sort = [("at", false)] }
            try expectEqual(sorted, ["1685284959.0t", "1685284960.0t", "1685284960.123456789t"], "sorted by time")
            let later = try await f.rows("crimes", ["id"]) {
                $0.filters = [.init(column: "at", relation: .greater, values: ["2023-05-28T14:42:40Z"])]
            }
            try expectEqual(later, ["0"], "filtered by time")
        },
        Check("declared formats and types are kept, and strings of numbers fit them") { f in
            let spec = F.spec {
                $0.columns = [
                    ColumnSpec(name: "at", type: .timestamp, format: .unixSeconds),
                    ColumnSpec(name: "day", type: .date, format: .dayMonthYear),
                    ColumnSpec(name: "n", type: .integer), ColumnSpec(name: "ok", type: .boolean),
                    ColumnSpec(name: "t", type: .text),
                ]
                $0.absent = ["None", "0"]
            }
            try await f.commit(
                RowMaker(
                    [
                        ("id", .int(1)), ("at", .int(1_685_284_960)), ("day", .text("28.05.2023")), ("n", .text("12")),
                        ("ok", .int(1)), ("t", .num("1.50")),
                    ],
                    [
                        ("id", .int(2)), ("at", .int(0)), ("day", .text("None")), ("n", .text("None")),
                        ("t", .bool(true)),
                    ]),
                spec: spec, at: 0)
            try expectEqual(
                try await f.rows("crimes", ["id", "at", "day", "n", "ok", "t"]),
                ["1|1685284960.0t|19505day|12|true|1.50", "2|-|-|-|-|true"])
            try expectEqual(try await f.schema().column("at")?.digits, 0, "digits of whole seconds")
        },
    ]

    static let declarations: [Check] = [
        Check("indexes, checks and views are made, and a broken check is reported") { f in
            var dataset = DatasetConfig(id: F.dataset, template: try require(try? PathTemplate("/crimes")))
            var spec = F.spec { $0.indexes = [["day"]] }
            spec.columns = [
                ColumnSpec(name: "id", type: .integer), ColumnSpec(name: "day", type: .text),
                ColumnSpec(name: "n", type: .integer),
            ]
            dataset.tables = TablesConfig(specs: [spec])
            let view = ViewSpec(
                name: "totals", summary: "", tables: ["crimes"], sqlite: "SELECT sum(n) AS total FROM crimes")
            try expectEqual(try await f.store.prepare([dataset], views: [view], now: F.t(0)), [])
            try expectEqual(try await f.store.tables().first?.indexes, [["_key", "id"], ["day"]])
            try await f.commit(rows(("day", .text("x")), ("n", .int(3))), spec: spec, at: 1)
            let total = try await f.store.query("SELECT total FROM totals", limits: QueryLimits())
            try expectEqual(total.rows, [[.integer(3)]], "the view")
            spec.checks = [RowCheck(column: "n", relation: .less, values: [.number("3")])]
            spec.indexes = []
            dataset.tables = TablesConfig(specs: [spec])
            let stops = try await f.store.prepare([dataset], views: [view], now: F.t(2))
            try expectEqual(stops.map(\.kind), ["check"], "a check that rows break")
            try expectEqual(try await f.store.tables().first?.indexes, [["_key", "id"]])
            let effect = try f.effect(
                await f.commit(
                    RowMaker([("id", .int(1)), ("n", .int(4))], [("id", .int(2)), ("n", .int(2))]), spec: spec, at: 3,
                    mark: 2))
            try expectEqual(effect.rejected, 1, "a row that breaks it")
            try expectEqual(try await f.rows("crimes", ["id", "n"]), ["2|2"])
            try expectEqual(try await f.store.rejects(of: "crimes", limit: 1).first?.reason, "check")
            try expectEqual(try await f.store.prepare([dataset], views: [view], now: F.t(4)), [], "now it holds")
        },
        Check("another primary key stops with the way on; after dropping, the tables are made anew") { f in
            try await f.commit(RowMaker([("id", .int(1)), ("b", .int(2))]), spec: F.spec(), at: 0)
            let other = F.spec(key: ["b"])
            let stopped = try await f.commit(RowMaker([("id", .int(1)), ("b", .int(3))]), spec: other, at: 1, mark: 2)
            try expectEqual(stopped.tables?.stop?.kind, "incompatible")
            try expect(
                stopped.tables?.stop?.message.contains("freshet replay torn.crimes --rebuild") ?? false, "the way on")
            try expect(try await f.store.document(F.id("A"))?.state.tablesMark == nil, "the mark is gone")
            var dataset = DatasetConfig(id: F.dataset, template: try require(try? PathTemplate("/crimes")))
            for (spec, stops) in [(other, 1), (F.spec(), 0)] {
                dataset.tables = TablesConfig(specs: [spec])
                try expectEqual(try await f.store.prepare([dataset], views: [], now: F.t(1)).count, stops)
                try expectEqual(try await f.store.tableStops().count, stops, "stops after looking at the declaration")
            }
            try await f.store.dropTables(of: F.dataset, now: F.t(2))
            try expect(try await f.store.tables().isEmpty, "no table")
            try await f.commit(RowMaker([("id", .int(1)), ("b", .int(4))]), spec: other, at: 3, mark: 2)
            try expectEqual(try await f.schema().key, ["b"])
            try expectEqual(try await f.schema().version, 2, "numbers of versions go on")
        },
        Check("a name that another dataset's table has is refused") { f in
            try await f.commit(rows(), spec: F.spec(), at: 0)
            let other = DocumentID(dataset: DatasetID(source: "torn", name: "other"), key: "A")
            let result = try await f.store.commit(
                RefreshCommit(
                    id: other, outcome: ContractFixture.content("x"), at: F.t(1),
                    tables: TableCommit(
                        rows: RowMaker.document([rows()]), specs: [F.spec()], mark: 1, fetchedAt: F.t(1))))
            try expectEqual(result.tables?.stop?.kind, "name-taken")
            try expectEqual(try await f.rows(), ["1"])
        },
    ]

    static let refusals: [Check] = [
        Check("a required null, a repeated key and a key without a value are refused") { f in
            let spec = F.spec {
                $0.columns = [ColumnSpec(name: "name", type: .text)]
                $0.columns[0].isRequired = true
            }
            let effect = try f.effect(
                await f.commit(
                    RowMaker(
                        [("id", .int(1)), ("name", .text("first"))], [("id", .int(1)), ("name", .text("second"))],
                        [("id", .int(2)), ("name", .null)], [("id", .null), ("name", .text("x"))]), spec: spec, at: 0))
            try expectEqual([effect.inserted, effect.rejected, effect.duplicates], [1, 3, 1])
            try expectEqual(
                try await f.rows("crimes", ["id", "name"]), ["1|first"], "the first of a repeated key stays")
            let rejects = try await f.store.rejects(of: "crimes", limit: 9)
            try expectEqual(rejects.map(\.reason), ["required", "required", "duplicate-key"], "newest first")
            try expectEqual(rejects.map(\.index), [3, 2, 1])
            try expectEqual(try await f.store.tables().first?.rejected, 3)
        },
        Check("the children of a refused row are refused") { f in
            let spec = F.spec { $0.checks = [RowCheck(column: "id", relation: .less, values: [.number("2")])] }
            let slots = RowMaker.child(
                "crimes__slots", ["crimes", "slots"], ["crimes_id": .parent, "slots_index": .index(level: 1)],
                [1, 2].map { [("crimes_id", .int($0)), ("slots_index", .int(0))] })
            let result = try await f.commit(RowMaker([("id", .int(1))], [("id", .int(2))]), slots, spec: spec, at: 0)
            try expectEqual(try f.effect(result, "crimes__slots").rejected, 1)
            try expectEqual(try await f.rows("crimes__slots"), ["1|0"])
        },
    ]
}
