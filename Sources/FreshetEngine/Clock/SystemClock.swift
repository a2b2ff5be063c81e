import CClock
public import FreshetCore
import Glibc

/// The machine's clocks: `CLOCK_REALTIME` for what is shown, `CLOCK_BOOTTIME` for limits and deadlines.
///
/// Boot time is monotonic, goes on while the machine sleeps, and is the same for every process until the next boot.
public struct SystemClock: FreshetClock {
    /// Creates the clock.
    public init() {}

    /// The wall clock in UTC.
    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Time since boot.
    public func monotonic() -> Duration {
        .nanoseconds(freshet_boot_nanoseconds())
    }

    /// Returns once ``monotonic()`` has reached `deadline`; up to a minute late when the machine slept meanwhile.
    public func sleep(untilMonotonic deadline: Duration) async throws {
        try Task.checkCancellation()
        guard deadline > monotonic() else { return }
        let microseconds = min(deadline.microseconds, Int64.max / 1000 - 1)
        // Rounded up: never early.
        try await AlarmThread.shared.sleep(until: (microseconds + 1) * 1000)
    }

    /// Names this boot of the machine; monotonic times of one boot can be compared.
    ///
    /// Empty when the system does not say.
    public static func bootID() -> String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return "" }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 64)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 > 32 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A timeline that starts at the wall clock and then only follows the monotonic clock.
///
/// The queue lives on it, so that a wall clock that is set while Freshet runs neither delays nor hurries any job.
struct SteadyTime: Sendable {
    private let clock: any FreshetClock
    private let wall: Timestamp
    private let origin: Duration

    init(clock: any FreshetClock) {
        self.clock = clock
        (wall, origin) = (clock.now(), clock.monotonic())
    }

    func now() -> Timestamp { wall + (clock.monotonic() - origin) }

    /// The moment on this timeline of a monotonic time.
    func timestamp(ofMonotonic time: Duration) -> Timestamp { wall + (time - origin) }

    /// The monotonic time of a moment on this timeline.
    func monotonic(of timestamp: Timestamp) -> Duration { origin + (timestamp - wall) }
}
