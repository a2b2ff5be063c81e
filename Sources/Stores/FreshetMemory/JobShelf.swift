import FreshetCore

/// The queue.
///
/// Ready jobs stand sorted, so that a lease looks at heads only.
struct JobShelf {
    struct Entry {
        var job: RefreshJob
        var fence: Int64 = 0
        var leaseUntil: Timestamp?
    }

    private struct Level: Hashable {
        var dataset: DatasetID
        var priority: Priority
    }

    private var entries: [Int64: Entry] = [:]
    /// The unfinished or dead job of each document.
    private var standing: [DocumentID: Int64] = [:]
    private var ready: [Level: ReadyLine] = [:]
    private var waiting: Set<Int64> = []
    private var lastID: Int64 = 0
    private var lastFence: Int64 = 0
    /// Microseconds since 1970 for fences; 0 leaves them to count by one.
    private let clock: @Sendable () -> Int64

    init(clock: @escaping @Sendable () -> Int64 = { 0 }) { self.clock = clock }

    // MARK: Changes

    /// The only way in which entries change: keeps the lines and sets in step.
    private mutating func update(_ id: Int64, _ change: (inout Entry) -> Void) {
        guard var entry = entries[id] else { return }
        unlist(entry.job)
        change(&entry)
        entries[id] = entry
        list(entry.job)
    }

