import FreshetCore
import Logging
import Synchronization

/// Runs historical loads: a window of jobs at a time at the lowest priority, so that nothing else waits for them.
///
/// Every round is decided from the store: what was settled is counted in order, and the count is durable. After a crash a load
/// goes on where it stood; jobs that were under way are joined, not doubled.
final class BackfillRunner: Sendable {
    /// Documents of one load that may be on their way at once.
    static let portion = 200
    /// Between two rounds.
    static let pause = Duration.seconds(1)

    private struct Active {
        var state: BackfillState
        /// As the store has it: whoever swaps it owns the load.
        var saved: [UInt8]?
        /// Places and repeated keys that were enqueued by this process.
        var enqueuedTo: Int
        /// Places below ``enqueuedTo`` whose documents were there already.
        var held: Set<Int> = []
        var hasRepeated = false
    }

    typealias Enqueue = @Sendable ([EnqueueRequest]) async throws(StoreError) -> [EnqueueResult]

    private let context: EngineContext
    private let active = Mutex<[DatasetID: Active]>([:])
    private let wakeup = Wakeup()

    init(context: EngineContext) { self.context = context }

    /// Takes up what a process before this one left, then works until cancelled.
    func run(_ enqueue: @escaping Enqueue) async {
        await takeUp()
        while !Task.isCancelled {
            let datasets = active.withLock { Array($0.keys) }
            for dataset in datasets { await round(dataset, enqueue) }
            let isIdle = active.withLock { $0.isEmpty }
            await wakeup.wait(
                until: isIdle ? nil : context.clock.monotonic() + BackfillRunner.pause, clock: context.clock)
        }
    }

    /// Begins or goes on with a load that the store has.
    func take(_ state: BackfillState, saved: [UInt8]) {
        active.withLock { $0[state.dataset] = Active(state: state, saved: saved, enqueuedTo: state.done) }
        wakeup.signal()
    }

    /// Lets go of a load; its jobs that are queued still run.
    func release(_ dataset: DatasetID) { active.withLock { _ = $0.removeValue(forKey: dataset) } }

    private func takeUp() async {
        for dataset in context.configuration.datasets {
            do {
                guard let bytes = try await context.store.value(BackfillRunner.name(dataset.id)),
                    let state = BackfillState(bytes, dataset: dataset.id), state.isRunning
                else { continue }
                context.logger.notice("the backfill of \(dataset.id) goes on at \(state.done) of \(state.total)")
                take(state, saved: bytes)
            } catch {
                context.storeFailed(error, while: "looking for unfinished backfills", metadata: [:])
            }
        }
    }

    static func name(_ dataset: DatasetID) -> String { "backfill/\(dataset)" }

    // MARK: A round

    private func round(_ dataset: DatasetID, _ enqueue: Enqueue) async {
        guard var now = active.withLock({ $0[dataset] }), let config = context.configuration.dataset(dataset) else {
            return
        }
        let before = now.state
        do throws(StoreError) {
            try await repeatFailed(&now, config, enqueue)
            try await advance(&now, config, enqueue)
            if now.state.done == now.state.total, now.state.again.isEmpty { finish(&now.state) }
            if now.state != before {
                let bytes = now.state.encode()
                guard
                    try await context.store.swapValue(now.saved, with: bytes, for: BackfillRunner.name(dataset))
                else {
                    // Stopped, begun anew, or in the hands of another process.
                    return release(dataset)
                }
                now.saved = bytes
            }
        } catch {
            return context.storeFailed(error, while: "backfilling \(dataset)", metadata: [:])
        }
        active.withLock { active in
            guard active[dataset] != nil else { return }
            active[dataset] = now.state.isRunning ? now : nil
        }
    }

    private func finish(_ state: inout BackfillState) {
        state.endedAt = context.clock.now()
        context.logger.notice(
            "the backfill of \(state.dataset) has ended: \(state.done) documents, \(state.failed.count) given up on",
            metadata: ["source": "\(state.dataset.source)", "dataset": "\(state.dataset.name)"])
    }

    private func repeatFailed(
        _ load: inout Active, _ config: DatasetConfig, _ enqueue: Enqueue
    ) async throws(StoreError) {
        guard !load.state.again.isEmpty else { return }
        if !load.hasRepeated {
            _ = try await enqueue(load.state.again.map { wish($0, config, cause: "cli") })
            load.hasRepeated = true
            return
        }
        var rest: [String] = []
        for key in load.state.again {
            switch try await fate(of: DocumentID(dataset: config.id, key: key)) {
            case .under: rest.append(key)
            case .failed: load.state.failed.append(key)
            case .missing: load.state.missing += 1
            case .stored: break
            }
        }
        load.state.again = rest
    }

    private func advance(
        _ load: inout Active, _ config: DatasetConfig, _ enqueue: Enqueue
    ) async throws(StoreError) {
        // First what has settled, in order: the count must never run ahead of the work.
        while load.state.done < load.enqueuedTo {
            guard let key = load.state.key(at: load.state.done, of: config) else {
                load.state.failed.append(load.state.window.value(at: load.state.done / load.state.series.count))
                load.state.done += 1
                continue
            }
            let fate = try await fate(of: DocumentID(dataset: config.id, key: key))
            if fate == .under { break }
            if fate == .missing { load.state.missing += 1 }
            if fate == .failed { load.state.failed.append(key) }
            if load.held.remove(load.state.done) != nil { load.state.skipped += 1 }
            load.state.done += 1
        }
        let end = min(load.state.total, load.state.done + BackfillRunner.portion)
        guard load.enqueuedTo < end else { return }
        var wishes: [EnqueueRequest] = []
        for place in load.enqueuedTo..<end {
            guard let key = load.state.key(at: place, of: config) else { continue }
            let isThere = load.state.refetches ? false : try await isStored(DocumentID(dataset: config.id, key: key))
            if isThere { load.held.insert(place) } else { wishes.append(wish(key, config, cause: "backfill")) }
        }
        if !wishes.isEmpty { _ = try await enqueue(wishes) }
        load.enqueuedTo = end
    }

    private func wish(_ key: String, _ config: DatasetConfig, cause: String) -> EnqueueRequest {
        EnqueueRequest(document: DocumentID(dataset: config.id, key: key), priority: .low, cause: cause)
    }

    private enum Fate {
        case under
        case stored
        case missing
        case failed
    }

    private func fate(of id: DocumentID) async throws(StoreError) -> Fate {
        switch try await context.store.job(for: id)?.state {
        case .ready, .waiting, .leased: return .under
        case .dead: return .failed
        case .done, nil: break
        }
        switch try await context.store.document(id)?.state.presence {
        case .live: return .stored
        case .missing, .gone: return .missing
        // Its job was dropped by hand.
        case .unknown, nil: return .failed
        }
    }

    private func isStored(_ id: DocumentID) async throws(StoreError) -> Bool {
        (try await context.store.document(id)).map { $0.state.version > 0 } ?? false
    }
}
