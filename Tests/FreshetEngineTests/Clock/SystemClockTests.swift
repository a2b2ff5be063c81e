import FreshetCore
import Testing

@testable import FreshetEngine

/// The one place where real time passes: what is tested is the clock itself.
@Suite struct SystemClockTests {
    private let clock = SystemClock()

    @Test func `a thousand sleepers wake, none of them early`() async throws {
        let began = clock.monotonic()
        try await withThrowingTaskGroup(of: Duration.self) { group in
            for index in 0..<1000 {
                group.addTask { [clock] in
                    let deadline = began + .microseconds((index * 7919) % 1000 * 30)
                    try await clock.sleep(untilMonotonic: deadline)
                    return clock.monotonic() - deadline
                }
            }
            for try await late in group { #expect(late >= .zero) }
        }
    }

    @Test func `a later alarm does not hold up an earlier one`() async throws {
        let clock = clock
        let long = Task { try await clock.sleep(for: .seconds(3600)) }
        try await clock.sleep(for: .milliseconds(5))
        let early = Task { try await clock.sleep(for: .milliseconds(1)) }
        try await early.value
        long.cancel()
        await #expect(throws: CancellationError.self) { try await long.value }
    }

    @Test func `a cancelled sleeper wakes at once, before, while and after it lies down`() async throws {
        let clock = clock
        for _ in 0..<200 {
            let task = Task { try await clock.sleep(for: .seconds(3600)) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        let over = Task { try await clock.sleep(untilMonotonic: .zero) }
        try await over.value
    }
}
