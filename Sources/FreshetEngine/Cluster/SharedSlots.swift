import FreshetCore
import Logging
import Synchronization

/// Takes slots of the limits that all processes share, and gives them back in batches off the road of the calls.
final class SharedSlots: Sendable {
    /// What became of asking for slots.
    enum Answer: Sendable {
        /// The call may go.
        case granted(SharedCall?)
        /// Ask again after so long.
        case wait(Duration, count: String)
        /// Nobody could be asked.
        case failed(StoreError)
    }

    private struct Outbox {
        var settled: [SharedCall] = []
        var refunded: [SharedCall] = []
        /// Calls without an answer: the server counts them by then at the latest.
        var settledLater: [(call: SharedCall, at: Duration)] = []
        var number: UInt64 = 0
    }

    private let limits: any SharedLimits
    private let prefix: String
    private let clock: any FreshetClock
    private let outbox = Mutex(Outbox())
    private let wakeup = Wakeup()

    /// `member`: unique among the processes.
    init(limits: any SharedLimits, member: String, clock: any FreshetClock) {
        (self.limits, self.clock) = (limits, clock)
        prefix = member + "/" + String(UInt32.random(in: .min ... .max), radix: 36) + "/"
    }

    /// Takes a slot of every count, or none.
    func take(_ counts: [SharedCount], longest: Duration) async -> Answer {
        guard !counts.isEmpty else { return .granted(nil) }
        let name = outbox.withLock { outbox in
            outbox.number += 1
            return prefix + String(outbox.number, radix: 36)
        }
        let call = SharedCall(call: name, counts: counts)
        do throws(StoreError) {
            switch try await limits.take(counts, call: name, hold: longest) {
            case .granted: return .granted(call)
            case .wait(let span, let count): return .wait(max(span, .milliseconds(1)), count: count)
            }
        } catch {
            // It may have been granted all the same; saying so costs nothing.
            refund(call)
            return .failed(error)
        }
    }

    /// The server has counted the call.
    func settle(_ call: SharedCall) {
        outbox.withLock { $0.settled.append(call) }
        wakeup.signal()
    }

    /// The server has counted the call `after` so long, if it ever does.
    func settle(_ call: SharedCall, after: Duration) {
        let at = clock.monotonic() + after
        outbox.withLock { $0.settledLater.append((call, at)) }
        wakeup.signal()
    }

    /// The call was never sent.
    func refund(_ call: SharedCall) {
        outbox.withLock { $0.refunded.append(call) }
        wakeup.signal()
    }

    /// How many slots of each count are held; `nil` when nobody can be asked.
    func used(_ counts: [SharedCount]) async -> [Int]? { try? await limits.used(counts) }

    /// Hands on what was settled and refunded, until cancelled; then once more.
    func run() async {
        while !Task.isCancelled {
            let next = outbox.withLock { $0.settledLater.map(\.at).min() }
            await wakeup.wait(until: next, clock: clock)
            await flush()
        }
        await Task { await self.flush(all: true) }.value
    }

    private func flush(all: Bool = false) async {
        let now = clock.monotonic()
        let (settled, refunded) = outbox.withLock { outbox -> ([SharedCall], [SharedCall]) in
            let due = outbox.settledLater.filter { all || $0.at <= now }.map(\.call)
            outbox.settledLater.removeAll { all || $0.at <= now }
            defer { (outbox.settled, outbox.refunded) = ([], []) }
            return (outbox.settled + due, outbox.refunded)
        }
        // What cannot be handed on comes back by itself when its time is up.
        if !refunded.isEmpty { try? await limits.refund(refunded) }
        if !settled.isEmpty { try? await limits.settle(settled) }
    }
}
