import FreshetCore

private typealias F = ContractFixture

extension StoreContract {
    static let queueQuestions: [JobCheck] = [
        JobCheck("the position counts the ready jobs of the source that go before") { f in
            let low = try await f.enqueue("low", .low)
            let cool = try await f.enqueue("cool", .medium)
            let hot = try await f.enqueue("hot", .medium, heat: 9, in: F.player)
            let urgent = try await f.enqueue("urgent", .critical)
            try await f.enqueue("alien", .critical, in: F.repo)
            let waiting = try await f.enqueue("waiting", .critical, notBefore: F.t(100))
            for (result, wanted) in [(urgent, 0), (hot, 1), (cool, 2), (low, 3)] {
                let position = try await f.store.position(of: result.jobID)
                try expectEqual(position, wanted, "the position")
            }
            let notReady = try await f.store.position(of: waiting.jobID)
            try expect(notReady == nil, "a waiting job has no position")
            let unknown = try await f.store.position(of: 999_999)
            try expect(unknown == nil, "an unknown job has no position")
        },
        JobCheck("jobs are listed in lease order, finished ones newest first") { f in
            try await f.enqueue("low", .low)
            try await f.enqueue("high", .high, in: F.player)
            try await f.enqueue("hot", .low, heat: 3)
            try await f.enqueue("repo", .medium, in: F.repo)
            let ready = try await f.store.jobs(in: .ready, source: nil, limit: 10)
            try expectEqual(ready.map(\.document.key), ["high", "repo", "hot", "low"])
            let clash = try await f.store.jobs(in: .ready, source: "clash", limit: 2)
            try expectEqual(clash.map(\.document.key), ["high", "hot"])
            for (second, lease) in try await f.lease(3).enumerated() {
                try expect(try await f.end(lease, .done, at: Int64(second)), "held")
            }
            let done = try await f.store.jobs(in: .done, source: nil, limit: 2)
            try expectEqual(done.map(\.document.key), ["hot", "repo"], "newest first")
            let leased = try await f.store.jobs(in: .leased, source: nil, limit: 10)
            try expect(leased.isEmpty, "nothing is leased")
            try await f.enqueue("w-low", .low, notBefore: F.t(100))
            try await f.enqueue("w-high", .high, notBefore: F.t(200))
            let waiting = try await f.store.jobs(in: .waiting, source: "clash", limit: 10)
            try expectEqual(waiting.map(\.document.key), ["w-high", "w-low"])
        },
        JobCheck("the depth counts jobs by state and priority, with the oldest ready moment") { f in
            try await f.enqueue("a", .low, at: 5)
            try await f.enqueue("b", .low, at: 3)
            try await f.enqueue("c", .high, at: 7)
            try await f.enqueue("d", .high, notBefore: F.t(100), at: 0)
            try await f.enqueue("r", .critical, in: F.repo, at: 1)
            let all = try await f.store.depth(source: nil)
            try expectEqual(all.counts[.ready], [.low: 2, .high: 1, .critical: 1])
            try expectEqual(all.counts[.waiting], [.high: 1])
            try expectEqual(all.total(.ready), 4)
            try expectEqual(all.total(.leased), 0)
            try expectEqual(all.oldestReady, [.low: F.t(3), .high: F.t(7), .critical: F.t(1)])
            let clash = try await f.store.depth(source: "clash")
            try expectEqual(clash.total(.ready), 3)
            let nobody = try await f.store.depth(source: "nobody")
            try expectEqual(nobody.total(.ready), 0)
            let lease = try await f.leaseOne(at: 8)
            try expectEqual(lease.key, "r")
            let leased = try await f.store.depth(source: "github")
            try expectEqual(leased.counts[.leased], [.critical: 1])
        },
        JobCheck("an unknown job is nil") { f in
            let byID = try await f.store.job(42)
            try expect(byID == nil, "no such id")
            let byDocument = try await f.store.job(for: F.id("A"))
            try expect(byDocument == nil, "no such document")
        },
    ]

