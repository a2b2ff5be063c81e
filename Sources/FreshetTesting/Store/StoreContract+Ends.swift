import FreshetCore

private typealias F = ContractFixture

extension StoreContract {
    static let ends: [JobCheck] = [
        JobCheck("done finishes a job and forgets its error") { f in
            try await f.enqueue("A")
            let first = try await f.leaseOne()
            try expect(try await f.end(first, .retry(at: F.t(1), error: F.note()), at: 0), "held")
            let second = try await f.leaseOne(at: 1)
            try expect(try await f.end(second, .done, at: 2), "held")
            let job = try await f.job(first.job.id)
            try expectEqual(job.state, .done)
            try expectEqual(job.finishedAt, F.t(2))
            try expectEqual(job.attempts, 2)
            try expect(job.lastError == nil, "the last try did not fail")
        },
        JobCheck("retry waits until its moment and counts as a try") { f in
            try await f.enqueue("A")
            let lease = try await f.leaseOne()
            try expect(try await f.end(lease, .retry(at: F.t(30), error: F.note("timeout")), at: 1), "held")
            let job = try await f.job(lease.job.id)
            try expectEqual(job.state, .waiting)
            try expectEqual(job.notBefore, F.t(30))
            try expectEqual(job.attempts, 1)
            try expectEqual(job.lastError?.kind, "timeout")
            let early = try await f.lease(1, at: 29)
            try expect(early.isEmpty, "not before its moment")
            let again = try await f.leaseOne(at: 30)
            try expectEqual(again.job.attempts, 2)
        },
        JobCheck("park waits without counting as a try and keeps an older error") { f in
            try await f.enqueue("A")
            let first = try await f.leaseOne()
            try expect(try await f.end(first, .retry(at: F.t(1), error: F.note("timeout"))), "held")
            let second = try await f.leaseOne(at: 1)
            try expect(try await f.end(second, .park(until: F.t(60), reason: nil), at: 1), "held")
            let parked = try await f.job(first.job.id)
            try expectEqual(parked.state, .waiting)
            try expectEqual(parked.attempts, 1, "parking is no try")
            try expectEqual(parked.notBefore, F.t(60))
            try expectEqual(parked.lastError?.kind, "timeout")
            let third = try await f.leaseOne(at: 60)
            try expectEqual(third.job.attempts, 2)
            try expect(try await f.end(third, .park(until: F.t(90), reason: F.note("quota")), at: 61), "held")
            let reason = try await f.job(first.job.id)
            try expectEqual(reason.lastError?.kind, "quota")
        },
        JobCheck("dead lists a job with its error") { f in
            let id = try await f.kill("A", at: 4)
            let job = try await f.job(id)
            try expectEqual(job.state, .dead)
            try expectEqual(job.finishedAt, F.t(4))
            try expectEqual(job.lastError, F.note())
            let found = try await f.store.job(for: F.id("A"))
            try expectEqual(found?.id, id, "the dead job of the document")
            let listed = try await f.store.jobs(in: .dead, source: nil, limit: 10)
            try expectEqual(listed.map(\.id), [id])
        },
        JobCheck("an old fence cannot end a job") { f in
            try await f.enqueue("A")
            let lost = try await f.leaseOne(leaseFor: .seconds(10))
            let recovered = try await f.store.recoverLeases(all: false, now: F.t(10))
            try expectEqual(recovered, 1)
            let early = try await f.end(lost, .done, at: 11)
            try expect(!early, "a job that nobody holds cannot be ended")
            let held = try await f.leaseOne(at: 12)
            for end in [.done, .retry(at: F.t(99), error: F.note()), .park(until: F.t(99), reason: nil)] as [JobEnd] {
                let ended = try await f.end(lost, end, at: 13)
                try expect(!ended, "the old fence is refused")
            }
            let job = try await f.job(lost.job.id)
            try expectEqual(job.state, .leased, "the job is left alone")
            try expect(try await f.end(held, .done, at: 14), "the new fence is good")
            let twice = try await f.end(held, .dead(F.note()), at: 15)
            try expect(!twice, "a finished job cannot be ended again")
        },
        JobCheck("ends answer one by one: the lost ones false, the others done") { f in
            for key in ["A", "B"] { try await f.enqueue(key) }
            let leases = try await f.lease(2)
            let alien = LeasedJob(job: leases[0].job, fence: leases[0].fence + 1_000)
            let answers = try await f.store.end(
                [(lease: alien, end: .done), (lease: leases[0], end: .done), (lease: leases[1], end: .done)],
                now: F.t(1))
            try expectEqual(answers, [false, true, true])
        },
    ]

