public import FreshetCore
import NIOCore

extension RedisLine {
    /// Ends jobs, adds wishes and leases the next jobs, at one stroke and in one round trip.
    public func cycle(
        ends: [(lease: LeasedJob, end: JobEnd)] = [], wishes: [EnqueueRequest] = [], lease request: LeaseRequest? = nil,
        now: Timestamp
    ) async throws(StoreError) -> JobCycle {
        let admitted = request?.admitted ?? [:]
        var command = command(
            LineScripts.cycle, arguments: 5 + ends.count + wishes.count + admitted.count * 2, now: now,
            repeats: .told,
            capacity: 512 + 96 * (ends.count + wishes.count))
        command.add(Int64(ends.count))
        for end in ends { command.add(JobRecord.encode(end.lease, end.end)) }
        command.add(Int64(wishes.count))
        for wish in wishes { command.add(JobRecord.encode(wish)) }
        command.add(Int64(admitted.isEmpty ? 0 : max(0, request?.count ?? 0)))
        command.add((now + (request?.leaseFor ?? .zero)).microseconds)
        command.add(request?.oldestFirst == true ? "1" as StaticString : "0")
        for (dataset, priority) in admitted {
            command.add("\(dataset)")
            command.add(Int64(priority.rawValue))
        }
        return try Self.cycle(from: await run(command), ends: ends.count, wishes: wishes.count)
    }

    private static func cycle(from value: RESPValue, ends: Int, wishes: Int) throws(StoreError) -> JobCycle {
        guard let parts = value.list, parts.count == 3, let ended = parts[0].list, let wished = parts[1].list,
            let leased = parts[2].list, ended.count == ends, wished.count == wishes * 2
        else { throw strange(LineScripts.cycle) }
        var cycle = JobCycle(ends: ended.map { $0.int == 1 })
        cycle.wishes.reserveCapacity(wishes)
        for index in 0..<wishes {
            let outcome = wished[index * 2 + 1].int
            cycle.wishes.append(
                EnqueueResult(jobID: wished[index * 2].int ?? 0, isNew: outcome == 2, raised: outcome == 1))
        }
        cycle.leases.reserveCapacity(leased.count)
        for bytes in leased.compactMap(\.bytes) {
            let record = try JobRecord(bytes)
            cycle.leases.append(LeasedJob(job: record.job, fence: record.fence))
        }
        return cycle
    }

    /// Adds jobs.
    public func enqueue(_ requests: [EnqueueRequest], now: Timestamp) async throws(StoreError) -> [EnqueueResult] {
        var results: [EnqueueResult] = []
        for start in stride(from: 0, to: requests.count, by: Self.slice) {
            let some = Array(requests[start..<min(start + Self.slice, requests.count)])
            results += try await cycle(wishes: some, now: now).wishes
        }
        return results
    }

    /// Leases ready jobs.
    public func lease(_ request: LeaseRequest, now: Timestamp) async throws(StoreError) -> [LeasedJob] {
        guard request.count > 0, !request.admitted.isEmpty else { return [] }
        return try await cycle(lease: request, now: now).leases
    }

    /// Ends leased jobs.
    public func end(_ jobs: [(lease: LeasedJob, end: JobEnd)], now: Timestamp) async throws(StoreError) -> [Bool] {
        guard !jobs.isEmpty else { return [] }
        return try await cycle(ends: jobs, now: now).ends
    }

    /// Prolongs leases; `false` for those that are lost.
    public func heartbeat(
        _ jobs: [LeasedJob], leaseFor: Duration, now: Timestamp
    ) async throws(StoreError) -> [Bool] {
        guard !jobs.isEmpty else { return [] }
        var command = command(LineScripts.heartbeat, arguments: 1 + jobs.count * 3, now: now)
        command.add((now + leaseFor).microseconds)
        for lease in jobs {
            command.add(lease.job.id)
            command.add(lease.fence)
            command.add(Int64(lease.job.attempts))
        }
        guard let answers = try await run(command).list, answers.count == jobs.count else {
            throw Self.strange(LineScripts.heartbeat)
        }
        return answers.map { $0.int == 1 }
    }

    /// Makes jobs ready again whose lease has run out; with `all`, every leased job.
    public func recoverLeases(all: Bool, now: Timestamp) async throws(StoreError) -> Int {
        try await inSlices { () throws(StoreError) in
            var command = command(LineScripts.recover, arguments: 2, now: now)
            command.add(all ? "1" as StaticString : "0")
            command.add(Int64(Self.slice))
            return try await number(LineScripts.recover, command)
        }
    }

    /// Goes on until a slice is not full.
    func inSlices(_ change: () async throws(StoreError) -> Int) async throws(StoreError) -> Int {
        var changed = 0
        while true {
            let count = try await change()
            changed += count
            if count < Self.slice { return changed }
        }
    }
}
