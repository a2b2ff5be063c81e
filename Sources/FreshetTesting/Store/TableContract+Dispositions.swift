import FreshetCore

private typealias F = TableFixture

extension TableContract {
    static let replacing: [Check] = [
        Check("replace writes rows, exchanges them, and leaves other documents alone") { f in
            let spec = F.spec()
            let first = try await f.commit(
                RowMaker([("id", .int(1)), ("name", .text("a"))], [("id", .int(2)), ("name", .text("b"))]), spec: spec,
                at: 0)
            try expectEqual(try f.effect(first).inserted, 2, "rows of the first fetch")
            try await f.commit("B", RowMaker([("id", .int(1)), ("name", .text("z"))]), spec: spec, at: 1)
            let second = try f.effect(
                await f.commit(
                    RowMaker([("id", .int(2)), ("name", .text("b"))], [("id", .int(3)), ("name", .text("c"))]),
                    spec: spec, at: 2))
            try expectEqual(second.inserted, 1, "new rows")
            try expectEqual(second.unchanged, 1, "equal rows")
            try expectEqual(second.deleted, 1, "rows that went")
            try expectEqual(
                try await f.rows("crimes", ["_key", "id", "name"]), ["A|2|b", "A|3|c", "B|1|z"], "rows of both keys")
            let summary = try require(await f.store.tables().first, "a table")
            try expectEqual(summary.rows, 3, "the count of rows")
            try expectEqual(summary.indexes.first, ["_key", "id"], "the key as the first index")
        },
        Check("rows that did not change are not rewritten") { f in
            let spec = F.spec()
            let rows = { (last: String) in
                RowMaker(
                    [("id", .int(1)), ("name", .text("a")), ("x", .num("1.5"))],
                    [("id", .int(2)), ("name", .text(last)), ("x", .num("1e400"))])
            }
            try await f.commit(rows("b"), spec: spec, at: 0)
            let effect = try f.effect(await f.commit(rows("c"), spec: spec, at: 5))
            try expectEqual(effect.updated, 1, "changed rows")
            try expectEqual(effect.unchanged, 1, "equal rows")
            try expectEqual(
                try await f.rows("crimes", ["id", "x", "_version", "_fetched_at"]),
                ["1|1.5d|1|1700000000.0t", "2|1e400d|2|1700000005.0t"], "provenance tells who was written")
        },
        Check("an empty list empties the rows of its document, children included") { f in
            let spec = F.spec()
            let slots = RowMaker.child(
                "crimes__slots", ["crimes", "slots"], ["crimes_id": .parent, "slots_index": .index(level: 1)],
                [[("crimes_id", .int(1)), ("slots_index", .int(0)), ("user", .int(7))]])
            try await f.commit(RowMaker([("id", .int(1))]), slots, spec: spec, at: 0)
            try expectEqual(try await f.rows("crimes__slots"), ["1|0|7"], "the child row")
            try expectEqual(try await f.schema("crimes__slots").key, ["crimes_id", "slots_index"], "the child's key")
            // The child table is not even mentioned by a document that has no slots.
            try await f.commit(RowMaker(rows: []), spec: spec, at: 1)
            try expectEqual(try await f.rows(), [], "rows after an empty list")
            try expectEqual(try await f.rows("crimes__slots"), [], "child rows after an empty list")
        },
        Check("the same content again writes nothing") { f in
            let rows = RowMaker([("id", .int(1)), ("name", .text("a"))])
            try await f.commit(rows, spec: F.spec(), at: 0)
            let again = try await f.commit(rows, spec: F.spec(), at: 9)
            try expectEqual(again.effect, .stateOnly)
            try expect(again.tables?.tables.isEmpty ?? true, "no effect on any table")
            let mark = try await f.store.document(F.id("A"))?.state.tablesMark
            try expectEqual(mark, 1, "the mark of the specifications")
            let changed = try await f.commit(rows, spec: F.spec { $0.maxDeletes = 0.1 }, at: 10, mark: 2)
            try expectEqual(try f.effect(changed).unchanged, 1, "rows looked at again for another specification")
        },
    ]

