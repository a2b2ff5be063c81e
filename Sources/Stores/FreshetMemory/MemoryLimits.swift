public import FreshetCore
import Synchronization

/// Limits that all who hold this object share: in memory, by one clock.
public final class MemoryLimits: SharedLimits {
    private struct Slot {
        var until: Duration
        var per: Duration
    }

    private struct Count {
        /// By call.
        var slots: [String: Slot] = [:]
        var adopted: [(slots: Int, until: Duration)] = []
        /// When the next call is due at an even pace.
        var due: Duration?

        func used(at now: Duration) -> Int {
            slots.values.count { $0.until > now } + adopted.reduce(0) { $0 + ($1.until > now ? $1.slots : 0) }
        }

        /// When the first slot comes back after which there is room for one more.
        func frees(below capacity: Int, at now: Duration) -> Duration? {
            var ends: [Duration] = slots.values.map(\.until).filter { $0 > now }
            for other in adopted where other.until > now {
                ends += Array(repeating: other.until, count: other.slots)
            }
            guard ends.count >= capacity else { return nil }
            return ends.sorted()[ends.count - capacity]
        }

        mutating func purge(now: Duration) {
            slots = slots.filter { $0.value.until > now }
            adopted.removeAll { $0.until <= now }
        }
    }

    private let clock: @Sendable () -> Duration
    private let counts = Mutex<[String: Count]>([:])

    /// Creates limits without calls.
    ///
    /// `clock`: time from any origin; the machine's when left out.
    public init(clock: @escaping @Sendable () -> Duration = MemoryLimits.machineTime) { self.clock = clock }

    /// Time by the machine's clock.
    @Sendable public static func machineTime() -> Duration {
        origin.duration(to: ContinuousClock.now)
    }

    private static let origin = ContinuousClock.now

    /// Takes a slot of every count, or of none.
    public func take(
        _ wanted: [SharedCount], call: String, hold: Duration
    ) async throws(StoreError) -> SharedGrant {
        let now = clock()
        return counts.withLock { counts in
            var latest: (at: Duration, name: String)?
            for count in wanted {
                let kept = counts[count.name] ?? Count()
                let pace = (kept.due ?? now) - count.tolerance
                let room = kept.frees(below: count.capacity, at: now) ?? now
                let at = max(pace, room)
                if at > now, at > latest?.at ?? now { latest = (at, count.name) }
            }
            if let latest { return .wait(latest.at - now, count: latest.name) }
            for count in wanted {
                var kept = counts[count.name] ?? Count()
                kept.purge(now: now)
                kept.slots[call] = Slot(until: now + hold, per: count.per)
                kept.due = max(kept.due ?? now, now) + count.interval
                counts[count.name] = kept
            }
            return .granted
        }
    }

    /// Says that the server has counted calls by now.
    public func settle(_ calls: [SharedCall]) async throws(StoreError) {
        let now = clock()
        counts.withLock { counts in
            for call in calls {
                for count in call.counts where counts[count.name]?.slots[call.call] != nil {
                    counts[count.name]?.slots[call.call]?.until = now + count.per
                }
            }
        }
    }

    /// Gives back the slots of calls that were never sent.
    public func refund(_ calls: [SharedCall]) async throws(StoreError) {
        counts.withLock { counts in
            for call in calls {
                for count in call.counts where counts[count.name]?.slots.removeValue(forKey: call.call) != nil {
                    counts[count.name]?.due? -= count.interval
                }
            }
        }
    }

    /// Counts calls that were made while the counts were kept in another place.
    public func adopt(_ calls: [(count: SharedCount, slots: Int, after: Duration)]) async throws(StoreError) {
        let now = clock()
        counts.withLock { counts in
            for call in calls where call.slots > 0 {
                counts[call.count.name, default: Count()].adopted.append((call.slots, now + call.after))
            }
        }
    }

    /// How many slots of each count are held now.
    public func used(_ wanted: [SharedCount]) async throws(StoreError) -> [Int] {
        let now = clock()
        return counts.withLock { counts in wanted.map { counts[$0.name]?.used(at: now) ?? 0 } }
    }
}
