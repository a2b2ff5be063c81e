public import FreshetCore

/// A store with a coordinator in front: jobs are leased in the coordinator's line while it lasts, and in the store without it.
///
/// The store is the truth: a job is enqueued there first and ended there first, fenced, so each takes effect once whoever leased
/// it where. Losing the line loses nothing; see ``QueueMode`` for how all processes agree on where jobs are leased.
public final class CoordinatedStore<Base: ClusterStore>: ClusterStore {
    let base: Base
    let coordinator: any Coordinator
    let state: QueueState
    let clusterLimits: PlacedLimits
    var line: any JobLine { coordinator.line }

    /// Puts a coordinator in front of a store; jobs are leased in the store until an engine keeps the line.
    public init(_ base: Base, coordinator: any Coordinator, clock: any FreshetClock) {
        self.base = base
        self.coordinator = coordinator
        let state = QueueState(clock: clock)
        self.state = state
        clusterLimits = PlacedLimits(store: base.limits, coordinator: coordinator.limits, state: state)
    }

    /// The limits of the line while there is one, and the store's without; long windows are the store's always.
    public var limits: any SharedLimits { clusterLimits }

    /// Closes both.
    public func close() async {
        await coordinator.close()
        await base.close()
    }

    /// Reads once where the queue is, so that what a command adds gets into the line at once.
    public func follow() async {
        let begun = state.clock.monotonic()
        guard let bytes = try? await base.value(QueuePlace.name), let place = QueuePlace(stored: bytes) else { return }
        let (now, wall) = (state.clock.monotonic(), state.clock.now())
        state.mode { _ = $0.read(place, begun: begun, now: now, wall: wall) }
        clusterLimits.moved(to: place)
        if let epoch = place.epoch { line.follow(epoch: epoch) }
    }

    /// Repeats to the line what the store has done; a failure is found out about, and made good by filling the line anew.
    func repeating(_ body: (any JobLine) async throws(StoreError) -> Void) async {
        guard state.lineEpoch != nil else { return }
        do throws(StoreError) {
            try await body(line)
            state.lineAnswered()
        } catch {
            state.lineFailed()
        }
    }

    /// Asks the line while the queue is there; `nil` when it is not, or the line does not answer.
    func asking<Value>(_ body: (any JobLine) async throws(StoreError) -> Value) async -> Value? {
        guard state.isLine else { return nil }
        do throws(StoreError) {
            let value = try await body(line)
            state.lineAnswered()
            return value
        } catch {
            state.lineFailed()
            return nil
        }
    }
}

// Jobs on their way.
extension CoordinatedStore {
    /// Adds jobs in the store, which numbers them, and then in the line.
    public func enqueue(_ requests: [EnqueueRequest], now: Timestamp) async throws(StoreError) -> [EnqueueResult] {
        let results = try await base.enqueue(requests, now: now)
        await added(requests, results, now: now)
        return results
    }

    private func added(_ requests: [EnqueueRequest], _ results: [EnqueueResult], now: Timestamp) async {
        guard !requests.isEmpty else { return }
        await repeating { line throws(StoreError) in
            try await line.add(Array(zip(results, requests)).map { (result: $0, request: $1) }, now: now)
        }
    }

    /// Leases jobs where the queue is; none while that is being changed.
    public func lease(_ request: LeaseRequest, now: Timestamp) async throws(StoreError) -> [LeasedJob] {
        switch state.leasing {
        case .nowhere: return []
        case .store:
            let leases = try await base.lease(request, now: now)
            state.hold(leases, epoch: nil)
            return leases
        case .line(let epoch):
            do throws(StoreError) {
                let leases = try await line.lease(request, now: now)
                state.lineAnswered()
                state.hold(leases, epoch: epoch)
                return leases
            } catch {
                // Where the queue goes from here is decided elsewhere, in moments; until then there is nothing to do.
                state.lineFailed()
                return []
            }
        }
    }

    /// Writes a refresh and the end of its job in the store, then takes the job out of the line or puts it back.
    public func commit(_ commit: RefreshCommit) async throws(StoreError) -> CommitResult {
        do throws(StoreError) {
            let result = try await base.commit(commit)
            if let job = commit.job { await ended([job], now: commit.at) }
            return result
        } catch {
            if case .fenced = error, let job = commit.job { await refused([job.lease]) }
            throw error
        }
    }

