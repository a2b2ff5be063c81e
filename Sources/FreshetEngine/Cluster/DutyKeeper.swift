import FreshetCore
import Logging
import Synchronization

/// Does what only one process of a deployment may do: schedules, retention, webhooks, backups.
///
/// A duty is a lease in the store, prolonged while it is held; when its holder dies another takes it within 15 s. Without a cluster
/// this process holds every duty.
public final class DutyKeeper: Sendable {
    /// How long a duty is held without being prolonged.
    public static let span = Duration.seconds(10)
    /// How often a duty is prolonged, or asked for.
    public static let beat = Duration.seconds(3)
    /// A holder lets go this long before its time is up by its own clock.
    static let margin = Duration.seconds(1)

    private let store: (any ClusterStore)?
    private let holder: String
    private let clock: any FreshetClock
    private let logger: Logger
    private let held = Mutex<[String: Duration]>([:])

    init(store: (any ClusterStore)?, holder: String, clock: any FreshetClock, logger: Logger) {
        (self.store, self.holder, self.clock, self.logger) = (store, holder, clock, logger)
    }

    /// Runs `work` whenever this process holds the duty, until the task is cancelled.
    ///
    /// `work` is cancelled when the duty is lost, and begun anew when it is held again; it should run until cancelled. When it returns
    /// by itself it is called again at the next beat.
    public func whileHeld(_ duty: String, _ work: @escaping @Sendable () async -> Void) async {
        guard store != nil else {
            while !Task.isCancelled {
                await work()
                try? await clock.sleep(for: DutyKeeper.beat)
            }
            return
        }
        while !Task.isCancelled {
            if await prolong(duty) {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await work() }
                    group.addTask { await self.keep(duty) }
                    // Whichever ends first ends the other: the work is done, or the duty lost.
                    await group.next()
                    group.cancelAll()
                }
            }
            try? await clock.sleep(for: DutyKeeper.beat)
        }
        await release(duty)
    }

    /// Whether this process holds the duty now.
    public func holds(_ duty: String) -> Bool {
        guard store != nil else { return true }
        return held.withLock { ($0[duty] ?? .zero) > clock.monotonic() }
    }

    /// The duties that this process holds, in order.
    public var duties: [String] {
        let now = clock.monotonic()
        return held.withLock { $0.filter { $0.value > now }.keys.sorted() }
    }

    /// Prolongs until the duty is lost or the task cancelled.
    private func keep(_ duty: String) async {
        while !Task.isCancelled, holds(duty) {
            let ends = held.withLock { $0[duty] ?? .zero }
            // A store that hangs must not keep the work going past the end of the hold.
            try? await clock.sleep(untilMonotonic: min(clock.monotonic() + DutyKeeper.beat, ends))
            guard !Task.isCancelled else { return }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = await self.prolong(duty) }
                group.addTask { try? await self.clock.sleep(untilMonotonic: ends) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// Takes or prolongs a duty; a store that cannot be asked changes nothing.
    private func prolong(_ duty: String) async -> Bool {
        guard let store else { return true }
        let begun = clock.monotonic()
        guard let hold = try? await store.hold(duty, holder: holder, for: DutyKeeper.span) else { return holds(duty) }
        let (wasHeld, isHeld) = (holds(duty), hold.holder == holder)
        held.withLock { $0[duty] = isHeld ? begun + DutyKeeper.span - DutyKeeper.margin : nil }
        if isHeld != wasHeld {
            logger.info(
                isHeld ? "this process does the duty \(duty) now" : "the duty \(duty) is done by \(hold.holder) now")
        }
        return isHeld
    }

    private func release(_ duty: String) async {
        guard let store, held.withLock({ $0.removeValue(forKey: duty) }) != nil else { return }
        // The task is cancelled, and so would its calls be; the others need not wait for the hold to run out.
        let holder = holder
        await Task { try? await store.release(duty, holder: holder) }.value
    }
}
