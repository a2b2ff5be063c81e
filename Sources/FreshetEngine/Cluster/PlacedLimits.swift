import FreshetCore
import Synchronization

/// Shared limits that are counted where the queue is.
///
/// Windows longer than ``shortest`` are the store's always: they must outlive a coordinator that loses everything. The short ones
/// are counted in the line's coordinator while there is a line. When the place changes, each process counts its own calls of the
/// last moments in the new place, and nobody takes a slot there until all have had the time to do so: see ``QueueMode``.
final class PlacedLimits: SharedLimits {
    /// Windows up to this length follow the queue.
    static let shortest = Duration.seconds(10)

    /// A call of this process that still counts in a short window.
    struct Open: Sendable {
        var counts: [SharedCount]
        /// Until when its slots are held at most, before `per`.
        var until: Duration
    }

    private struct State {
        var place: QueuePlace?
        var open: [String: Open] = [:]
        /// The place was changed and this process's calls are not counted there yet.
        var owesCalls = false
        var nextSweep = 256
    }

    private let store: any SharedLimits
    private let line: any SharedLimits
    private let queue: QueueState
    private let state = Mutex(State())

    init(store: any SharedLimits, coordinator line: any SharedLimits, state: QueueState) {
        (self.store, self.line, queue) = (store, line, state)
    }

    private var now: Duration { queue.clock.monotonic() }

    private static func isShort(_ count: SharedCount) -> Bool { count.per <= PlacedLimits.shortest }

    /// Where short windows are counted now, or how long nobody can say.
    private enum Counting {
        case line
        case store
        case nowhere(Duration)
    }

    private var counting: Counting {
        let now = now
        let (leasing, from) = queue.mode { ($0.leasing(now: now), $0.countsFrom) }
        if state.withLock({ $0.owesCalls }) { return .nowhere(max(from - now, .milliseconds(50))) }
        switch leasing {
        case .nowhere: return .nowhere(max(from - now, .milliseconds(100)))
        case .line: return now < from ? .nowhere(from - now) : .line
        case .store: return now < from ? .nowhere(from - now) : .store
        }
    }

    func take(_ counts: [SharedCount], call: String, hold: Duration) async throws(StoreError) -> SharedGrant {
        let (short, long) = (counts.filter(Self.isShort), counts.filter { !Self.isShort($0) })
        guard !short.isEmpty else { return try await store.take(long, call: call, hold: hold) }
        switch counting {
        case .nowhere(let wait): return .wait(wait, count: short[0].name)
        case .store:
            let grant = try await store.take(counts, call: call, hold: hold)
            if grant == .granted { note(short, call, hold) }
            return grant
        case .line:
            let grant: SharedGrant
            do throws(StoreError) {
                grant = try await line.take(short, call: call, hold: hold)
                queue.lineAnswered()
            } catch {
                queue.lineFailed()
                return .wait(.milliseconds(100), count: short[0].name)
            }
            guard grant == .granted else { return grant }
            note(short, call, hold)
            guard !long.isEmpty else { return .granted }
            let given: SharedGrant
            do throws(StoreError) {
                given = try await store.take(long, call: call, hold: hold)
            } catch {
                await giveBackToLine([SharedCall(call: call, counts: short)])
                throw error
            }
            if given != .granted { await giveBackToLine([SharedCall(call: call, counts: short)]) }
            return given
        }
    }

    func settle(_ calls: [SharedCall]) async throws(StoreError) {
        let now = now
        state.withLock { state in
            for call in calls { state.open[call.call]?.until = now }
        }
        try await each(calls) { limits, part throws(StoreError) in try await limits.settle(part) }
    }

    func refund(_ calls: [SharedCall]) async throws(StoreError) {
        state.withLock { state in for call in calls { state.open[call.call] = nil } }
        try await each(calls) { limits, part throws(StoreError) in try await limits.refund(part) }
    }

    func adopt(_ calls: [(count: SharedCount, slots: Int, after: Duration)]) async throws(StoreError) {
        try await store.adopt(calls)
    }

    func used(_ counts: [SharedCount]) async throws(StoreError) -> [Int] {
        let short = counts.indices.filter { Self.isShort(counts[$0]) }
        guard case .line = counting, !short.isEmpty else { return try await store.used(counts) }
        let long = counts.indices.filter { !Self.isShort(counts[$0]) }
        var result = Array(repeating: 0, count: counts.count)
        for (index, used) in zip(short, try await line.used(short.map { counts[$0] })) { result[index] = used }
        guard !long.isEmpty else { return result }
        for (index, used) in zip(long, try await store.used(long.map { counts[$0] })) { result[index] = used }
        return result
    }

    // MARK: When the place changes

    /// The queue has moved: no slot is taken in the new place before ``settleIn()`` has counted this process's calls there.
    func moved(to place: QueuePlace?) {
        state.withLock { state in
            // The first place is where this process begins: it has made no calls.
            state.owesCalls = state.place != nil
            state.place = place
        }
    }

    /// Counts the calls that this process made before the place changed in the new one.
    ///
    /// - Throws: ``StoreError`` when they could not be counted; no slot is given until they are.
    func settleIn() async throws(StoreError) {
        let now = now
        let (owes, place, calls) = state.withLock { state in
            state.open = state.open.filter { _, open in open.counts.contains { open.until + $0.per > now } }
            let calls = state.open.values.flatMap { open in
                open.counts.filter { open.until + $0.per > now }.map { count in
                    (count: count, slots: 1, after: open.until + count.per - now)
                }
            }
            return (state.owesCalls, state.place, calls)
        }
        guard owes, let place else { return }
        if !calls.isEmpty {
            switch place {
            case .store: try await store.adopt(calls)
            case .line: try await line.adopt(calls)
            }
        }
        state.withLock { if $0.place == place { $0.owesCalls = false } }
    }

    // MARK: Inside

    private func note(_ short: [SharedCount], _ call: String, _ hold: Duration) {
        let now = now
        state.withLock { state in
            state.open[call] = Open(counts: short, until: now + hold)
            guard state.open.count >= state.nextSweep else { return }
            state.open = state.open.filter { _, open in open.counts.contains { open.until + $0.per > now } }
            state.nextSweep = max(256, state.open.count * 2)
        }
    }

    private func giveBackToLine(_ calls: [SharedCall]) async {
        state.withLock { state in for call in calls { state.open[call.call] = nil } }
        // What is not given back comes back by itself.
        do throws(StoreError) { try await line.refund(calls) } catch { queue.lineFailed() }
    }

    /// Hands each part of calls to whoever counts it; a line that fails is found out about, its counts run out by themselves.
    private func each(
        _ calls: [SharedCall], _ body: (any SharedLimits, [SharedCall]) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let isLine = state.withLock { $0.place?.epoch != nil }
        guard isLine else { return try await body(store, calls) }
        func part(_ belongs: (SharedCount) -> Bool) -> [SharedCall] {
            calls.compactMap { call in
                let counts = call.counts.filter(belongs)
                return counts.isEmpty ? nil : SharedCall(call: call.call, counts: counts)
            }
        }
        let (short, long) = (part(Self.isShort), part { !Self.isShort($0) })
        if !short.isEmpty {
            do throws(StoreError) { try await body(line, short) } catch { queue.lineFailed() }
        }
        if !long.isEmpty { try await body(store, long) }
    }
}
