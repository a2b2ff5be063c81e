public import FreshetCore
import NIOCore

// Many jobs at once, and questions.
extension RedisLine {
    /// Makes waiting jobs of a source (or of all) ready at `now` at the latest.
    public func wake(source: String?, now: Timestamp) async throws(StoreError) -> Int {
        let chosen = try await datasets(of: source)
        if source != nil, chosen.isEmpty { return 0 }
        return try await inSlices { () throws(StoreError) in
            var command = command(LineScripts.wake, arguments: 1 + (source == nil ? 0 : chosen.count), now: now)
            command.add(Int64(Self.slice))
            if source != nil { for dataset in chosen { command.add(dataset) } }
            return try await number(LineScripts.wake, command)
        }
    }

    /// When the next waiting job of these datasets falls due.
    public func nextWaiting(of datasets: [DatasetID]) async throws(StoreError) -> Timestamp? {
        guard !datasets.isEmpty else { return nil }
        var command = command(LineScripts.next, arguments: datasets.count)
        for dataset in datasets { command.add("\(dataset)") }
        return try await run(command).int.map { Timestamp(microseconds: $0) }
    }

    /// A job by id, finished ones included while they are kept.
    public func job(_ id: Int64) async throws(StoreError) -> RefreshJob? {
        var command = command(LineScripts.job, arguments: 1)
        command.add(id)
        return try Self.job(try await run(command))
    }

    /// The unfinished or dead job of a document.
    public func job(for id: DocumentID) async throws(StoreError) -> RefreshJob? {
        var command = command(LineScripts.jobOf, arguments: 1)
        command.add("\(id.dataset)\0\(id.key)")
        return try Self.job(try await run(command))
    }

    private static func job(_ value: RESPValue) throws(StoreError) -> RefreshJob? {
        guard let bytes = value.bytes else { return nil }
        return try JobRecord(bytes).job
    }

    /// How many ready jobs of the same source would be leased before this one.
    public func position(of jobID: Int64) async throws(StoreError) -> Int? {
        var command = command(LineScripts.position, arguments: 1)
        command.add(jobID)
        return try await run(command).int.map { Int($0) }
    }

    /// Jobs in a state, in lease order (dead and done: newest first).
    public func jobs(
        in state: RefreshJob.State, source: String?, limit: Int
    ) async throws(StoreError) -> [RefreshJob] {
        guard limit > 0 else { return [] }
        let isWanted = { (job: RefreshJob) in
            job.state == state && (source == nil || job.document.dataset.source == source)
        }
        switch state {
        case .dead: return try await pages("dead", backwards: true, limit: limit, where: isWanted)
        case .done: return try await pages("done", backwards: true, limit: limit, where: isWanted)
        case .leased:
            return Self.inLeaseOrder(try await pages("leased", limit: .max, where: isWanted), limit: limit)
        case .waiting:
            var found: [RefreshJob] = []
            for dataset in try await datasets(of: source) {
                found += try await pages("w:\(dataset)", limit: .max, where: isWanted)
            }
            return Self.inLeaseOrder(found, limit: limit)
        case .ready:
            let datasets = try await datasets(of: source)
            var found: [RefreshJob] = []
            for priority in Priority.allCases where found.count < limit {
                var level: [RefreshJob] = []
                for dataset in datasets {
                    level += try await pages(
                        "r\(priority.rawValue):\(dataset)", limit: limit - found.count, where: isWanted)
                }
                found += Self.inLeaseOrder(level, limit: limit - found.count)
            }
            return found
        }
    }

    private static func inLeaseOrder(_ jobs: [RefreshJob], limit: Int) -> [RefreshJob] {
        Array(jobs.sorted { ($0.priority, -$0.heat, $0.id) < ($1.priority, -$1.heat, $1.id) }.prefix(limit))
    }