    /// Ends jobs in the store, then in the line.
    public func end(_ jobs: [(lease: LeasedJob, end: JobEnd)], now: Timestamp) async throws(StoreError) -> [Bool] {
        let results = try await base.end(jobs, now: now)
        await ended(jobs, results, now: now)
        return results
    }

    /// Ends jobs and adds wishes in the store at one stroke, then repeats them in the line and leases where the queue is.
    public func cycle(
        ends: [(lease: LeasedJob, end: JobEnd)], wishes: [EnqueueRequest], lease request: LeaseRequest?, now: Timestamp
    ) async throws(StoreError) -> JobCycle {
        var cycle = try await base.cycle(ends: ends, wishes: wishes, lease: nil, now: now)
        await ended(ends, cycle.ends, now: now)
        await added(wishes, cycle.wishes, now: now)
        if let request { cycle.leases = try await lease(request, now: now) }
        return cycle
    }

    private func ended(_ jobs: [(lease: LeasedJob, end: JobEnd)], _ results: [Bool], now: Timestamp) async {
        await ended(zip(jobs, results).filter(\.1).map(\.0), now: now)
        await refused(zip(jobs, results).filter { !$0.1 }.map(\.0.lease))
    }

    private func ended(_ jobs: [(lease: LeasedJob, end: JobEnd)], now: Timestamp) async {
        var (ofLine, others): ([(lease: LeasedJob, end: JobEnd)], [(lease: LeasedJob, end: JobEnd)]) = ([], [])
        for job in jobs {
            let held = state.release(job.lease)
            if let epoch = held?.epoch, epoch == state.lineEpoch { ofLine.append(job) } else { others.append(job) }
        }
        if !ofLine.isEmpty {
            await repeating { line throws(StoreError) in _ = try await line.end(ofLine, now: now) }
        }
        guard !others.isEmpty, state.lineEpoch != nil else { return }
        // Leased in the store, or in an earlier line: this line holds them as ready at best.
        let base = base
        await repeating { line throws(StoreError) in
            try await line.remove(others.map(\.lease.job.id))
            var waiting: [RefreshJob] = []
            for job in others where !job.end.isFinal {
                if let kept = try await base.job(job.lease.job.id), kept.state.isUnfinished { waiting.append(kept) }
            }
            if !waiting.isEmpty { try await line.seed(waiting, now: now) }
        }
    }

    /// The store refused the ends of these: whoever has them now goes on, and what is finished leaves the line.
    private func refused(_ leases: [LeasedJob]) async {
        guard !leases.isEmpty else { return }
        for lease in leases { state.release(lease) }
        let base = base
        await repeating { line throws(StoreError) in
            for lease in leases {
                let kept = try await base.job(lease.job.id)
                if !(kept?.state.isUnfinished ?? false) { try await line.remove([lease.job.id]) }
            }
        }
    }

    /// Prolongs leases where they were given.
    public func heartbeat(
        _ jobs: [LeasedJob], leaseFor: Duration, now: Timestamp
    ) async throws(StoreError) -> [Bool] {
        var result = Array(repeating: false, count: jobs.count)
        var (inLine, inStore): ([Int], [Int]) = ([], [])
        for (index, lease) in jobs.enumerated() {
            guard let held = state.held(lease) else { continue }
            if held.epoch == nil { inStore.append(index) } else { inLine.append(index) }
        }
        if !inLine.isEmpty {
            let kept = await asking { line throws(StoreError) in
                try await line.heartbeat(inLine.map { jobs[$0] }, leaseFor: leaseFor, now: now)
            }
            // Without an answer nobody knows; a lease that is lost shows when its job ends.
            for (place, index) in inLine.enumerated() { result[index] = kept?[place] ?? true }
        }
        if !inStore.isEmpty {
            let kept = try await base.heartbeat(inStore.map { jobs[$0] }, leaseFor: leaseFor, now: now)
            for (place, index) in inStore.enumerated() { result[index] = kept[place] }
        }
        return result
    }

    /// Makes jobs ready again whose lease has run out, wherever it was given.
    public func recoverLeases(all: Bool, now: Timestamp) async throws(StoreError) -> Int {
        let inLine = await asking { line throws(StoreError) in try await line.recoverLeases(all: all, now: now) }
        return try await base.recoverLeases(all: all, now: now) + (inLine ?? 0)
    }

    /// Makes waiting jobs of a source (or of all) ready at `now` at the latest.
    public func wake(source: String?, now: Timestamp) async throws(StoreError) -> Int {
        let woken = try await base.wake(source: source, now: now)
        await repeating { line throws(StoreError) in _ = try await line.wake(source: source, now: now) }
        return woken
    }

