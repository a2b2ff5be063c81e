import FreshetCore

private typealias F = ContractFixture

extension StoreContract {
    static let history: [Check] = [
        Check("versions are kept newest first with their spans when history is kept") { f in
            for (second, body) in [(0, "one"), (10, "two"), (20, "three")] {
                try await f.commit("A", F.content(body), at: Int64(second), keeps: true)
            }
            let versions = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 10)
            try expectEqual(versions.map(\.version), [3, 2, 1])
            try expectEqual(versions.map { text($0.body) }, ["three", "two", "one"])
            try expectEqual(versions.map(\.changedAt), [F.t(20), F.t(10), F.t(0)])
            try expectEqual(versions.map(\.endedAt), [nil, F.t(20), F.t(10)])
        },
        Check("only the current version stands when no history is kept") { f in
            for (second, body) in [(0, "one"), (10, "two"), (20, "three")] {
                try await f.commit("A", F.content(body), at: Int64(second))
            }
            let versions = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 10)
            try expectEqual(versions.map(\.version), [3])
            try expectEqual(versions.map { text($0.body) }, ["three"])
            try expectEqual(versions.map(\.changedAt), [F.t(20)])
        },
        Check("the version before the current one stands where that is asked for without history") { f in
            for (second, body) in [(0, "one"), (10, "two"), (20, "three")] {
                var commit = RefreshCommit(id: F.id("A"), outcome: F.content(body), at: F.t(Int64(second)))
                commit.keepsPrevious = true
                _ = try await f.store.commit(commit)
            }
            let versions = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 10)
            try expectEqual(versions.map(\.version), [3, 2])
            try expectEqual(versions.map { text($0.body) }, ["three", "two"])
            try expectEqual(versions.map(\.endedAt), [nil, F.t(20)])
        },
        Check("versions are cut by since, until and limit") { f in
            for second in 0..<6 {
                try await f.commit("A", F.content("v\(second)"), at: Int64(second) * 10, keeps: true)
            }
            let window = try await f.store.versions(of: F.id("A"), since: F.t(10), until: F.t(40), limit: 10)
            try expectEqual(window.map(\.version), [4, 3, 2], "since is included, until is not")
            let few = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 2)
            try expectEqual(few.map(\.version), [6, 5])
            let unknown = try await f.store.versions(of: F.id("B"), since: nil, until: nil, limit: 2)
            try expect(unknown.isEmpty, "no versions of an unknown document")
        },
        Check("as of gives the version that stood at a moment") { f in
            try await f.commit("A", F.content("one"), at: 0, keeps: true)
            try await f.commit("A", F.content("two"), at: 10, keeps: true)
            for (second, wanted) in [(-1, nil), (0, "one"), (9, "one"), (10, "two"), (99, "two")] as [(Int64, String?)]
            {
                let found = try await f.store.version(of: F.id("A"), asOf: F.t(second))
                try expectEqual(found.map { text($0.body) }, wanted, "the version at second \(second)")
            }
            let unknown = try await f.store.version(of: F.id("B"), asOf: F.t(5))
            try expect(unknown == nil, "nothing for an unknown document")
        },
        Check("as of is nil where retention has removed the version") { f in
            for (second, body) in [(0, "one"), (10, "two"), (20, "three")] {
                try await f.commit("A", F.content(body), at: Int64(second), keeps: true)
            }
            let removed = try await f.store.removeVersions(of: F.clan, endedBefore: F.t(15), limit: 10)
            try expectEqual(removed, 1)
            let early = try await f.store.version(of: F.id("A"), asOf: F.t(5))
            try expect(early == nil, "nil for a removed version")
            let middle = try await f.store.version(of: F.id("A"), asOf: F.t(15))
            try expectEqual(middle?.version, 2)
        },
        Check("retention removes ended versions only, in its dataset only, within its limit") { f in
            for second in 0..<5 {
                try await f.commit("A", F.content("v\(second)"), at: Int64(second), keeps: true)
                try await f.commit("A", F.content("v\(second)"), at: Int64(second), in: F.player, keeps: true)
            }
            let first = try await f.store.removeVersions(of: F.clan, endedBefore: F.t(100), limit: 3)
            try expectEqual(first, 3, "the limit")
            let second = try await f.store.removeVersions(of: F.clan, endedBefore: F.t(100), limit: 3)
            try expectEqual(second, 1, "the rest")
            let third = try await f.store.removeVersions(of: F.clan, endedBefore: F.t(100), limit: 3)
            try expectEqual(third, 0, "the current version always stays")
            let kept = try await f.document("A")
            try expectEqual(text(kept.body), "v4")
            let others = try await f.store.versions(of: F.id("A", F.player), since: nil, until: nil, limit: 10)
            try expectEqual(others.count, 5, "versions of another dataset")
        },
        Check("history that was kept stays when no more is kept") { f in
            try await f.commit("A", F.content("one"), at: 0, keeps: true)
            try await f.commit("A", F.content("two"), at: 10, keeps: true)
            try await f.commit("A", F.content("three"), at: 20, keeps: false)
            let versions = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 10)
            try expectEqual(versions.map(\.version), [3, 1], "the superseded version went, older ones stay")
        },
    ]

    static let census: [Check] = [
        Check("the census counts live, stale, missing, gone and unknown") { f in
            try await f.commit("fresh", F.content("12345", freshFor: .seconds(100)), at: 10)
            try await f.commit("stale", F.content("123", freshFor: .seconds(5)), at: 0)
            try await f.commit("doubted", F.content("1", freshFor: .seconds(100)), at: 5)
            try await f.commit("doubted", F.notFound(), at: 6)
            try await f.commit("missing", F.notFound(), at: 0)
            try await f.commit("gone", F.content("12", freshFor: .seconds(1)), at: 0)
            try await f.commit("gone", F.notFound(goneAfter: 1), at: 1)
            try await f.commit("unknown", .failed(F.note()), at: 0)
            try await f.commit("other", F.content("1"), at: 0, in: F.player)
            let census = try await f.store.census(at: F.t(20))
            var wanted = DatasetCensus()
            (wanted.live, wanted.stale, wanted.missing, wanted.gone, wanted.unknown) = (3, 2, 1, 1, 1)
            (wanted.bytes, wanted.oldest) = (11, F.t(0))
            try expectEqual(census[F.clan], wanted, "the census of clans")
            try expectEqual(census[F.player]?.live, 1)
            try expect(census[F.repo] == nil, "no census of a dataset without documents")
        },
        Check("due keys are the live and gone ones, oldest check first") { f in
            try await f.commit("c", F.content("c"), at: 3)
            try await f.commit("a", F.content("a"), at: 1)
            try await f.commit("gone", F.content("g"), at: 0)
            try await f.commit("gone", F.notFound(goneAfter: 1), at: 2)
            try await f.commit("late", F.content("l"), at: 50)
            try await f.commit("missing", F.notFound(), at: 0)
            try await f.commit("unknown", .failed(F.note()), at: 0)
            try await f.commit("a", F.content("p"), at: 0, in: F.player)
            let due = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(50), readSince: nil, limit: 10)
            try expectEqual(due.map(\.key), ["a", "gone", "c"])
            try expectEqual(due.map(\.checkedAt), [F.t(1), F.t(2), F.t(3)])
            let one = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(50), readSince: nil, limit: 1)
            try expectEqual(one.map(\.key), ["a"], "the limit takes the oldest")
        },
        Check("a key with an unfinished job is not due; with a finished one it is") { f in
            for key in ["ready", "waiting", "leased", "done"] { try await f.commit(key, F.content(key), at: 0) }
            for key in ["leased", "done"] { try await f.enqueue(key) }
            let leases = try await f.lease(2)
            let done = try require(leases.first { $0.key == "done" }, "the lease of done")
            try expect(try await f.end(done, .done), "a held job can end")
            try await f.enqueue("ready")
            try await f.enqueue("waiting", notBefore: F.t(500))
            let due = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(50), readSince: nil, limit: 10)
            try expectEqual(due.map(\.key), ["done"])
        },
        Check("dead letters are due after all others, those that died first before later ones") { f in
            for (index, key) in ["dead1", "dead2", "a", "b"].enumerated() {
                try await f.commit(key, F.content(key), at: Int64(index))
            }
            _ = try await f.kill("dead2", at: 5)
            _ = try await f.kill("dead1", at: 6)
            let all = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(50), readSince: nil, limit: 10)
            try expectEqual(all.map(\.key), ["a", "b", "dead2", "dead1"], "although the dead were checked before")
            for limit in 1...4 {
                let some = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(50), readSince: nil, limit: limit)
                try expectEqual(some, Array(all.prefix(limit)), "a limit of \(limit) cuts the same order")
            }
            try await f.store.recordReads([(id: F.id("dead1"), count: 1, last: F.t(20))])
            let read = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(50), readSince: F.t(20), limit: 9)
            try expectEqual(read.map(\.key), ["dead1"], "a dead letter that was read")
            let early = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(1), readSince: nil, limit: 9)
            try expectEqual(early.map(\.key), ["dead1"], "a dead letter is due by its age like any other")
        },
        Check("1,200 dead letters do not hide a key that is due") { f in
            let keys = (0..<1200).map { "dead\($0)" }
            for key in keys { try await f.commit(key, F.content(key), at: 0) }
            try await f.commit("alive", F.content("alive"), at: 1)
            let wishes = keys.map { EnqueueRequest(document: F.id($0), priority: .medium, cause: "schedule") }
            _ = try await f.store.enqueue(wishes, now: F.t(2))
            let leases = try await f.lease(1200, at: 2)
            _ = try await f.store.end(leases.map { ($0, .dead(F.note())) }, now: F.t(3))
            let due = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(50), readSince: nil, limit: 1000)
            try expectEqual(due.count, 1000)
            try expectEqual(due.first?.key, "alive")
        },
        Check("reads are added up, their last moment kept, unknown documents ignored") { f in
            try await f.commit("A", F.content("a"), at: 0)
            try await f.commit("B", F.content("b"), at: 1)
            try await f.store.recordReads([
                (id: F.id("A"), count: 3, last: F.t(20)), (id: F.id("A"), count: 2, last: F.t(10)),
                (id: F.id("nobody"), count: 9, last: F.t(9)), (id: F.id("x", F.repo), count: 9, last: F.t(9)),
            ])
            let all = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(99), readSince: nil, limit: 9)
            try expectEqual(all.map(\.key), ["A", "B"])
            try expectEqual(all.map(\.heat), [5, 0], "reads since the last refresh")
            let read = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(99), readSince: F.t(20), limit: 9)
            try expectEqual(
                read.map(\.key), ["A"], "a read at the moment itself counts, and an older one moved nothing")
            let later = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(99), readSince: F.t(21), limit: 9)
            try expect(later.isEmpty, "nobody read since then")
            let unknown = try await f.store.document(F.id("nobody"))
            try expect(unknown == nil, "a read makes no document")
        },
        Check("heat starts again at a refresh that confirmed the content, not at a failure") { f in
            try await f.commit("A", F.content("a"), at: 0)
            try await f.store.recordReads([(id: F.id("A"), count: 4, last: F.t(1))])
            try await f.commit("A", .failed(F.note()), at: 2)
            let failed = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(99), readSince: nil, limit: 9)
            try expectEqual(failed.map(\.heat), [4], "a failure is no refresh")
            try await f.commit("A", .notModified(validators: Validators(), freshFor: .seconds(1)), at: 3)
            let confirmed = try await f.store.dueKeys(of: F.clan, checkedBefore: F.t(99), readSince: F.t(1), limit: 9)
            try expectEqual(confirmed.map(\.heat), [0], "the heat starts again, the last read stays")
        },
    ]
}