    static let appending: [Check] = [
        Check("append keeps what was there, and a re-run of the same content adds nothing") { f in
            let spec = F.spec(.append, key: [])
            try await f.commit(RowMaker([("n", .int(1))], [("n", .int(1))]), spec: spec, at: 0)
            try await f.commit(RowMaker([("n", .int(2))]), spec: spec, at: 1)
            try expectEqual(try await f.rows(), ["1", "1", "2"], "rows in the order of their coming")
            let rows = RowMaker.document([RowMaker([("n", .int(2))])])
            let outcome = try await f.store.apply(
                TableCommit(rows: rows, specs: [spec], mark: 1, fetchedAt: F.t(9)), for: F.id("A"), version: 2,
                now: F.t(9))
            try expectEqual(outcome.tables.first?.unchanged, 1, "a row that is known")
            try expectEqual(try await f.rows(), ["1", "1", "2"], "rows after the re-run")
        },
        Check("append by fetch adds the rows of each fetch, once") { f in
            let spec = F.spec(.append, key: []) { $0.idempotency = .fetch }
            let rows = RowMaker([("n", .int(1))])
            try await f.commit(rows, spec: spec, at: 0)
            try await f.commit(rows, spec: spec, at: 1)
            try await f.commit(rows, spec: spec, at: 1)
            try expectEqual(try await f.rows(), ["1", "1"], "one row a fetch")
        },
        Check("append by columns adds a row whose values are new, nulls included") { f in
            let spec = F.spec(.append, key: []) { $0.idempotency = .columns(["day", "n"]) }
            let rows = { (value: Int64) in
                RowMaker(
                    [("day", .text("x")), ("v", .int(value))],
                    [("day", .text("x")), ("n", .int(2)), ("v", .int(value))])
            }
            try await f.commit(rows(1), spec: spec, at: 0)
            try await f.commit(rows(2), spec: spec, at: 1)
            try await f.commit("B", rows(3), spec: spec, at: 2)
            try expectEqual(
                try await f.rows("crimes", ["_key", "v"]), ["A|1", "A|1", "B|3", "B|3"], "once for each document")
        },
        Check("a disposition for one commit overrides the declared one") { f in
            let spec = F.spec(.append, key: [])
            try await f.commit(RowMaker([("n", .int(1))]), spec: spec, at: 0)
            try await f.commit(RowMaker([("n", .int(2))]), spec: spec, at: 1, disposition: .replace)
            try expectEqual(try await f.rows(), ["2"], "replaced once")
            let keyed = F.spec()
            try await f.store.dropTables(of: F.dataset, now: F.t(2))
            try await f.commit(RowMaker([("id", .int(1))]), spec: keyed, at: 3, mark: 2)
            try await f.commit(RowMaker([("id", .int(2))]), spec: keyed, at: 4, mark: 2, disposition: .append)
            try expectEqual(try await f.rows(), ["1", "2"], "nothing removed")
        },
    ]

