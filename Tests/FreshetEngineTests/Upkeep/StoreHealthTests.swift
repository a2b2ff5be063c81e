import FreshetCore
import Testing

@testable import FreshetEngine

@Suite struct StoreHealthTests {
    @Test func `a problem holds refreshes back for a moment, is news once, and ends with a write`() {
        let health = StoreHealth()
        #expect(!health.succeeded(), "nothing was wrong")
        #expect(health.failed(.unavailable("disk"), now: .seconds(10)))
        #expect(!health.failed(.unavailable("disk"), now: .seconds(11)))
        #expect(health.held(now: .seconds(12)) == .seconds(13))
        #expect(health.held(now: .seconds(13)) == nil)
        #expect(health.succeeded())
        #expect(health.problem == nil)
    }

    @Test func `a problem that nobody runs into any more is in doubt`() {
        let health = StoreHealth()
        #expect(!health.isInDoubt(now: .seconds(10)))
        _ = health.failed(.unavailable("disk"), now: .seconds(10))
        #expect(!health.isInDoubt(now: .seconds(12)))
        #expect(health.isInDoubt(now: .seconds(13)))
        _ = health.failed(.unavailable("disk"), now: .seconds(13))
        #expect(!health.isInDoubt(now: .seconds(15)), "somebody has just tried")
        health.succeeded()
        #expect(!health.isInDoubt(now: .seconds(60)))
    }
}
