import FreshetCore

/// A queue that stands alone, for the checks that need no more.
struct JobFixture: Sendable, QueueFixture {
    let store: any JobStore

    var queue: any JobStore { store }
}

/// Short words for what the checks do with a queue.
protocol QueueFixture: Sendable {
    var queue: any JobStore { get }
}

extension QueueFixture {
    /// Enqueues one job and returns what became of it.
    @discardableResult
    func enqueue(
        _ key: String, _ priority: Priority = .medium, cause: String = "read", heat: Int = 0,
        notBefore: Timestamp? = nil, in dataset: DatasetID = ContractFixture.clan, at seconds: Int64 = 0
    ) async throws -> EnqueueResult {
        let request = EnqueueRequest(
            document: ContractFixture.id(key, dataset), priority: priority, cause: cause, heat: heat,
            notBefore: notBefore)
        let results = try await queue.enqueue([request], now: ContractFixture.t(seconds))
        try expectEqual(results.count, 1, "one result per wish")
        return results[0]
    }

    /// Leases from all datasets at every priority.
    func lease(
        _ count: Int = 1, at seconds: Int64 = 0, oldestFirst: Bool = false, leaseFor: Duration = .seconds(60)
    ) async throws -> [LeasedJob] {
        let admitted: [DatasetID: Priority] = [
            ContractFixture.clan: .low, ContractFixture.player: .low, ContractFixture.repo: .low,
        ]
        return try await queue.lease(
            LeaseRequest(admitted: admitted, oldestFirst: oldestFirst, count: count, leaseFor: leaseFor),
            now: ContractFixture.t(seconds))
    }

    func leaseOne(at seconds: Int64 = 0, leaseFor: Duration = .seconds(60)) async throws -> LeasedJob {
        try require(await lease(at: seconds, leaseFor: leaseFor).first, "a ready job")
    }

    /// Ends one job.
    func end(_ lease: LeasedJob, _ end: JobEnd, at seconds: Int64 = 0) async throws -> Bool {
        try require(
            await queue.end([(lease: lease, end: end)], now: ContractFixture.t(seconds)).first, "one answer per job")
    }

    /// Makes a dead job of a key.
    func kill(_ key: String, at seconds: Int64 = 0) async throws -> Int64 {
        try await enqueue(key, .critical, at: seconds)
        let lease = try await leaseOne(at: seconds)
        try expectEqual(lease.job.document.key, key, "the job that was to die")
        try expect(try await end(lease, .dead(ContractFixture.note()), at: seconds), "a leased job can die")
        return lease.job.id
    }

    func job(_ id: Int64) async throws -> RefreshJob { try require(await queue.job(id), "the job \(id)") }
}