    static let recovery: [JobCheck] = [
        JobCheck("leases that ran out are recovered, others are not") { f in
            try await f.enqueue("short", .high)
            try await f.enqueue("long", .low)
            let short = try await f.leaseOne(leaseFor: .seconds(10))
            let long = try await f.leaseOne(leaseFor: .seconds(100))
            let early = try await f.store.recoverLeases(all: false, now: F.t(9))
            try expectEqual(early, 0)
            let due = try await f.store.recoverLeases(all: false, now: F.t(10))
            try expectEqual(due, 1)
            let ready = try await f.job(short.job.id)
            try expectEqual(ready.state, .ready)
            try expectEqual(ready.attempts, 1, "the try that was lost counts")
            let held = try await f.job(long.job.id)
            try expectEqual(held.state, .leased)
            let all = try await f.store.recoverLeases(all: true, now: F.t(11))
            try expectEqual(all, 1)
            let both = try await f.lease(5, at: 11)
            try expectEqual(both.map(\.key), ["short", "long"])
        },
        JobCheck("a heartbeat prolongs a lease; a lost one answers false") { f in
            try await f.enqueue("A")
            try await f.enqueue("B")
            let leases = try await f.lease(2, leaseFor: .seconds(10))
            let first = try await f.store.heartbeat([leases[0]], leaseFor: .seconds(10), now: F.t(8))
            try expectEqual(first, [true])
            let recovered = try await f.store.recoverLeases(all: false, now: F.t(12))
            try expectEqual(recovered, 1, "only the lease without a heartbeat")
            let second = try await f.store.heartbeat(leases, leaseFor: .seconds(10), now: F.t(13))
            try expectEqual(second, [true, false])
            let nothing = try await f.store.heartbeat([], leaseFor: .seconds(10), now: F.t(13))
            try expect(nothing.isEmpty, "no leases, no answers")
        },
        JobCheck("wake makes the waiting jobs of a source ready") { f in
            try await f.enqueue("A", notBefore: F.t(100))
            try await f.enqueue("B", notBefore: F.t(200), in: F.player)
            try await f.enqueue("C", notBefore: F.t(300), in: F.repo)
            let woken = try await f.store.wake(source: "clash", now: F.t(5))
            try expectEqual(woken, 2)
            let ready = try await f.lease(10, at: 5)
            try expectEqual(ready.map(\.key), ["A", "B"])
            let all = try await f.store.wake(source: nil, now: F.t(6))
            try expectEqual(all, 1)
            let unknown = try await f.store.wake(source: "nobody", now: F.t(6))
            try expectEqual(unknown, 0)
        },
        JobCheck("dead jobs can be made ready again with their tries reset") { f in
            let first = try await f.kill("A")
            let second = try await f.kill("B", at: 1)
            try await f.enqueue("C")
            let some = try await f.store.retryDead(ids: [first, 999_999], now: F.t(5))
            try expectEqual(some, 1)
            let job = try await f.job(first)
            try expectEqual(job.state, .ready)
            try expectEqual(job.attempts, 0)
            try expect(job.finishedAt == nil, "it is not finished any more")
            let rest = try await f.store.retryDead(ids: nil, now: F.t(6))
            try expectEqual(rest, 1)
            let other = try await f.job(second)
            try expectEqual(other.state, .ready)
            let leases = try await f.lease(5, at: 7)
            try expectEqual(leases.map(\.key), ["A", "B", "C"])
        },
        JobCheck("drop removes what nobody holds, and by default the dead") { f in
            let dead = try await f.kill("dead")
            let other = try await f.kill("other")
            let waiting = try await f.enqueue("waiting", notBefore: F.t(100))
            try await f.enqueue("leased", .critical)
            let lease = try await f.leaseOne()
            try expectEqual(lease.key, "leased")
            let ready = try await f.enqueue("ready")
            let some = try await f.store.drop(ids: [dead, waiting.jobID, lease.job.id, 999_999])
            try expectEqual(some, 2, "the leased job stays")
            let held = try await f.job(lease.job.id)
            try expectEqual(held.state, .leased)
            let all = try await f.store.drop(ids: nil)
            try expectEqual(all, 1, "only the dead one")
            let gone = try await f.store.job(other)
            try expect(gone == nil, "the dead job is gone")
            let kept = try await f.job(ready.jobID)
            try expectEqual(kept.state, .ready)
            let again = try await f.enqueue("waiting")
            try expect(again.isNew, "a dropped document can be asked for again")
        },
        JobCheck("finished jobs are forgotten by age, unfinished and dead ones never") { f in
            let dead = try await f.kill("dead")
            var ids: [Int64] = []
            for second in 0..<3 {
                try await f.enqueue("k\(second)", .critical, at: Int64(second))
                let lease = try await f.leaseOne(at: Int64(second))
                ids.append(lease.job.id)
                try expect(try await f.end(lease, .done, at: Int64(second)), "held")
            }
            let forgotten = try await f.store.forgetDone(before: F.t(2))
            try expectEqual(forgotten, 2)
            let kept = try await f.store.job(ids[2])
            try expect(kept != nil, "a younger one stays")
            let old = try await f.store.job(ids[0])
            try expect(old == nil, "an older one is gone")
            let all = try await f.store.forgetDone(before: F.t(999))
            try expectEqual(all, 1)
            let deadJob = try await f.job(dead)
            try expectEqual(deadJob.state, .dead)
        },
    ]

