import FreshetCore

private typealias F = ContractFixture

extension CoordinatorContract {
    private static func job(
        _ id: Int64, _ key: String, _ priority: Priority = .medium, _ state: RefreshJob.State = .ready,
        notBefore: Timestamp = F.t(0), attempts: Int = 0, heat: Int = 0
    ) -> RefreshJob {
        RefreshJob(
            id: id, document: F.id(key), priority: priority, cause: "read", enqueuedAt: F.t(-9), notBefore: notBefore,
            attempts: attempts, state: state, heat: heat, lastError: attempts > 0 ? F.note() : nil)
    }

    private static func wish(
        _ id: Int64, _ key: String, _ priority: Priority = .medium, isNew: Bool = true, cause: String = "read",
        heat: Int = 0, notBefore: Timestamp? = nil
    ) -> (result: EnqueueResult, request: EnqueueRequest) {
        (
            EnqueueResult(jobID: id, isNew: isNew, raised: false),
            EnqueueRequest(
                document: F.id(key), priority: priority, cause: cause, heat: heat, notBefore: notBefore)
        )
    }

    static let epochs: [Check] = [
        Check("a line that was never begun has no epoch and serves nobody") { m in
            try expectEqual(try await m.one.line.epoch(), nil)
            try await expectUnavailable("a lease") { () async throws(StoreError) in
                try await m.one.line.lease(
                    LeaseRequest(admitted: [F.clan: .low], count: 1, leaseFor: .seconds(1)), now: F.t(0))
            }
            try await expectUnavailable("a question") { () async throws(StoreError) in
                try await m.one.line.depth(source: nil)
            }
            try await expectUnavailable("a seed") { () async throws(StoreError) in
                try await m.one.line.seed([job(1, "A")], now: F.t(0))
            }
        },
        Check("a line that is begun is everybody's, under its name") { m in
            try await m.begin("first")
            try expectEqual(try await m.other.line.epoch(), "first")
            try await m.line.enqueue("A")
            try expectEqual(try await m.otherLine.leaseOne().key, "A")
        },
        Check("a line begun anew is empty, and refuses who goes by the old epoch until they follow") { m in
            try await m.begin("first")
            for key in ["A", "B"] { try await m.line.enqueue(key) }
            try await m.line.enqueue("W", notBefore: F.t(50))
            let old = try await m.otherLine.leaseOne()
            try await m.one.line.begin(epoch: "second")
            try expectEqual(try await m.one.line.depth(source: nil).counts.isEmpty, true, "it is empty")
            try expect(try await m.one.line.nextWaiting(of: [F.clan]) == nil, "nothing waits")
            try await expectUnavailable("the old epoch") { () async throws(StoreError) in
                try await m.other.line.end([(lease: old, end: .done)], now: F.t(1))
            }
            m.other.line.follow(epoch: "second")
            try expectEqual(try await m.otherLine.lease(5).count, 0)
            let again = try await m.otherLine.enqueue("A")
            try expect(again.isNew && again.jobID > old.job.id, "numbers go on")
            try await m.one.line.begin(epoch: "second")
            try expectEqual(try await m.otherLine.lease(5).count, 0, "the same epoch again empties too")
        },
        Check("a line that lost everything says so to everybody until it is begun again") { m in
            try await m.begin("first")
            try await m.line.enqueue("A")
            let lease = try await m.line.leaseOne()
            try await m.lose()
            try expectEqual(try await m.one.line.epoch(), nil)
            for line in [m.one.line, m.other.line] {
                try await expectUnavailable("an end") { () async throws(StoreError) in
                    try await line.end([(lease: lease, end: .done)], now: F.t(1))
                }
                try await expectUnavailable("a wish") { () async throws(StoreError) in
                    try await line.enqueue([wish(1, "B").request], now: F.t(1))
                }
            }
            try await m.begin("second")
            try await m.line.enqueue("C")
            try expectEqual(try await m.otherLine.leaseOne().key, "C")
        },
    ]

