import CClock
import FreshetCore
import Glibc
import Synchronization

/// Wakes sleepers at monotonic times, from one thread that waits in the kernel.
///
/// Swift's own timers are absolute ones of the C library. A preloaded library that moves the wall clock (libfaketime) moves
/// those as well, monotonic or not: set back by an hour, each sleep would take an hour longer. A wait for a length of time,
/// asked of the kernel itself, depends on no clock that anybody can set.
final class AlarmThread: Sendable {
    /// The one thread of this process; it starts at the first use and ends with the process.
    static let shared = AlarmThread()

    private struct State {
        /// A binary heap by time, in nanoseconds since boot.
        var alarms: [(at: Int64, id: UInt64)] = []
        var sleepers: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())
    /// Readable when an alarm was set that is earlier than all others.
    private let bell: Int32

    private init() {
        bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        precondition(bell >= 0, "no descriptor is left for the alarm clock")
        var thread = pthread_t()
        let started = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<AlarmThread>.fromOpaque(context).takeUnretainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(started == 0, "no thread is left for the alarm clock")
        pthread_detach(thread)
    }

    /// Returns once the boot clock has reached `deadline` (nanoseconds).
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(until deadline: Int64) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                set(id, at: deadline, continuation)
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    private func set(_ id: UInt64, at deadline: Int64, _ continuation: CheckedContinuation<Void, any Error>) {
        let isEarliest = state.withLock { state in
            state.sleepers[id] = continuation
            AlarmHeap.push((deadline, id), to: &state.alarms)
            return state.alarms[0].id == id
        }
        if isEarliest { eventfd_write(bell, 1) }
        // A cancellation that came before the sleeper was known found nobody to wake.
        if Task.isCancelled {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    private func run() {
        while true {
            let now = freshet_boot_nanoseconds()
            let (due, next) = state.withLock { state in
                var due: [CheckedContinuation<Void, any Error>] = []
                while let first = state.alarms.first, first.at <= now || state.sleepers[first.id] == nil {
                    if let sleeper = state.sleepers.removeValue(forKey: first.id) { due.append(sleeper) }
                    AlarmHeap.pop(from: &state.alarms)
                }
                return (due, state.alarms.first?.at)
            }
            for sleeper in due { sleeper.resume() }
            // A minute at most: the kernel's wait stands still while the machine sleeps, the boot clock goes on.
            let longest: Int64 = 60_000_000_000
            if freshet_wait_readable(bell, min(longest, max(0, (next ?? .max) - freshet_boot_nanoseconds()))) != 0 {
                var count: eventfd_t = 0
                eventfd_read(bell, &count)
            }
        }
    }
}

/// A binary heap in an array, the earliest first.
private enum AlarmHeap {
    typealias Alarm = (at: Int64, id: UInt64)

    static func push(_ alarm: Alarm, to heap: inout [Alarm]) {
        heap.append(alarm)
        var child = heap.count - 1
        while child > 0, heap[child].at < heap[(child - 1) / 2].at {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    static func pop(from heap: inout [Alarm]) {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var earliest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].at < heap[earliest].at
            {
                earliest = child
            }
            guard earliest != parent else { return }
            heap.swapAt(parent, earliest)
            parent = earliest
        }
    }
}
