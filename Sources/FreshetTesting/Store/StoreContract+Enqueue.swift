import FreshetCore

private typealias F = ContractFixture

extension StoreContract {
    static let enqueuing: [JobCheck] = [
        JobCheck("a new wish makes a ready job with everything it said") { f in
            let result = try await f.enqueue("A", .high, cause: "cold", heat: 7, at: 4)
            try expect(result.isNew && !result.raised, "a new job")
            let job = try await f.job(result.jobID)
            let wanted = RefreshJob(
                id: result.jobID, document: F.id("A"), priority: .high, cause: "cold", enqueuedAt: F.t(4),
                notBefore: F.t(4), state: .ready, heat: 7)
            try expectEqual(job, wanted)
            let found = try await f.store.job(for: F.id("A"))
            try expectEqual(found, wanted, "the same job by its document")
        },
        JobCheck("job ids ascend and are never used again") { f in
            let first = try await f.enqueue("A")
            let second = try await f.enqueue("B")
            try expect(second.jobID > first.jobID, "ids ascend")
            let dropped = try await f.store.drop(ids: [second.jobID])
            try expectEqual(dropped, 1)
            let third = try await f.enqueue("C")
            try expect(third.jobID > second.jobID, "the id of a dropped job is not given again")
        },
        JobCheck("a document has at most one unfinished job, in one call too") { f in
            let wish = EnqueueRequest(document: F.id("A"), priority: .medium, cause: "read")
            let other = EnqueueRequest(document: F.id("A", F.player), priority: .medium, cause: "read")
            let results = try await f.store.enqueue([wish, wish, other], now: F.t(0))
            try expectEqual(results.map(\.isNew), [true, false, true])
            try expectEqual(results[1].jobID, results[0].jobID)
            let again = try await f.enqueue("A", at: 5)
            try expectEqual(again, EnqueueResult(jobID: results[0].jobID, isNew: false, raised: false))
            let depth = try await f.store.depth(source: nil)
            try expectEqual(depth.total(.ready), 2)
        },
        JobCheck("a second wish can only raise priority and heat") { f in
            let first = try await f.enqueue("A", .medium, heat: 5)
            let lower = try await f.enqueue("A", .low, heat: 1)
            try expect(!lower.raised && !lower.isNew, "a lower wish changes nothing")
            let same = try await f.job(first.jobID)
            try expectEqual(same.priority, .medium)
            try expectEqual(same.heat, 5)
            let higher = try await f.enqueue("A", .critical, cause: "operator", heat: 9, at: 3)
            try expect(higher.raised, "a more urgent wish raises")
            let raised = try await f.job(first.jobID)
            try expectEqual(raised.priority, .critical)
            try expectEqual(raised.heat, 9)
            try expectEqual(raised.cause, "read", "the first cause stays")
            try expectEqual(raised.enqueuedAt, F.t(0), "the age stays")
        },
        JobCheck("a raise keeps the tries and the last error") { f in
            let first = try await f.enqueue("A", .low)
            let lease = try await f.leaseOne()
            try expect(try await f.end(lease, .retry(at: F.t(50), error: F.note())), "a held job can be retried")
            try await f.enqueue("A", .high, at: 1)
            let job = try await f.job(first.jobID)
            try expectEqual(job.attempts, 1, "tries are kept")
            try expectEqual(job.lastError, F.note())
            try expectEqual(job.priority, .high)
        },
        JobCheck("a reader or schedule does not wake a waiting job") { f in
            let first = try await f.enqueue("A", notBefore: F.t(100))
            for cause in ["read", "cold", "schedule", "retry"] {
                try await f.enqueue("A", .critical, cause: cause, at: 1)
                let job = try await f.job(first.jobID)
                try expectEqual(job.state, .waiting, "after a wish of \(cause)")
                try expectEqual(job.notBefore, F.t(100))
            }
        },
        JobCheck("a person wakes a waiting job, unless the wish has its own time") { f in
            for (key, cause) in [("A", "operator"), ("B", "cli")] {
                let first = try await f.enqueue(key, notBefore: F.t(100))
                let later = try await f.enqueue(key, cause: cause, notBefore: F.t(50), at: 1)
                try expect(!later.raised, "a wish with a time does not wake")
                let waiting = try await f.job(first.jobID)
                try expectEqual(waiting.state, .waiting)
                let woken = try await f.enqueue(key, cause: cause, at: 2)
                try expect(woken.raised && !woken.isNew, "woken is more urgent")
                let ready = try await f.job(first.jobID)
                try expectEqual(ready.state, .ready)
                try expectEqual(ready.notBefore, F.t(2))
            }
        },
        JobCheck("a leased job stays leased when it is raised") { f in
            let first = try await f.enqueue("A", .low)
            let lease = try await f.leaseOne()
            let raise = try await f.enqueue("A", .critical, cause: "operator", at: 1)
            try expectEqual(raise, EnqueueResult(jobID: first.jobID, isNew: false, raised: true))
            let job = try await f.job(first.jobID)
            try expectEqual(job.state, .leased)
            try expect(try await f.end(lease, .done, at: 2), "the lease is still good")
        },
        JobCheck("a dead job is left alone by readers and replaced by a person") { f in
            let dead = try await f.kill("A")
            let read = try await f.enqueue("A", .critical, cause: "schedule", at: 1)
            try expectEqual(read, EnqueueResult(jobID: dead, isNew: false, raised: false))
            let untouched = try await f.job(dead)
            try expectEqual(untouched.state, .dead)
            let wish = try await f.enqueue("A", .high, cause: "operator", at: 2)
            try expect(wish.isNew && wish.jobID != dead, "a new job")
            let old = try await f.store.job(dead)
            try expect(old == nil, "the dead job is replaced")
            let new = try await f.job(wish.jobID)
            try expectEqual(new.attempts, 0)
            try expectEqual(new.state, .ready)
        },
        JobCheck("a dead job makes room for anybody when it died before the wish's limit") { f in
            let dead = try await f.kill("A", at: 10)
            let wish = { (limit: Int64) in
                EnqueueRequest(
                    document: F.id("A"), priority: .low, cause: "schedule", replacesDeadBefore: F.t(limit))
            }
            let early = try await f.store.enqueue([wish(10)], now: F.t(20))
            try expectEqual(early, [EnqueueResult(jobID: dead, isNew: false, raised: false)], "died at the limit")
            let late = try await f.store.enqueue([wish(11)], now: F.t(20))
            try expectEqual(late.map(\.isNew), [true], "died before the limit")
            let old = try await f.store.job(dead)
            try expect(old == nil, "the dead job is replaced")
            let new = try await f.job(late[0].jobID)
            try expectEqual(new.attempts, 0)
            try expectEqual(new.cause, "schedule")
        },
        JobCheck("a document can be asked for again after its job is done") { f in
            let first = try await f.enqueue("A")
            let lease = try await f.leaseOne()
            try expect(try await f.end(lease, .done, at: 1), "a held job can end")
            let standing = try await f.store.job(for: F.id("A"))
            try expect(standing == nil, "a done job is neither unfinished nor dead")
            let second = try await f.enqueue("A", at: 2)
            try expect(second.isNew && second.jobID > first.jobID, "a new job")
            let done = try await f.job(first.jobID)
            try expectEqual(done.state, .done, "the finished one can still be seen")
        },
        JobCheck("a wish with a time in the past is ready at once") { f in
            let result = try await f.enqueue("A", notBefore: F.t(-10), at: 0)
            let job = try await f.job(result.jobID)
            try expectEqual(job.state, .ready)
            let nothing = try await f.store.enqueue([], now: F.t(0))
            try expect(nothing.isEmpty, "no wishes, no results")
        },
    ]
}
