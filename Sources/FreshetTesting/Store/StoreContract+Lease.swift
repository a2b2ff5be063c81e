import FreshetCore

private typealias F = ContractFixture

extension StoreContract {
    static let leasing: [JobCheck] = [
        JobCheck("leases go by priority, then heat, then age") { f in
            try await f.enqueue("low", .low, heat: 99)
            try await f.enqueue("m1", .medium)
            try await f.enqueue("m2", .medium, heat: 5, in: F.player)
            try await f.enqueue("m3", .medium, heat: 5)
            try await f.enqueue("high", .high, in: F.repo)
            try await f.enqueue("critical", .critical)
            let leases = try await f.lease(10)
            try expectEqual(leases.map(\.key), ["critical", "high", "m2", "m3", "m1", "low"])
        },
        JobCheck("one at a time gives the same order as all at once") { f in
            for (index, priority) in [Priority.low, .high, .medium, .high, .critical, .low].enumerated() {
                try await f.enqueue(
                    "k\(index)", priority, heat: index % 2, in: index % 2 == 0 ? F.clan : F.player, at: Int64(index))
            }
            var keys: [String] = []
            while let lease = try await f.lease(1, at: 9).first { keys.append(lease.key) }
            try expectEqual(keys, ["k4", "k1", "k3", "k2", "k5", "k0"])
        },
        JobCheck("a lease tells the try, the state, and a fence that only rises") { f in
            for key in ["A", "B", "C"] { try await f.enqueue(key) }
            let first = try await f.leaseOne(at: 1)
            try expectEqual(first.job.attempts, 1)
            try expectEqual(first.job.state, .leased)
            let kept = try await f.job(first.job.id)
            try expectEqual(kept, first.job, "the job as leased is the job as kept")
            let others = try await f.lease(2, at: 1)
            let fences = [first.fence] + others.map(\.fence)
            try expectEqual(fences, fences.sorted())
            try expectEqual(Set(fences).count, 3, "each lease has its own fence")
            try expect(try await f.end(first, .retry(at: F.t(1), error: F.note()), at: 1), "a held job can be retried")
            let again = try await f.leaseOne(at: 2)
            try expectEqual(again.job.attempts, 2)
            try expect(again.fence > (fences.max() ?? 0), "a later lease has a higher fence")
        },
        JobCheck("a leased job is not leased again") { f in
            try await f.enqueue("A")
            let first = try await f.lease(5)
            try expectEqual(first.count, 1)
            let second = try await f.lease(5)
            try expect(second.isEmpty, "nothing is left")
        },
        JobCheck("only admitted datasets go, down to their priority") { f in
            try await f.enqueue("c-high", .high)
            try await f.enqueue("c-low", .low)
            try await f.enqueue("p-medium", .medium, in: F.player)
            try await f.enqueue("r-critical", .critical, in: F.repo)
            let request = LeaseRequest(
                admitted: [F.clan: .high, F.player: .medium], count: 10, leaseFor: .seconds(60))
            let leases = try await f.store.lease(request, now: F.t(0))
            try expectEqual(leases.map(\.key), ["c-high", "p-medium"])
            let nobody = try await f.store.lease(
                LeaseRequest(admitted: [:], count: 10, leaseFor: .seconds(60)), now: F.t(0))
            try expect(nobody.isEmpty, "nobody is admitted")
            let none = try await f.lease(0)
            try expect(none.isEmpty, "a count of zero takes nothing")
        },
        JobCheck("a lease takes at most its count") { f in
            for index in 0..<10 { try await f.enqueue("k\(index)", in: index % 2 == 0 ? F.clan : F.player) }
            let some = try await f.lease(4)
            try expectEqual(some.map(\.key), ["k0", "k1", "k2", "k3"])
            let rest = try await f.lease(100)
            try expectEqual(rest.count, 6)
        },
        JobCheck("waiting jobs are leased once their time has come, in their priority") { f in
            try await f.enqueue("later", .critical, notBefore: F.t(100))
            try await f.enqueue("now", .low)
            let early = try await f.lease(10, at: 99)
            try expectEqual(early.map(\.key), ["now"], "a job is not leased before its time")
            try await f.enqueue("medium", .medium, at: 100)
            let due = try await f.lease(10, at: 100)
            try expectEqual(due.map(\.key), ["later", "medium"], "at the moment itself it is ready")
        },
        JobCheck("oldest first takes the longest waiting job of any admitted priority") { f in
            try await f.enqueue("old-low", .low, at: 0)
            try await f.enqueue("new-critical", .critical, at: 10)
            try await f.enqueue("older-player", .low, in: F.player, at: -5)
            try await f.enqueue("old-high", .high, in: F.repo, at: 1)
            let request = LeaseRequest(
                admitted: [F.clan: .low, F.player: .high, F.repo: .high], oldestFirst: true, count: 2,
                leaseFor: .seconds(60))
            let leases = try await f.store.lease(request, now: F.t(20))
            try expectEqual(leases.map(\.key), ["old-low", "old-high"], "player admits no low")
            let next = try await f.lease(1, at: 20, oldestFirst: true)
            try expectEqual(next.map(\.key), ["older-player"])
        },
        JobCheck("a raised job is leased at its new priority and heat") { f in
            try await f.enqueue("A", .low)
            try await f.enqueue("B", .medium)
            try await f.enqueue("C", .medium)
            try await f.enqueue("A", .high)
            try await f.enqueue("C", .medium, heat: 3)
            let leases = try await f.lease(10)
            try expectEqual(leases.map(\.key), ["A", "C", "B"])
        },
        JobCheck("the next waiting moment is the earliest of the datasets asked for") { f in
            let none = try await f.store.nextWaiting(of: [F.clan])
            try expect(none == nil, "nil without waiting jobs")
            try await f.enqueue("A", .low, notBefore: F.t(50))
            try await f.enqueue("B", .high, notBefore: F.t(70))
            try await f.enqueue("C", .low, notBefore: F.t(20), in: F.player)
            try await f.enqueue("D", .low, at: 1)
            let clan = try await f.store.nextWaiting(of: [F.clan])
            try expectEqual(clan, F.t(50))
            let both = try await f.store.nextWaiting(of: [F.clan, F.player, F.repo])
            try expectEqual(both, F.t(20))
            let empty = try await f.store.nextWaiting(of: [])
            try expect(empty == nil, "nil for no dataset")
        },
        JobCheck("a cycle ends, adds and leases, in this order") { f in
            try await f.enqueue("A")
            let first = try await f.leaseOne()
            let wishes = ["A", "B"].map { EnqueueRequest(document: F.id($0), priority: .medium, cause: "read") }
            let request = LeaseRequest(admitted: [F.clan: .low], count: 2, leaseFor: .seconds(60))
            let cycle = try await f.store.cycle(ends: [(first, .done)], wishes: wishes, lease: request, now: F.t(1))
            try expectEqual(cycle.ends, [true])
            try expectEqual(cycle.wishes.map(\.isNew), [true, true], "the first job of A had ended")
            try expectEqual(cycle.leases.map(\.key), ["A", "B"])
            try expectEqual(cycle.leases.map(\.job.id), cycle.wishes.map(\.jobID))
            let state = try await f.job(first.job.id).state
            try expectEqual(state, .done)
        },
        JobCheck("a cycle with a lost lease says so and does the rest") { f in
            try await f.enqueue("A")
            let lost = try await f.leaseOne(leaseFor: .seconds(1))
            _ = try await f.store.recoverLeases(all: false, now: F.t(2))
            let held = try await f.leaseOne(at: 2)
            let wish = EnqueueRequest(document: F.id("B"), priority: .high, cause: "read")
            let cycle = try await f.store.cycle(ends: [(lost, .done)], wishes: [wish], lease: nil, now: F.t(3))
            try expectEqual(cycle.ends, [false])
            try expectEqual(cycle.wishes.map(\.isNew), [true])
            try expect(cycle.leases.isEmpty, "nothing was asked for")
            try expect(try await f.end(held, .done, at: 4), "the other lease holds")
            let nothing = try await f.store.cycle(ends: [], wishes: [], lease: nil, now: F.t(5))
            try expectEqual(nothing, JobCycle())
        },
    ]
}