    static let events: [Check] = [
        Check("events are ordered from 1 without gaps, whoever writes them") { f in
            let event = { (type: String) in NewEvent(type: type, source: "clash") }
            let first = try await f.store.append([event("a"), event("b")], now: F.t(0))
            try expectEqual(first.map(\.offset), [1, 2])
            let commit = try await f.commit(
                "A", F.content("x"), at: 1, onChange: [event("c")], events: [event("d")])
            try expectEqual(commit.events.map(\.offset), [3, 4])
            let log = try await f.store.events(after: 0, limit: 10)
            try expectEqual(log.events.map(\.type), ["a", "b", "c", "d"])
            try expectEqual(log.events.map(\.offset), [1, 2, 3, 4])
            try expectEqual(log.oldest, 1)
            try expectEqual(Array(log.events.suffix(2)), commit.events, "the events as the commit gave them")
        },
        Check("an event is read back whole") { f in
            let payload = Array("{\"v\":1,\"n\":\"\\u0000ü\"}".utf8)
            let new = [
                NewEvent(type: "dataset.updated", source: "clash", document: F.id("#A/1"), payload: payload),
                NewEvent(type: "started", source: nil, profile: "ann ü"),
            ]
            let written = try await f.store.append(new, now: F.t(7))
            let read = try await f.store.events(after: 0, limit: 10).events
            try expectEqual(read, written)
            try expectEqual(read.first?.document, F.id("#A/1"))
            try expectEqual(read.first?.payload, payload)
            try expectEqual(read.last?.source, nil)
            try expectEqual(read.last?.at, F.t(7))
            try expectEqual(read.map(\.profile), [nil, "ann ü"])
        },
        Check("events are paged by offset") { f in
            _ = try await f.store.append((0..<5).map { NewEvent(type: "t\($0)", source: nil) }, now: F.t(0))
            let page = try await f.store.events(after: 2, limit: 2)
            try expectEqual(page.events.map(\.offset), [3, 4])
            let end = try await f.store.events(after: 5, limit: 2)
            try expect(end.events.isEmpty, "nothing after the last")
            let beyond = try await f.store.events(after: 500, limit: 2)
            try expect(beyond.events.isEmpty, "nothing far behind the last")
        },
        Check("events on change are written only with a new version, the others always") { f in
            let change = NewEvent(type: "change", source: nil)
            let always = NewEvent(type: "always", source: nil)
            for (second, outcome) in [F.content("x"), F.content("x"), .failed(F.note())].enumerated() {
                try await f.commit("A", outcome, at: Int64(second), onChange: [change], events: [always])
            }
            let log = try await f.store.events(after: 0, limit: 10).events
            try expectEqual(log.map(\.type), ["change", "always", "always", "always"])
        },
        Check("old events are removed from the front only, and offsets go on") { f in
            for second in 0..<Int64(6) {
                _ = try await f.store.append([NewEvent(type: "t", source: nil)], now: F.t(second))
            }
            let two = try await f.store.removeEvents(before: F.t(4), limit: 2)
            try expectEqual(two, 2, "the limit")
            let rest = try await f.store.removeEvents(before: F.t(4), limit: 10)
            try expectEqual(rest, 2)
            let log = try await f.store.events(after: 0, limit: 10)
            try expectEqual(log.events.map(\.offset), [5, 6])
            try expectEqual(log.oldest, 5)
            let all = try await f.store.removeEvents(before: F.t(99), limit: 10)
            try expectEqual(all, 2)
            let empty = try await f.store.events(after: 0, limit: 10)
            try expect(empty.events.isEmpty && empty.oldest == nil, "an empty log has no oldest")
            let next = try await f.store.append([NewEvent(type: "t", source: nil)], now: F.t(7))
            try expectEqual(next.map(\.offset), [7], "an emptied log does not start again")
        },
        Check("removal leaves no gap when the clock was set back") { f in
            for second in [10, 0, 20] as [Int64] {
                _ = try await f.store.append([NewEvent(type: "t", source: nil)], now: F.t(second))
            }
            let removed = try await f.store.removeEvents(before: F.t(5), limit: 10)
            try expectEqual(removed, 0, "an old event behind a younger one stays")
            let log = try await f.store.events(after: 0, limit: 10).events
            try expectEqual(log.map(\.offset), [1, 2, 3])
        },
        Check("the log has a name that does not change") { f in
            let first = try await f.store.eventEpoch()
            try expect(!first.isEmpty, "a name")
            _ = try await f.store.append([NewEvent(type: "t", source: nil)], now: F.t(0))
            let second = try await f.store.eventEpoch()
            try expectEqual(first, second)
        },
    ]

