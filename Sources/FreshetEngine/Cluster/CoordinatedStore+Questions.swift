public import FreshetCore

// Questions about jobs: finished ones are the store's, unfinished ones as they stand in the line.
extension CoordinatedStore {
    /// When the next waiting job of these datasets falls due.
    public func nextWaiting(of datasets: [DatasetID]) async throws(StoreError) -> Timestamp? {
        if let next = await asking({ line throws(StoreError) in try await line.nextWaiting(of: datasets) }) {
            return next
        }
        return try await base.nextWaiting(of: datasets)
    }

    /// A job by id, finished ones included while they are kept.
    public func job(_ id: Int64) async throws(StoreError) -> RefreshJob? {
        standing(try await base.job(id), await inLine(id))
    }

    /// The unfinished or dead job of a document.
    public func job(for id: DocumentID) async throws(StoreError) -> RefreshJob? {
        guard let job = try await base.job(for: id) else { return nil }
        return standing(job, await inLine(job.id))
    }

    private func inLine(_ id: Int64) async -> RefreshJob? {
        await asking { line throws(StoreError) in try await line.job(id) } ?? nil
    }

    private func standing(_ kept: RefreshJob?, _ inLine: RefreshJob?) -> RefreshJob? {
        guard var job = kept, job.state.isUnfinished, let inLine, inLine.state.isUnfinished else { return kept }
        (job.state, job.notBefore, job.attempts) = (inLine.state, inLine.notBefore, inLine.attempts)
        (job.priority, job.heat) = (inLine.priority, inLine.heat)
        return job
    }

    /// How many ready jobs of the same source would be leased before this one.
    public func position(of jobID: Int64) async throws(StoreError) -> Int? {
        if let place = await asking({ line throws(StoreError) in try await line.position(of: jobID) }) { return place }
        return try await base.position(of: jobID)
    }

    /// Jobs in a state, in lease order (dead and done: newest first).
    public func jobs(
        in state: RefreshJob.State, source: String?, limit: Int
    ) async throws(StoreError) -> [RefreshJob] {
        if state.isUnfinished,
            let jobs = await asking({ line throws(StoreError) in
                try await line.jobs(in: state, source: source, limit: limit)
            })
        {
            return jobs
        }
        return try await base.jobs(in: state, source: source, limit: limit)
    }

    /// How many jobs stand where.
    public func depth(source: String?) async throws(StoreError) -> QueueDepth {
        var depth = try await base.depth(source: source)
        guard let inLine = await asking({ line throws(StoreError) in try await line.depth(source: source) }) else {
            return depth
        }
        for state in RefreshJob.State.allCases where state.isUnfinished { depth.counts[state] = inLine.counts[state] }
        depth.oldestReady = inLine.oldestReady
        return depth
    }

    /// Forgets finished jobs older than `before`.
    public func forgetDone(before: Timestamp) async throws(StoreError) -> Int {
        try await base.forgetDone(before: before)
    }
}