    mutating func remove(_ id: Int64) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        unlist(entry.job)
    }

    private mutating func list(_ job: RefreshJob) {
        if job.state != .done { standing[job.document] = job.id }
        if job.state == .waiting { waiting.insert(job.id) }
        if job.state == .ready {
            ready[Level(dataset: job.document.dataset, priority: job.priority), default: ReadyLine()].insert(job)
        }
    }

    private mutating func unlist(_ job: RefreshJob) {
        if standing[job.document] == job.id { standing[job.document] = nil }
        waiting.remove(job.id)
        if job.state == .ready {
            ready[Level(dataset: job.document.dataset, priority: job.priority)]?.remove(job)
        }
    }

    // MARK: Enqueue

    mutating func enqueue(_ request: EnqueueRequest, now: Timestamp) -> EnqueueResult {
        let isPersonal = request.cause == "operator" || request.cause == "cli"
        if let id = standing[request.document], let job = entries[id]?.job {
            if job.state != .dead { return raise(job, for: request, isPersonal: isPersonal, now: now) }
            let makesRoom =
                if let limit = request.replacesDeadBefore, let death = job.finishedAt { death < limit } else { false }
            guard isPersonal || makesRoom else { return EnqueueResult(jobID: id, isNew: false, raised: false) }
            remove(id)
        }
        lastID += 1
        let notBefore = max(request.notBefore ?? now, now)
        let job = RefreshJob(
            id: lastID, document: request.document, priority: request.priority, cause: request.cause, enqueuedAt: now,
            notBefore: notBefore, state: notBefore > now ? .waiting : .ready, heat: request.heat)
        entries[job.id] = Entry(job: job)
        list(job)
        return EnqueueResult(jobID: job.id, isNew: true, raised: false)
    }

    mutating func restore(_ jobs: [RefreshJob], now: Timestamp) -> JobRestore {
        var result = JobRestore()
        for job in jobs where job.state != .done {
            if let id = standing[job.document], let other = entries[id]?.job {
                let wish = EnqueueRequest(
                    document: job.document, priority: job.priority, cause: job.cause, heat: job.heat, notBefore: now)
                let isOpen = job.state != .dead && other.state != .dead
                let raised = isOpen && raise(other, for: wish, isPersonal: false, now: now).raised
                result.raised += raised ? 1 : 0
                result.kept += raised ? 0 : 1
                continue
            }
            lastID += 1
            var restored = job
            restored.id = lastID
            if job.state != .dead { restored.state = job.notBefore > now ? .waiting : .ready }
            entries[restored.id] = Entry(job: restored)
            list(restored)
            result.added += 1
        }
        return result
    }

    private mutating func raise(
        _ job: RefreshJob, for request: EnqueueRequest, isPersonal: Bool, now: Timestamp
    ) -> EnqueueResult {
        let wakes = job.state == .waiting && isPersonal && request.notBefore == nil
        update(job.id) { entry in
            entry.job.priority = min(job.priority, request.priority)
            entry.job.heat = max(job.heat, request.heat)
            if wakes { (entry.job.state, entry.job.notBefore) = (.ready, now) }
        }
        return EnqueueResult(jobID: job.id, isNew: false, raised: wakes || request.priority < job.priority)
    }

    // MARK: Jobs that a store numbered

    /// Adds a job under its own number; of two jobs of a document the younger one (with the higher number) stays.
    ///
    /// - Returns: `false` when it is there already, or there is a younger one.
    mutating func put(_ job: RefreshJob) -> Bool {
        guard entries[job.id] == nil, standing[job.document].map({ $0 < job.id }) ?? true else { return false }
        if let older = standing[job.document] { remove(older) }
        lastID = max(lastID, job.id)
        entries[job.id] = Entry(job: job)
        list(job)
        return true
    }

    /// Makes an unfinished job as urgent as a wish says.
    mutating func raise(_ id: Int64, for request: EnqueueRequest, now: Timestamp) {
        guard let job = entries[id]?.job, job.state != .dead, job.state != .done else { return }
        let isPersonal = request.cause == "operator" || request.cause == "cli"
        _ = raise(job, for: request, isPersonal: isPersonal, now: now)
    }

    /// Removes every job; numbers and fences go on.
    mutating func empty() {
        (entries, standing, ready, waiting) = ([:], [:], [:], [])
    }

    // MARK: Lease

    mutating func lease(_ request: LeaseRequest, now: Timestamp) -> [LeasedJob] {
        for id in waiting where (entries[id]?.job.notBefore).map({ $0 <= now }) ?? false {
            update(id) { $0.job.state = .ready }
        }
        var chosen: [Int64] = []
        while chosen.count < max(0, request.count), let next = head(for: request) {
            chosen.append(next)
            // One ascending space with whoever leases these jobs elsewhere.
            lastFence = max(lastFence + 1, clock())
            let fence = lastFence
            update(next) { entry in
                entry.job.state = .leased
                entry.job.attempts += 1
                entry.fence = fence
                entry.leaseUntil = now + request.leaseFor
            }
        }
        return chosen.compactMap { entries[$0].map { LeasedJob(job: $0.job, fence: $0.fence) } }
    }

    private func head(for request: LeaseRequest) -> Int64? {
        let levels = ready.filter { level, line in
            !line.isEmpty && request.admitted[level.dataset].map { level.priority <= $0 } ?? false
        }
        if request.oldestFirst {
            return levels.values.compactMap(\.oldest).min { ($0.notBefore, $0.id) < ($1.notBefore, $1.id) }?.id
        }
        let heads = levels.compactMap { level, line in line.first.map { (level.priority, -$0.heat, $0.id) } }
        return heads.min { $0 < $1 }?.2
    }

    // MARK: Ends

    func holds(_ lease: LeasedJob) -> Bool {
        guard let entry = entries[lease.job.id] else { return false }
        return entry.job.state == .leased && entry.fence == lease.fence
    }

    /// Whether a lease that was given elsewhere may end its job: nobody holds it here, and no lease of it was ever younger.
    func accepts(_ lease: LeasedJob) -> Bool {
        guard let entry = entries[lease.job.id], entry.job.state == .ready || entry.job.state == .waiting else {
            return false
        }
        return entry.fence < lease.fence
    }

    /// Holds a lease that was given elsewhere.
    mutating func take(_ lease: LeasedJob, until: Timestamp) {
        lastFence = max(lastFence, lease.fence)
        update(lease.job.id) { entry in
            (entry.job.state, entry.fence, entry.leaseUntil) = (.leased, lease.fence, until)
            entry.job.attempts = lease.job.attempts
        }
    }

    mutating func end(_ lease: LeasedJob, with end: JobEnd, now: Timestamp) -> Bool {
        if !holds(lease) {
            guard accepts(lease) else { return false }
            take(lease, until: now)
        }
        update(lease.job.id) { entry in
            entry.leaseUntil = nil
            switch end {
            case .done:
                (entry.job.state, entry.job.finishedAt, entry.job.lastError) = (.done, now, nil)
            case .retry(let moment, let error):
                (entry.job.state, entry.job.notBefore) = (moment > now ? .waiting : .ready, moment)
                entry.job.lastError = error
            case .park(let moment, let reason):
                (entry.job.state, entry.job.notBefore) = (moment > now ? .waiting : .ready, moment)
                entry.job.attempts = max(0, entry.job.attempts - 1)
                entry.job.lastError = reason ?? entry.job.lastError
            case .dead(let error):
                (entry.job.state, entry.job.finishedAt, entry.job.lastError) = (.dead, now, error)
            }
        }
        return true
    }

    mutating func heartbeat(_ lease: LeasedJob, until: Timestamp) -> Bool {
        guard holds(lease) else { return false }
        entries[lease.job.id]?.leaseUntil = until
        return true
    }

    mutating func recoverLeases(all: Bool, now: Timestamp) -> Int {
        let orphans = entries.values.filter { entry in
            entry.job.state == .leased && (all || entry.leaseUntil.map { $0 <= now } ?? true)
        }
        for orphan in orphans {
            update(orphan.job.id) { entry in
                (entry.job.state, entry.job.notBefore, entry.leaseUntil) = (.ready, now, nil)
            }
        }
        return orphans.count
    }

    mutating func wake(source: String?, now: Timestamp) -> Int {
        let woken = waiting.filter { id in source == nil || entries[id]?.job.document.dataset.source == source }
        for id in woken {
            update(id) { ($0.job.state, $0.job.notBefore) = (.ready, min($0.job.notBefore, now)) }
        }
        return woken.count
    }

    mutating func retryDead(ids: [Int64]?, now: Timestamp) -> Int {
        let chosen = (ids ?? Array(entries.keys)).filter { entries[$0]?.job.state == .dead }
        for id in chosen {
            update(id) { entry in
                (entry.job.state, entry.job.attempts) = (.ready, 0)
                (entry.job.notBefore, entry.job.finishedAt) = (now, nil)
            }
        }
        return Set(chosen).count
    }

    mutating func drop(ids: [Int64]?) -> Int {
        let chosen = (ids ?? Array(entries.keys)).filter { id in
            guard let state = entries[id]?.job.state else { return false }
            return ids == nil ? state == .dead : state == .dead || state == .ready || state == .waiting
        }
        for id in chosen { remove(id) }
        return Set(chosen).count
    }

    mutating func forgetDone(before: Timestamp) -> Int {
        let old = entries.values.filter { entry in
            entry.job.state == .done && entry.job.finishedAt.map { $0 < before } ?? false
        }
        for entry in old { remove(entry.job.id) }
        return old.count
    }

    // MARK: Questions

    func job(_ id: Int64) -> RefreshJob? { entries[id]?.job }

    func job(for document: DocumentID) -> RefreshJob? { standing[document].flatMap { entries[$0]?.job } }

    func nextWaiting(of datasets: [DatasetID]) -> Timestamp? {
        waiting.compactMap { entries[$0]?.job }.filter { datasets.contains($0.document.dataset) }.map(\.notBefore).min()
    }

    func position(of id: Int64) -> Int? {
        guard let job = entries[id]?.job, job.state == .ready else { return nil }
        return jobs(in: .ready, source: job.document.dataset.source, limit: .max).firstIndex { $0.id == id }
    }

    func jobs(in state: RefreshJob.State, source: String?, limit: Int) -> [RefreshJob] {
        let chosen = entries.values.map(\.job).filter { job in
            job.state == state && (source == nil || job.document.dataset.source == source)
        }
        let isFinished = state == .dead || state == .done
        let sorted = chosen.sorted { a, b in
            guard isFinished else { return (a.priority, -a.heat, a.id) < (b.priority, -b.heat, b.id) }
            return (a.finishedAt?.microseconds ?? 0, a.id) > (b.finishedAt?.microseconds ?? 0, b.id)
        }
        return Array(sorted.prefix(max(0, limit)))
    }

    func depth(source: String?) -> QueueDepth {
        var depth = QueueDepth()
        for job in entries.values.map(\.job) where source == nil || job.document.dataset.source == source {
            depth.counts[job.state, default: [:]][job.priority, default: 0] += 1
            if job.state == .ready {
                depth.oldestReady[job.priority] = min(depth.oldestReady[job.priority] ?? job.notBefore, job.notBefore)
            }
        }
        return depth
    }
}