    static let smallThings: [Check] = [
        Check("values are set, replaced and removed by name") { f in
            let none = try await f.store.value("budget/clash")
            try expect(none == nil, "nothing under a new name")
            try await f.store.setValue([1, 2, 0, 255], for: "budget/clash")
            try await f.store.setValue([], for: "empty")
            let first = try await f.store.value("budget/clash")
            try expectEqual(first, [1, 2, 0, 255])
            try await f.store.setValue([9], for: "budget/clash")
            let second = try await f.store.value("budget/clash")
            try expectEqual(second, [9])
            let empty = try await f.store.value("empty")
            try expectEqual(empty, [], "an empty value is a value")
            try await f.store.setValue(nil, for: "budget/clash")
            try await f.store.setValue(nil, for: "never")
            let removed = try await f.store.value("budget/clash")
            try expect(removed == nil, "removed")
        },
        Check("a value is swapped only for one who has seen it as it is") { f in
            let made = try await f.store.swapValue(nil, with: [1], for: "game/1")
            try expect(made, "nothing was there")
            let again = try await f.store.swapValue(nil, with: [2], for: "game/1")
            try expect(!again, "something is there")
            let stale = try await f.store.swapValue([9], with: [2], for: "game/1")
            try expect(!stale, "it is another")
            let swapped = try await f.store.swapValue([1], with: [2], for: "game/1")
            try expect(swapped, "it is this one")
            let value = try await f.store.value("game/1")
            try expectEqual(value, [2])
            let removed = try await f.store.swapValue([2], with: nil, for: "game/1")
            try expect(removed, "it is this one")
            let gone = try await f.store.value("game/1")
            try expect(gone == nil, "removed")
            var wins = 0
            try await f.store.setValue([0], for: "race")
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...20 {
                    group.addTask { try await f.store.swapValue([0], with: [UInt8(number)], for: "race") }
                }
                for try await won in group where won { wins += 1 }
            }
            try expectEqual(wins, 1, "one of twenty wins")
        },
        Check("values are listed by prefix, a page at a time") { f in
            for name in ["user/b", "user/a", "user/é", "users", "use", "user/%", "v"] {
                try await f.store.setValue(Array(name.utf8), for: name)
            }
            let all = try await f.store.values(prefix: "user/", after: nil, limit: 10)
            try expectEqual(all.map(\.name), ["user/%", "user/a", "user/b", "user/é"])
            try expectEqual(all.map(\.value), all.map { Array($0.name.utf8) })
            let page = try await f.store.values(prefix: "user/", after: "user/%", limit: 2)
            try expectEqual(page.map(\.name), ["user/a", "user/b"])
            let none = try await f.store.values(prefix: "w", after: nil, limit: 10)
            try expect(none.isEmpty, "none")
            let no = try await f.store.values(prefix: "user/", after: nil, limit: 0)
            try expect(no.isEmpty, "no limit, no values")
        },
        Check("tokens are listed oldest first and revoked once") { f in
            let token = { (id: String, role: TokenRecord.Role, second: Int64) in
                TokenRecord(
                    id: id, name: "name of \(id)", hash: F.hash(id) + F.hash(id), role: role, createdAt: F.t(second))
            }
            let (young, old) = (token("young", .admin, 9), token("old", .reader, 1))
            try await f.store.addToken(young)
            try await f.store.addToken(old)
            let all = try await f.store.tokens()
            try expectEqual(all, [old, young])
            let revoked = try await f.store.revokeToken(id: "old", now: F.t(20))
            try expect(revoked, "a token can be revoked")
            let twice = try await f.store.revokeToken(id: "old", now: F.t(30))
            try expect(!twice, "not twice")
            let unknown = try await f.store.revokeToken(id: "nobody", now: F.t(30))
            try expect(!unknown, "not an unknown one")
            let after = try await f.store.tokens()
            try expectEqual(after.map(\.revokedAt), [F.t(20), nil])
            try await expectError({ if case .cannotWrite = $0 { true } else { false } }, "an id is taken once") {
                () async throws(StoreError) in try await f.store.addToken(old)
            }
        },
        Check("a closed store answers unavailable, and closing twice is no harm") { f in
            try await f.commit("A", F.content("x"), at: 0)
            await f.store.close()
            await f.store.close()
            let isUnavailable = { (error: StoreError) in if case .unavailable = error { true } else { false } }
            try await expectError(isUnavailable, "a read") { () async throws(StoreError) in
                try await f.store.document(F.id("A"))
            }
            try await expectError(isUnavailable, "a write") { () async throws(StoreError) in
                try await f.store.setValue([1], for: "x")
            }
            try await expectError(isUnavailable, "the queue") { () async throws(StoreError) in
                try await f.store.lease(
                    LeaseRequest(admitted: [F.clan: .low], count: 1, leaseFor: .seconds(1)), now: F.t(0))
            }
        },
    ]
}
