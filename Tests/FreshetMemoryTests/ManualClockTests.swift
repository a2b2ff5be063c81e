import FreshetCore
import FreshetTesting
import Testing

@Suite struct ManualClockTests {
    @Test func `both clocks advance together, only the wall jumps`() {
        let clock = ManualClock(now: Timestamp(seconds: 100), monotonic: .seconds(5))
        clock.advance(by: .seconds(10))
        #expect(clock.now() == Timestamp(seconds: 110))
        #expect(clock.monotonic() == .seconds(15))
        clock.jumpWall(by: .seconds(-3600))
        #expect(clock.now() == Timestamp(seconds: -3490))
        #expect(clock.monotonic() == .seconds(15))
    }

    @Test func `sleepers wake when their deadline is reached, not before and not by a jump`() async throws {
        let clock = ManualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
        await clock.waitForSleepers(1)
        clock.jumpWall(by: .seconds(86_400))
        clock.advance(by: .milliseconds(9_999))
        #expect(clock.sleepers == 1)
        clock.advance(by: .milliseconds(1))
        #expect(clock.sleepers == 0)
        try await sleeper.value
    }

    @Test func `a deadline in the past returns at once`() async throws {
        let clock = ManualClock(monotonic: .seconds(10))
        try await clock.sleep(untilMonotonic: .seconds(10))
        #expect(clock.sleepers == 0)
    }

    @Test func `deadlines are met in order, step by step`() async throws {
        let clock = ManualClock(monotonic: .zero)
        let order = try await withThrowingTaskGroup(of: Int.self) { group in
            for second in [3, 1, 2] {
                group.addTask {
                    try await clock.sleep(untilMonotonic: .seconds(second))
                    return second
                }
            }
            await clock.waitForSleepers(3)
            #expect(clock.nextDeadline == .seconds(1))
            var order: [Int] = []
            for _ in 0..<3 {
                #expect(clock.advanceToNextDeadline() == .seconds(1))
                order.append(try await group.next() ?? 0)
            }
            return order
        }
        #expect(order == [1, 2, 3])
        #expect(clock.advanceToNextDeadline() == nil)
    }

    @Test func `a cancelled sleeper throws and leaves the others`() async throws {
        let clock = ManualClock()
        let cancelled = Task { try await clock.sleep(for: .seconds(1)) }
        let other = Task { try await clock.sleep(for: .seconds(2)) }
        await clock.waitForSleepers(2)
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(clock.sleepers == 1)
        clock.advance(by: .seconds(2))
        try await other.value
    }

    @Test func `a task that was cancelled before it slept throws at once`() async throws {
        let clock = ManualClock()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(1))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleepers == 0)
    }

    @Test func `the same seed gives the same numbers, another seed others`() {
        var (a, b, c) = (SeededGenerator(seed: 1), SeededGenerator(seed: 1), SeededGenerator(seed: 2))
        let first = (0..<100).map { _ in a.next() }
        #expect(first == (0..<100).map { _ in b.next() })
        #expect(first != (0..<100).map { _ in c.next() })
        #expect(Set(first).count == 100)
    }
}