    static let numbered: [Check] = [
        Check("jobs of a store are seeded as they stand, once") { m in
            try await m.begin()
            let jobs = [
                job(70, "ready", .high, attempts: 2, heat: 4),
                job(71, "waiting", .medium, .waiting, notBefore: F.t(500)),
                job(72, "leased", .low, .leased), job(73, "dead", .low, .dead), job(74, "done", .low, .done),
            ]
            try await m.one.line.seed(jobs, now: F.t(10))
            try expectEqual(try await m.line.job(70), jobs[0])
            try expectEqual(try await m.line.job(71).state, .waiting)
            try expectEqual(try await m.line.job(72).state, .ready, "nobody holds it here")
            let depth = try await m.one.line.depth(source: nil)
            try expectEqual(depth.total(.ready) + depth.total(.waiting), 3, "finished and dead ones stay out")
            let lease = try await m.otherLine.leaseOne(at: 11)
            try expectEqual(lease.job.id, 70)
            try expectEqual(lease.job.attempts, 3)
            try await m.one.line.seed(jobs, now: F.t(12))
            try expectEqual(try await m.line.job(70).state, .leased, "what is there stays as it is")
            try expectEqual(try await m.otherLine.lease(9, at: 12).map(\.job.id), [72])
            try expectEqual(try await m.one.line.nextWaiting(of: [F.clan]), F.t(500))
            let own = try await m.line.enqueue("own")
            try expect(own.jobID > 72, "numbers of its own are above")
        },
        Check("wishes that a store numbered are added, raised and repeated") { m in
            try await m.begin()
            try await m.one.line.add([wish(5, "A", .low, heat: 1), wish(6, "B", notBefore: F.t(60))], now: F.t(0))
            try expectEqual(try await m.line.job(5).priority, .low)
            try expectEqual(try await m.line.job(6).state, .waiting)
            try await m.one.line.add([wish(5, "A", .high, isNew: false, heat: 7)], now: F.t(1))
            try await m.one.line.add([wish(5, "A", .low, heat: 1)], now: F.t(1))
            let raised = try await m.line.job(5)
            try expectEqual(raised.priority, .high)
            try expectEqual(raised.heat, 7)
            try expectEqual(raised.enqueuedAt, F.t(0))
            try await m.one.line.add([wish(6, "B", isNew: false, cause: "schedule")], now: F.t(2))
            try expectEqual(try await m.line.job(6).state, .waiting, "a schedule wakes nobody")
            try await m.one.line.add([wish(6, "B", isNew: false, cause: "operator")], now: F.t(2))
            try expectEqual(try await m.line.job(6).state, .ready, "a person does")
            try await m.one.line.add([wish(9, "C", isNew: false)], now: F.t(2))
            try expect(try await m.one.line.job(9) == nil, "a job that only the store knows (a dead one) stays there")
            try expectEqual(try await m.otherLine.lease(9, at: 3).map(\.job.id), [5, 6])
        },
        Check("of two jobs of a document the younger one stays") { m in
            try await m.begin()
            try await m.one.line.add([wish(5, "A")], now: F.t(0))
            try await m.one.line.add([wish(8, "A")], now: F.t(1))
            try expect(try await m.one.line.job(5) == nil, "the older one is finished in the store")
            try expectEqual(try await m.one.line.job(for: F.id("A"))?.id, 8)
            try await m.one.line.seed([job(6, "A")], now: F.t(2))
            try expectEqual(try await m.one.line.job(for: F.id("A"))?.id, 8, "what was read before comes too late")
            try expectEqual(try await m.otherLine.lease(9, at: 3).map(\.job.id), [8])
        },
        Check("a store's job leaves the line when it is done or dead, and waits here when it is to be tried again") {
            m in
            try await m.begin()
            try await m.one.line.seed([job(1, "A", .critical), job(2, "B", .high), job(3, "C")], now: F.t(0))
            let leases = try await m.line.lease(3)
            let ends: [JobEnd] = [.done, .dead(F.note()), .retry(at: F.t(30), error: F.note())]
            let ended = try await m.one.line.end(zip(leases, ends).map { (lease: $0, end: $1) }, now: F.t(1))
            try expectEqual(ended, [true, true, true])
            for id in [1, 2] as [Int64] { try expect(try await m.one.line.job(id) == nil, "job \(id) is gone") }
            try expectEqual(try await m.line.job(3).state, .waiting)
            let depth = try await m.one.line.depth(source: nil)
            try expectEqual(depth.total(.done) + depth.total(.dead) + depth.total(.leased), 0)
            let twice = try await m.other.line.end([(lease: leases[0], end: .done)], now: F.t(2))
            try expectEqual(twice, [false], "not twice")
            try await m.one.line.add([wish(4, "A")], now: F.t(2))
            try expectEqual(try await m.otherLine.leaseOne(at: 3).job.id, 4, "the document can be asked for again")
        },
        Check("jobs are removed whoever holds them") { m in
            try await m.begin()
            try await m.one.line.seed(
                [job(1, "A"), job(2, "B"), job(3, "C", .medium, .waiting, notBefore: F.t(99))], now: F.t(0))
            let lease = try await m.line.leaseOne()
            try await m.other.line.remove([1, 3, 77])
            try expectEqual(try await m.line.end(lease, .done, at: 1), false, "its end comes too late")
            try expectEqual(try await m.other.line.heartbeat([lease], leaseFor: .seconds(9), now: F.t(1)), [false])
            try expectEqual(try await m.line.lease(9, at: 200).map(\.job.id), [2])
            try await m.other.line.remove([])
        },
    ]
}
