import FreshetCore

private typealias F = ContractFixture

extension ClusterContract {
    static let fences: [Check] = [
        Check("a lease given elsewhere ends its job once, and only with a fence above the last one") { c in
            try await c.words.enqueue("A")
            let lease = try await c.words.leaseOne()
            try expect(try await c.words.end(lease, .retry(at: F.t(0), error: F.note())), "a held job can be retried")
            let job = try await c.words.job(lease.job.id)
            try expectEqual(job.state, .ready)
            for fence in [lease.fence - 1, lease.fence] {
                let stale = LeasedJob(job: job, fence: fence)
                try expect(try await !c.otherWords.end(stale, .done), "a fence that is not above the last is refused")
            }
            let elsewhere = LeasedJob(job: job, fence: lease.fence + 1)
            let commit = RefreshCommit(
                id: F.id("A"), outcome: F.content("x"), at: F.t(1), job: (lease: elsewhere, end: .done))
            _ = try await c.other.commit(commit)
            try await expectError({ $0 == .fenced(jobID: job.id) }, "it takes effect once") { () throws(StoreError) in
                try await c.store.commit(commit)
            }
            try expectEqual(try await c.words.document("A").state.version, 1)
        },
        Check("a job leased here is ended by nobody else, however high the fence") { c in
            try await c.words.enqueue("A")
            let lease = try await c.words.leaseOne()
            let foreign = LeasedJob(job: lease.job, fence: lease.fence + 1_000_000_000)
            try expect(try await !c.otherWords.end(foreign, .done), "the lease is in other hands")
            let beats = try await c.other.heartbeat([foreign], leaseFor: .seconds(9), now: F.t(1))
            try expectEqual(beats, [false])
            try expect(try await c.words.end(lease, .done), "its holder ends it")
        },
        Check("a lease that ran out cannot end its job after somebody made it ready") { c in
            try await c.words.enqueue("A")
            let lease = try await c.words.leaseOne(leaseFor: .seconds(10))
            let recovered = try await c.other.recoverLeases(all: false, now: F.t(10))
            try expectEqual(recovered, 1)
            try expect(try await !c.words.end(lease, .done, at: 11), "it was lost")
            let next = try await c.otherWords.leaseOne(at: 11)
            try expect(next.fence > lease.fence, "the next lease has a higher fence")
        },
        Check("a claimed lease is held here: nobody leases the job, and its holder ends it") { c in
            for key in ["A", "B"] { try await c.words.enqueue(key) }
            let jobs = try await c.store.unfinishedJobs(after: 0, limit: 9)
            let leases = jobs.map { LeasedJob(job: $0, fence: 1_000 + $0.id) }
            let claimed = try await c.store.claim(leases, leaseFor: .seconds(60), now: F.t(0))
            try expectEqual(claimed, [true, true])
            try expect(try await c.otherWords.lease(9).isEmpty, "nothing is left to lease")
            let again = try await c.store.claim(leases, leaseFor: .seconds(60), now: F.t(1))
            try expectEqual(again, [true, true], "claiming twice changes nothing")
            var foreign = leases[0]
            foreign.fence += 1
            let refused = try await c.other.claim([foreign], leaseFor: .seconds(60), now: F.t(1))
            try expectEqual(refused, [false], "it is in other hands")
            let beats = try await c.store.heartbeat(leases, leaseFor: .seconds(60), now: F.t(2))
            try expectEqual(beats, [true, true])
            try expect(try await c.words.end(leases[0], .done, at: 3), "its holder ends it")
            let finished = try await c.store.claim([leases[0]], leaseFor: .seconds(60), now: F.t(4))
            try expectEqual(finished, [false], "a finished job is nobody's")
            let recovered = try await c.other.recoverLeases(all: false, now: F.t(62))
            try expectEqual(recovered, 1, "a claimed lease runs out like any other")
            let late = try await c.store.claim([leases[1]], leaseFor: .seconds(60), now: F.t(63))
            try expectEqual(late, [false], "and cannot be claimed again")
        },
        Check("unfinished jobs come in order of their numbers, page by page") { c in
            try await c.words.enqueue("leased", .critical)
            _ = try await c.words.leaseOne()
            _ = try await c.words.kill("dead")
            try await c.words.enqueue("done", .critical)
            let done = try await c.words.leaseOne()
            try expect(try await c.words.end(done, .done), "the lease holds")
            for number in 0..<5 { try await c.words.enqueue("k\(number)", notBefore: number == 2 ? F.t(99) : nil) }
            let all = try await c.other.unfinishedJobs(after: 0, limit: 100)
            try expectEqual(all.map(\.document.key), ["leased", "k0", "k1", "k2", "k3", "k4"])
            try expectEqual(all.map(\.state), [.leased, .ready, .ready, .waiting, .ready, .ready])
            let page = try await c.other.unfinishedJobs(after: all[1].id, limit: 2)
            try expectEqual(page.map(\.document.key), ["k1", "k2"])
        },
        Check("two processes lease and commit: each job takes effect once") { c in
            let keys = 120
            for number in 0..<keys { try await c.words.enqueue("k\(number)") }
            let done = try await withThrowingTaskGroup(of: [String].self) { group in
                for worker in 0..<12 {
                    group.addTask {
                        let words = worker % 2 == 0 ? c.words : c.otherWords
                        var done: [String] = []
                        while case let leases = try await words.lease(3), !leases.isEmpty {
                            for lease in leases {
                                let event = NewEvent(
                                    type: "dataset.updated", source: "clash", document: lease.job.document)
                                _ = try await words.store.commit(
                                    RefreshCommit(
                                        id: lease.job.document, outcome: F.content(lease.key), at: F.t(1),
                                        job: (lease: lease, end: .done), events: [event]))
                                done.append(lease.key)
                            }
                        }
                        return done
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try expectEqual(done.count, keys)
            try expectEqual(Set(done).count, keys, "each by one worker")
            let log = try await c.other.events(after: 0, limit: 10_000).events
            try expectEqual(log.map(\.offset), (1...Int64(keys)).map(\.self), "one event each, without gaps")
        },
        Check("a reader of the event log beside writers of two processes never skips an offset") { c in
            let (tasks, rounds) = (8, 25)
            async let writing: Void = withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks {
                    group.addTask {
                        let store = task % 2 == 0 ? c.store : c.other
                        for _ in 0..<rounds {
                            _ = try await store.append([NewEvent(type: "tick", source: nil)], now: F.t(0))
                        }
                    }
                }
                try await group.waitForAll()
            }
            var last: Int64 = 0
            while last < Int64(tasks * rounds) {
                for event in try await c.other.events(after: last, limit: 7).events {
                    try expectEqual(event.offset, last + 1, "the next offset")
                    last = event.offset
                }
            }
            try await writing
        },
        Check("of many processes that swap a value one wins each time") { c in
            try await c.store.setValue([0], for: "mode")
            let wins = try await withThrowingTaskGroup(of: UInt8.self) { group in
                for task in 1...UInt8(20) {
                    group.addTask {
                        let store = task % 2 == 0 ? c.store : c.other
                        return try await store.swapValue([0], with: [task], for: "mode") ? task : 0
                    }
                }
                return try await group.reduce(into: [UInt8]()) { if $1 > 0 { $0.append($1) } }
            }
            try expectEqual(wins.count, 1)
            try expectEqual(try await c.other.value("mode"), wins)
            let born = try await withThrowingTaskGroup(of: Bool.self) { group in
                for task in 0..<20 {
                    group.addTask { try await c.store.swapValue(nil, with: [UInt8(task)], for: "new") }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try expectEqual(born, 1, "also where there was none")
        },
    ]
}
