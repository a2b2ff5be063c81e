import Testing

@testable import FreshetPostgres

@Suite struct ServerHealthTests {
    @Test func `while the server is away one caller tries, ever more rarely, and the others hear it at once`() {
        var health = ServerHealth()
        #expect(health.decide(now: 0) == .connect)
        health.failed("refused", now: 0)
        #expect(health.decide(now: 10_000_000) == .refuse("refused"))
        #expect(health.decide(now: 50_000_000) == .connect)
        #expect(health.decide(now: 60_000_000) == .refuse("refused"), "somebody tries already")
        health.failed("still refused", now: 60_000_000)
        #expect(health.decide(now: 150_000_000) == .refuse("still refused"))
        #expect(health.decide(now: 160_000_000) == .connect)
        health.succeeded()
        #expect(health.outage == nil)
        #expect(health.decide(now: 161_000_000) == .connect)
        #expect(health.decide(now: 161_000_000) == .connect)
    }

    @Test func `the pause never grows beyond a second`() {
        var health = ServerHealth()
        var now: Int64 = 0
        for _ in 0..<20 {
            health.failed("away", now: now)
            now += 1_000_000_000
            #expect(health.decide(now: now) == .connect)
        }
    }
}