    /// Makes dead jobs ready with their tries reset; `ids` nil means all.
    public func retryDead(ids: [Int64]?, now: Timestamp) async throws(StoreError) -> Int {
        let count = try await base.retryDead(ids: ids, now: now)
        guard count > 0, state.lineEpoch != nil else { return count }
        guard let ids, ids.count <= 1000 else {
            await fill(now: now)
            return count
        }
        let base = base
        await repeating { line throws(StoreError) in
            var revived: [RefreshJob] = []
            for id in ids { if let job = try await base.job(id), job.state.isUnfinished { revived.append(job) } }
            try await line.seed(revived, now: now)
        }
        return count
    }

    /// Removes unfinished or dead jobs that nobody holds; `ids` nil means all dead ones.
    public func drop(ids: [Int64]?) async throws(StoreError) -> Int {
        guard let ids, state.isLine else { return try await base.drop(ids: ids) }
        // The store does not know who holds a job of the line.
        var free: [Int64] = []
        for id in ids {
            let job = await asking { line throws(StoreError) in try await line.job(id) }
            if job??.state != .leased { free.append(id) }
        }
        guard !free.isEmpty else { return 0 }
        await repeating { line throws(StoreError) in try await line.remove(free) }
        return try await base.drop(ids: free)
    }

    /// Merges the jobs of a backup, in the store and then in the line.
    public func restore(_ jobs: [RefreshJob], now: Timestamp) async throws(StoreError) -> JobRestore {
        let result = try await base.restore(jobs, now: now)
        await fill(now: now, raises: result.raised > 0)
        return result
    }

    /// Puts every unfinished job of the store into the line; those that are there stay, or become as urgent as they are in the store.
    func fill(now: Timestamp, raises: Bool = false) async {
        let base = base
        await repeating { line throws(StoreError) in
            var last: Int64 = 0
            while true {
                let jobs = try await base.unfinishedJobs(after: last, limit: 1000)
                if !jobs.isEmpty {
                    try await line.seed(LineFilling.seeds(jobs, now: now), now: now)
                    try await LineFilling.takeOutEnded(jobs, of: line, store: base)
                }
                if raises {
                    try await line.add(
                        jobs.map { job in
                            (
                                EnqueueResult(jobID: job.id, isNew: false, raised: true),
                                EnqueueRequest(
                                    document: job.document, priority: job.priority, cause: job.cause, heat: job.heat,
                                    notBefore: job.notBefore)
                            )
                        }, now: now)
                }
                guard jobs.count == 1000, let end = jobs.last else { return }
                last = end.id
            }
        }
    }
}

/// How jobs of the store enter a line.
enum LineFilling {
    /// How long a job waits that is put into a line at work: it may have ended since it was read in the store.
    static let doubt = Duration.seconds(1)

    /// Jobs that are leased in the store wait in the line until their lease has run out: whoever runs them takes them out before.
    static func seeds(_ jobs: [RefreshJob], now: Timestamp, hold: Duration = .zero) -> [RefreshJob] {
        jobs.map { job in
            let span = job.state == .leased ? Dispatcher.leaseFor : hold
            guard span > .zero, job.notBefore < now + span else { return job }
            var waiting = job
            (waiting.state, waiting.notBefore) = (.waiting, now + span)
            return waiting
        }
    }

    /// Takes out of the line what has ended in the store since these jobs were read there: a page that was just put in.
    static func takeOutEnded(_ jobs: [RefreshJob], of line: any JobLine, store: any ClusterStore)
        async throws(StoreError)
    {
        guard let first = jobs.first?.id, let last = jobs.last?.id else { return }
        let left = try await store.unfinishedJobs(after: first - 1, limit: jobs.count)
        // Jobs may have come between these; what lies behind the page was not asked for.
        let end = left.count < jobs.count ? last : left.last?.id ?? last
        let kept = Set(left.map(\.id))
        let ended = jobs.map(\.id).filter { $0 <= end && !kept.contains($0) }
        if !ended.isEmpty { try await line.remove(ended) }
    }
}

extension RefreshJob.State {
    /// Whether work is left.
    var isUnfinished: Bool { self == .ready || self == .waiting || self == .leased }
}

extension JobEnd {
    /// Whether nothing more is done for the job.
    var isFinal: Bool {
        switch self {
        case .done, .dead: true
        case .retry, .park: false
        }
    }
}
