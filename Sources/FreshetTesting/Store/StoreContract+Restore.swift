import FreshetCore

private typealias F = ContractFixture

extension StoreContract {
    static let restore: [JobCheck] = [
        JobCheck("a backup's jobs come back as they were") { f in
            let waiting = RefreshJob(
                id: 77, document: F.id("w"), priority: .high, cause: "schedule", enqueuedAt: F.t(1),
                notBefore: F.t(900),
                attempts: 2, state: .waiting, heat: 5, lastError: F.note())
            let leased = RefreshJob(
                id: 78, document: F.id("l"), priority: .low, cause: "read", enqueuedAt: F.t(2), notBefore: F.t(2),
                attempts: 1, state: .leased, heat: 0)
            let dead = RefreshJob(
                id: 79, document: F.id("d"), priority: .medium, cause: "read", enqueuedAt: F.t(3), notBefore: F.t(3),
                attempts: 4, state: .dead, heat: 1, lastError: F.note("timeout", status: nil), finishedAt: F.t(40))
            let done = RefreshJob(
                id: 80, document: F.id("x"), priority: .medium, cause: "read", enqueuedAt: F.t(3), notBefore: F.t(3),
                state: .done, finishedAt: F.t(40))
            let result = try await f.store.restore([waiting, leased, dead, done], now: F.t(100))
            try expectEqual(result.added, 3)
            try expectEqual(result.raised + result.kept, 0)
            for (wanted, state) in [(waiting, RefreshJob.State.waiting), (leased, .ready), (dead, .dead)] {
                var found = try require(await f.store.job(for: wanted.document), "the job of \(wanted.document)")
                try expect(found.id != wanted.id || found.id <= 3, "ids are the store's own")
                found.id = wanted.id
                var same = wanted
                same.state = state
                try expectEqual(found, same)
            }
            try expect(try await f.store.job(for: F.id("x")) == nil, "what was finished stays finished")
            let next = try await f.store.nextWaiting(of: [F.clan])
            try expectEqual(next, F.t(900), "a waiting job is looked for when it falls due")
            try expectEqual(try await f.lease(5, at: 101).map(\.key), ["l"])
            try expectEqual(try await f.lease(5, at: 900).map(\.key), ["w"])
        },
        JobCheck("a backup doubles no job, lowers no priority and resets no tries") { f in
            let dead = try await f.kill("dead")
            try await f.enqueue("both", .medium, heat: 3)
            try await f.enqueue("urgent", .critical)
            func job(_ key: String, _ priority: Priority, _ state: RefreshJob.State, heat: Int = 0) -> RefreshJob {
                RefreshJob(
                    id: 1, document: F.id(key), priority: priority, cause: "schedule", enqueuedAt: F.t(0),
                    notBefore: F.t(0), attempts: 3, state: state, heat: heat)
            }
            let backup = [
                job("both", .high, .ready, heat: 9), job("urgent", .low, .waiting), job("dead", .high, .ready),
            ]
            for turn in 0..<2 {
                let result = try await f.store.restore(backup, now: F.t(5))
                try expectEqual(result.added, 0)
                try expectEqual(result.raised, turn == 0 ? 1 : 0, "a second time changes nothing")
                try expectEqual(result.kept, turn == 0 ? 2 : 3)
            }
            let both = try require(await f.store.job(for: F.id("both")), "the job")
            try expectEqual(both.priority, .high)
            try expectEqual(both.heat, 9)
            try expectEqual(both.attempts, 0)
            try expectEqual(both.cause, "read")
            try expectEqual(try await f.store.job(for: F.id("urgent"))?.priority, .critical)
            try expectEqual(try await f.store.job(for: F.id("dead"))?.id, dead, "what was given up on since stays so")
            let late = try await f.store.restore([job("both", .critical, .dead)], now: F.t(6))
            try expectEqual(late.kept, 1, "a dead letter of the backup disturbs no unfinished job")
            try expectEqual(try await f.store.depth(source: nil).total(.ready), 2)
        },
    ]
}
