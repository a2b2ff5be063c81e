import FreshetCore
import Synchronization

/// The line of a ``MemoryCoordinator``.
struct MemoryLine: JobLine {
    let hub: MemoryHub
    let gate: MemoryGate

    /// Performs one call at one stroke.
    private func with<Value: Sendable>(
        _ body: (inout MemoryHub.State) -> Value
    ) throws(StoreError) -> Value {
        try gate.check()
        let followed = gate.epoch
        return try hub.state.withLock { (state) throws(StoreError) in
            guard let epoch = state.epoch else {
                throw .unavailable("the line was never begun, or has lost everything since")
            }
            guard followed == nil || followed == epoch else { throw .unavailable("the line was begun anew") }
            return body(&state)
        }
    }

    func epoch() async throws(StoreError) -> String? {
        try gate.check()
        return hub.state.withLock { $0.epoch }
    }

    func begin(epoch: String) async throws(StoreError) {
        try gate.check()
        hub.state.withLock { state in
            state.shelf.empty()
            state.foreign = []
            state.epoch = epoch
        }
        gate.epoch = epoch
    }

    func follow(epoch: String) { gate.epoch = epoch }

    func seed(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) {
        try with { state in
            for job in jobs where job.state != .dead && job.state != .done {
                var job = job
                job.state = job.notBefore > now ? .waiting : .ready
                if state.shelf.put(job) { state.foreign.insert(job.id) }
            }
        }
    }

    func add(_ wishes: [(result: EnqueueResult, request: EnqueueRequest)], now: Timestamp) async throws(StoreError) {
        try with { state in
            for (result, request) in wishes {
                if state.shelf.job(result.jobID) != nil {
                    state.shelf.raise(result.jobID, for: request, now: now)
                } else if result.isNew {
                    let notBefore = max(request.notBefore ?? now, now)
                    let job = RefreshJob(
                        id: result.jobID, document: request.document, priority: request.priority, cause: request.cause,
                        enqueuedAt: now, notBefore: notBefore, state: notBefore > now ? .waiting : .ready,
                        heat: request.heat)
                    if state.shelf.put(job) { state.foreign.insert(job.id) }
                }
            }
        }
    }

    func remove(_ ids: [Int64]) async throws(StoreError) {
        try with { state in
            for id in ids {
                state.shelf.remove(id)
                state.foreign.remove(id)
            }
        }
    }

    // MARK: The queue

    func enqueue(_ requests: [EnqueueRequest], now: Timestamp) async throws(StoreError) -> [EnqueueResult] {
        try with { state in requests.map { state.shelf.enqueue($0, now: now) } }
    }

    func lease(_ request: LeaseRequest, now: Timestamp) async throws(StoreError) -> [LeasedJob] {
        try with { $0.shelf.lease(request, now: now) }
    }

    func end(_ jobs: [(lease: LeasedJob, end: JobEnd)], now: Timestamp) async throws(StoreError) -> [Bool] {
        try with { state in
            jobs.map { lease, end in
                let ended = state.shelf.end(lease, with: end, now: now)
                let next = state.shelf.job(lease.job.id)?.state
                if ended, next == .done || next == .dead, state.foreign.remove(lease.job.id) != nil {
                    state.shelf.remove(lease.job.id)
                }
                return ended
            }
        }
    }

    func heartbeat(
        _ jobs: [LeasedJob], leaseFor: Duration, now: Timestamp
    ) async throws(StoreError) -> [Bool] {
        try with { state in jobs.map { state.shelf.claim($0, until: now + leaseFor) } }
    }

    func recoverLeases(all: Bool, now: Timestamp) async throws(StoreError) -> Int {
        try with { $0.shelf.recoverLeases(all: all, now: now) }
    }

    func wake(source: String?, now: Timestamp) async throws(StoreError) -> Int {
        try with { $0.shelf.wake(source: source, now: now) }
    }

    func nextWaiting(of datasets: [DatasetID]) async throws(StoreError) -> Timestamp? {
        try with { $0.shelf.nextWaiting(of: datasets) }
    }

    func job(_ id: Int64) async throws(StoreError) -> RefreshJob? { try with { $0.shelf.job(id) } }

    func job(for id: DocumentID) async throws(StoreError) -> RefreshJob? { try with { $0.shelf.job(for: id) } }

    func position(of jobID: Int64) async throws(StoreError) -> Int? { try with { $0.shelf.position(of: jobID) } }

    func jobs(in state: RefreshJob.State, source: String?, limit: Int) async throws(StoreError) -> [RefreshJob] {
        try with { $0.shelf.jobs(in: state, source: source, limit: limit) }
    }

    func depth(source: String?) async throws(StoreError) -> QueueDepth { try with { $0.shelf.depth(source: source) } }

    func retryDead(ids: [Int64]?, now: Timestamp) async throws(StoreError) -> Int {
        try with { $0.shelf.retryDead(ids: ids, now: now) }
    }

    func drop(ids: [Int64]?) async throws(StoreError) -> Int { try with { $0.shelf.drop(ids: ids) } }

    func restore(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) -> JobRestore {
        try with { $0.shelf.restore(jobs, now: now) }
    }

    func forgetDone(before: Timestamp) async throws(StoreError) -> Int {
        try with { $0.shelf.forgetDone(before: before) }
    }
}