    static let commits: [Check] = [
        Check("a fenced commit writes nothing at all") { f in
            try await f.commit("A", F.content("good"), at: 0)
            try await f.enqueue("A")
            let lost = try await f.leaseOne()
            _ = try await f.store.recoverLeases(all: true, now: F.t(1))
            let before = try await f.document("A")
            let event = NewEvent(type: "dataset.updated", source: "clash", document: F.id("A"))
            let refused = RefreshCommit(
                id: F.id("A"), outcome: F.content("late"), at: F.t(2), job: (lease: lost, end: .done),
                keepsHistory: true, eventsOnChange: [event], events: [event])
            try await expectError({ $0 == .fenced(jobID: lost.job.id) }, "the lost lease is refused") {
                () async throws(StoreError) in try await f.store.commit(refused)
            }
            let after = try await f.document("A")
            try expectEqual(after.state, before.state, "the state is untouched")
            try expectEqual(text(after.body), "good")
            let log = try await f.store.events(after: 0, limit: 10)
            try expect(log.events.isEmpty, "no event was written")
            let written = try await f.store.append([event], now: F.t(3))
            try expectEqual(written.map(\.offset), [1], "the refused commit used no offset")
        },
        Check("a commit ends its job in the same stroke") { f in
            try await f.enqueue("A")
            let lease = try await f.leaseOne()
            let failed = RefreshCommit(
                id: F.id("A"), outcome: .failed(F.note()), at: F.t(1),
                job: (lease: lease, end: .retry(at: F.t(5), error: F.note())))
            _ = try await f.store.commit(failed)
            let waiting = try await f.job(lease.job.id)
            try expectEqual(waiting.state, .waiting)
            let again = try await f.leaseOne(at: 5)
            let good = RefreshCommit(
                id: F.id("A"), outcome: F.content("{}"), at: F.t(6), job: (lease: again, end: .done))
            let result = try await f.store.commit(good)
            try expectEqual(result.effect, .newVersion)
            let done = try await f.job(lease.job.id)
            try expectEqual(done.state, .done)
            try expectEqual(done.finishedAt, F.t(6))
            try await expectError({ $0 == .fenced(jobID: lease.job.id) }, "the same commit again is refused") {
                () async throws(StoreError) in try await f.store.commit(good)
            }
        },
    ]
}