    static let merging: [Check] = [
        Check("merge updates, adds, marks what went, and takes back what comes again") { f in
            let spec = F.spec(.merge)
            try await f.commit(
                RowMaker([("id", .int(1)), ("v", .int(1))], [("id", .int(2)), ("v", .int(1))]), spec: spec, at: 0)
            let second = try f.effect(
                await f.commit(
                    RowMaker([("id", .int(2)), ("v", .int(2))], [("id", .int(3)), ("v", .int(1))]), spec: spec, at: 1))
            try expectEqual([second.inserted, second.updated, second.deleted], [1, 1, 1], "new, changed, gone")
            try expectEqual(try await f.rows(), ["2|2", "3|1"], "rows that are there")
            let all = try await f.rows("crimes", ["id", "_deleted_at"]) { $0.includesDeleted = true }
            try expectEqual(all, ["1|1700000001.0t", "2|-", "3|-"], "the deleted row is marked")
            let third = try f.effect(
                await f.commit(
                    RowMaker(
                        [("id", .int(1)), ("v", .int(1))], [("id", .int(2)), ("v", .int(2))],
                        [("id", .int(3)), ("v", .int(1))]),
                    spec: spec, at: 2))
            try expectEqual([third.inserted, third.unchanged], [1, 2], "the row that came again")
            let summary = try require(await f.store.tables().first, "a table")
            try expectEqual([summary.rows, summary.deleted], [3, 0], "counts")
        },
        Check("a guard holds back deletions in bulk until they are accepted") { f in
            let spec = F.spec(.merge)
            let many = RowMaker(rows: (0..<40).map { [("id", .int($0))] })
            try await f.commit(many, spec: spec, at: 0)
            let few = RowMaker(rows: (0..<5).map { [("id", .int($0))] })
            let held = try f.effect(await f.commit(few, spec: spec, at: 1))
            try expectEqual([held.deleted, held.guarded], [0, 35], "held back")
            try expectEqual(try await f.store.tables().first?.rows, 40, "rows")
            let fewer = RowMaker(rows: (0..<4).map { [("id", .int($0))] })
            let accepted = try f.effect(await f.commit(fewer, spec: spec, at: 2, acceptsDeletes: true))
            try expectEqual([accepted.deleted, accepted.guarded], [36, 0], "accepted")
            let small = try f.effect(await f.commit(RowMaker(rows: []), spec: spec, at: 3))
            try expectEqual(small.deleted, 4, "a handful of rows is no mass deletion")
        },
        Check("a merge leaves a row alone that the document holds but a check refuses, with its children") { f in
            let spec = F.spec(.merge) {
                $0.checks = [RowCheck(column: "v", relation: .less, values: [.number("9")])]
            }
            func slots(_ crimes: [Int64]) -> RowMaker {
                RowMaker.child(
                    "crimes__slots", ["crimes", "slots"], ["crimes_id": .parent, "slots_index": .index(level: 1)],
                    crimes.map { [("crimes_id", .int($0)), ("slots_index", .int(0))] })
            }
            try await f.commit(
                RowMaker([("id", .int(1)), ("v", .int(1))], [("id", .int(2)), ("v", .int(2))]), slots([1, 2]),
                spec: spec, at: 0)
            let second = try await f.commit(
                RowMaker([("id", .int(1)), ("v", .int(9))], [("id", .int(3)), ("v", .int(3))]), slots([3]),
                spec: spec, at: 1)
            let effect = try f.effect(second)
            try expectEqual([effect.rejected, effect.deleted, effect.inserted], [1, 1, 1], "refused, gone, new")
            try expectEqual(try await f.rows(), ["1|1", "3|3"], "the refused row stays as it was")
            try expectEqual(try await f.rows("crimes__slots"), ["1|0", "3|0"], "and so do its children")
        },
        Check("an incomplete merge marks nothing, but keeps the children of its rows exact") { f in
            let spec = F.spec(.merge) { $0.isComplete = false }
            func slots(_ crime: Int64, _ users: [Int64]) -> [[(String, RowMaker.Value)]] {
                users.enumerated().map { place, user in
                    [("crimes_id", .int(crime)), ("slots_index", .int(Int64(place))), ("user", .int(user))]
                }
            }
            func child(_ rows: [[(String, RowMaker.Value)]]) -> RowMaker {
                .child(
                    "crimes__slots", ["crimes", "slots"], ["crimes_id": .parent, "slots_index": .index(level: 1)], rows)
            }
            try await f.commit(
                RowMaker([("id", .int(1))], [("id", .int(2))]), child(slots(1, [7, 8]) + slots(2, [9])), spec: spec,
                at: 0)
            try await f.commit(RowMaker([("id", .int(1))]), child(slots(1, [7])), spec: spec, at: 1)
            try expectEqual(try await f.rows(), ["1", "2"], "both crimes")
            try expectEqual(try await f.rows("crimes__slots"), ["1|0|7", "2|0|9"], "the slots of both, exactly")
        },
        Check("the guard of one table leaves the child rows of another alone") { f in
            let crimes = F.spec(.merge)
            var members = F.spec(.merge)
            members.name = "members"
            func document(_ crime: ClosedRange<Int64>, _ member: ClosedRange<Int64>, at seconds: Int64) async throws {
                func parents(_ name: String, _ spec: Int, _ ids: ClosedRange<Int64>) -> RowMaker {
                    var maker = RowMaker(rows: ids.map { [("id", .int($0))] })
                    (maker.name, maker.path, maker.spec) = (name, [name], spec)
                    return maker
                }
                func children(_ name: String, _ spec: Int, _ ids: ClosedRange<Int64>) -> RowMaker {
                    var maker = RowMaker.child(
                        "\(name)__slots", [name, "slots"], ["parent_id": .parent, "_i1": .index(level: 1)],
                        ids.map { [("parent_id", .int($0)), ("_i1", .int(0))] })
                    maker.spec = spec
                    return maker
                }
                // Declared tables come first, then the child tables of all of them.
                let rows = RowMaker.document([
                    parents("crimes", 0, crime), parents("members", 1, member), children("crimes", 0, crime),
                    children("members", 1, member),
                ])
                _ = try await f.store.commit(
                    RefreshCommit(
                        id: F.id("A"), outcome: ContractFixture.content("\(seconds)"), at: F.t(seconds),
                        tables: TableCommit(rows: rows, specs: [crimes, members], mark: 1, fetchedAt: F.t(seconds))))
            }
            try await document(1...40, 1...40, at: 0)
            try await document(1...5, 1...39, at: 1)
            let counts = try await f.store.tables().map { "\($0.schema.name) \($0.rows) \($0.deleted)" }
            try expectEqual(
                counts, ["crimes 40 0", "crimes__slots 40 0", "members 39 1", "members__slots 39 1"],
                "rows and deleted rows: the crimes are guarded, the members are not")
        },
    ]
}