    /// The jobs of a sorted set, in its order; one that moved while pages were read comes once.
    private func pages(
        _ key: String, backwards: Bool = false, limit: Int, where isWanted: (RefreshJob) -> Bool
    ) async throws(StoreError) -> [RefreshJob] {
        var found: [RefreshJob] = []
        var seen: Set<Int64> = []
        var from = 0
        while found.count < limit {
            var command = command(LineScripts.page, arguments: 4)
            command.add(key)
            command.add(Int64(from))
            command.add(Int64(min(Self.page, limit)))
            command.add(backwards ? "1" as StaticString : "0")
            guard let records = try await run(command).list else {
                throw Self.strange(LineScripts.page)
            }
            for bytes in records.compactMap(\.bytes) {
                let job = try JobRecord(bytes).job
                if isWanted(job), seen.insert(job.id).inserted { found.append(job) }
            }
            if records.count < min(Self.page, limit) { break }
            from += records.count
        }
        return Array(found.prefix(limit))
    }

    private func datasets(of source: String?) async throws(StoreError) -> [String] {
        let value = try await run(command(LineScripts.datasets, arguments: 0))
        let all = (value.list ?? []).compactMap(\.string)
        guard let source else { return all }
        return all.filter { $0.hasPrefix(source + ".") }
    }

    /// How many jobs stand where.
    public func depth(source: String?) async throws(StoreError) -> QueueDepth {
        var command = command(LineScripts.depth, arguments: 1)
        command.add(source ?? "")
        guard let numbers = try await run(command).list?.map({ $0.int ?? 0 }) else {
            throw Self.strange(LineScripts.depth)
        }
        var depth = QueueDepth()
        for start in stride(from: 0, to: numbers.count - 3, by: 4) {
            guard let state = UInt8(exactly: numbers[start]).flatMap(RefreshJob.State.init(byte:)),
                let priority = Priority(rawValue: Int(numbers[start + 1]))
            else { throw Self.strange(LineScripts.depth) }
            depth.counts[state, default: [:]][priority, default: 0] += Int(numbers[start + 2])
            if state == .ready, numbers[start + 3] != JobRecord.none {
                let oldest = Timestamp(microseconds: numbers[start + 3])
                depth.oldestReady[priority] = min(depth.oldestReady[priority] ?? oldest, oldest)
            }
        }
        return depth
    }

    /// Makes dead jobs ready with their tries reset; `ids` nil means all.
    public func retryDead(ids: [Int64]?, now: Timestamp) async throws(StoreError) -> Int {
        guard let ids else {
            return try await inSlices { () throws(StoreError) in
                var command = command(LineScripts.retryDead, arguments: 2, now: now)
                command.add("all" as StaticString)
                command.add(Int64(Self.slice))
                return try await number(LineScripts.retryDead, command)
            }
        }
        var changed = 0
        for start in stride(from: 0, to: ids.count, by: Self.slice) {
            let some = ids[start..<min(start + Self.slice, ids.count)]
            var command = command(LineScripts.retryDead, arguments: 1 + some.count, now: now)
            command.add("list" as StaticString)
            for id in some { command.add(id) }
            changed += try await number(LineScripts.retryDead, command)
        }
        return changed
    }

    /// Removes unfinished or dead jobs that nobody holds; `ids` nil means all dead ones.
    public func drop(ids: [Int64]?) async throws(StoreError) -> Int {
        if let ids { return try await delete("list", ids) }
        return try await deleteEnded("dead", before: "+inf")
    }

    /// Forgets finished jobs older than `before`.
    public func forgetDone(before: Timestamp) async throws(StoreError) -> Int {
        try await deleteEnded("done", before: "(\(before.microseconds)")
    }

    private func deleteEnded(_ mode: String, before: String) async throws(StoreError) -> Int {
        try await inSlices { () throws(StoreError) in
            var command = command(LineScripts.delete, arguments: 3)
            command.add(mode)
            command.add(Int64(Self.slice))
            command.add(before)
            return try await number(LineScripts.delete, command)
        }
    }

    /// Merges the jobs of a backup, all or nothing: one script, in which Redis serves nobody else (about 10 µs for a job).
    public func restore(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) -> JobRestore {
        let records = jobs.filter { $0.state != .done }.map(JobRecord.encode)
        var result = JobRestore()
        guard !records.isEmpty else { return result }
        var command = command(
            LineScripts.restore, arguments: records.count, now: now, repeats: .told, capacity: 160 * records.count)
        for record in records { command.add(record) }
        guard let counts = try await run(command).list?.map({ Int($0.int ?? 0) }), counts.count == 3
        else { throw Self.strange(LineScripts.restore) }
        (result.added, result.raised, result.kept) = (counts[0], counts[1], counts[2])
        return result
    }
}
