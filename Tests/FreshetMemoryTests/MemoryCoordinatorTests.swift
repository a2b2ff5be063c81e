import FreshetCore
import FreshetMemory
import FreshetTesting
import Synchronization
import Testing

@Suite struct MemoryCoordinatorTests {
    @Test(arguments: CoordinatorContract.all)
    func `the coordinator in memory keeps the contract`(check: CoordinatorContract.Check) async throws {
        try await check.run {
            let passed = ElapsedTime()
            let one = MemoryCoordinator { passed.now }
            return CoordinatorContract.Members(
                one: one, other: one.another(), lose: { one.loseEverything() },
                pass: { span in
                    passed.advance(by: span)
                    await Task.yield()
                })
        }
    }

    @Test(arguments: LimitsContract.all)
    func `limits in memory keep the contract`(check: LimitsContract.Check) async throws {
        let limits = MemoryLimits()
        try await check.run(LimitsContract.Members(one: limits, other: limits))
    }
}

/// Time that passes when it is told to.
private final class ElapsedTime: Sendable {
    private let elapsed = Mutex(Duration.zero)

    var now: Duration { elapsed.withLock { $0 } }

    func advance(by span: Duration) { elapsed.withLock { $0 += span } }
}
