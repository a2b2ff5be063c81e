import FreshetMock
import Testing

/// An outage ends by itself also where no breaker watches it.
@Suite struct RecoveryWithoutBreakerTests {
    private static func config(_ url: String, retry: String) -> String {
        """
        sources:
          up:
            base_url: \(url)
            breaker: { failures: 0, probe_every: PT3S }
            retry: \(retry)
        datasets: { up.item: { get: "/items/{id}", max_age: PT1S } }
        """
    }

    /// Given up on at once, or waiting out a long back-off: neither a read nor a schedule would come by in time.
    @Test(arguments: ["{ attempts: 1 }", "{ attempts: 9, initial: PT5M, max: PT10M, jitter: none }"])
    func `what failed is fresh soon after upstream is back`(retry: String) async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url, retry: retry))
            try await mirror.start()
            let paths = (0..<8).map { "/v1/up/item/k\($0)" }
            for path in paths { try await mirror.warm(path) }
            await mock.goDown()
            try await eventually("every document has failed", within: .seconds(20)) {
                for path in paths {
                    let answer = try await mirror.get(path)
                    #expect(answer.status == 200)
                    if answer.header("Freshet-Stale-Reason") != "connect" { return false }
                }
                return true
            }
            try await mock.comeUp()
            let began = ContinuousClock.now
            // Nobody reads meanwhile: what is asked is only why.
            try await eventually("every document is confirmed again", within: .seconds(20)) {
                for index in paths.indices {
                    let cause = try await mirror.why("up.item", "k\(index)").text("cause") ?? ""
                    if ["dead-letter", "connect", "queued", "running"].contains(cause) { return false }
                }
                return true
            }
            #expect(ContinuousClock.now - began < .seconds(8), "\(ContinuousClock.now - began)")
            #expect(mirror.log.contains("answers again after"))
            try await mirror.stop()
        }
    }
}
