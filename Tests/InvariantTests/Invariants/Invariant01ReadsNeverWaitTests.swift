import FreshetMock
import Testing

/// A read never waits for an upstream.
@Suite(.serialized) struct Invariant01ReadsNeverWait {
    private static func config(_ url: String) -> String {
        """
        sources:
          up:
            base_url: \(url)
            timeout: PT30S
            breaker: { failures: 0, probe_every: PT1S }
            retry: { attempts: 2, initial: 100ms, max: 200ms, jitter: none }
            proxy_wait: PT1S
        datasets:
          up.item: { get: "/items/{id}", max_age: 300ms }
        """
    }

    @Test func `known keys are answered while upstream hangs`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            for key in 0..<10 { try await mirror.warm("/v1/up/item/k\(key)") }
            try mock.setFaults("no-response")
            mock.resetCounters()
            try await eventually("the documents expire") {
                try await mirror.get("/v1/up/item/k0").header("Freshet-Stale-Reason") != nil
            }
            let began = ContinuousClock.now
            let statuses = try await onConnections(20, to: mirror.url) { index, connection in
                var statuses: [Int: Int] = [:]
                for turn in 0..<100 {
                    let path = turn % 2 == 0 ? "/v1/up/item/k\(turn % 10)" : "/proxy/up/items/k\(turn % 10)"
                    let answer = try await connection.send("GET", path)
                    #expect(answer.text.contains("/items/k\(turn % 10)"))
                    statuses[answer.status, default: 0] += 1
                }
                return statuses
            }
            #expect(statuses.reduce(0) { $0 + ($1[200] ?? 0) } == 2000)
            // One hanging call alone takes 30 s.
            #expect(ContinuousClock.now - began < .seconds(20))
            #expect(mock.counters().total <= 10, "one call a key, and each of them still hangs")
            try await mirror.kill9()
        }
    }

    @Test func `known keys are answered while upstream is down, also after a restart`() async throws {
        try await withMock { mock, url in
            let breaker = "breaker: { failures: 3, probe_every: PT1S }"
            let mirror = try Mirror(
                Self.config(url).replacing("breaker: { failures: 0, probe_every: PT1S }", with: breaker))
            try await mirror.start()
            for key in 0..<5 { try await mirror.warm("/v1/up/item/k\(key)") }
            await mock.goDown()
            for restart in 0..<2 {
                if restart == 1 {
                    try await mirror.stop()
                    try await mirror.start()
                }
                _ = try await onConnections(10, to: mirror.url) { index, connection in
                    for turn in 0..<20 {
                        let answer = try await connection.send("GET", "/v1/up/item/k\(turn % 5)")
                        #expect(answer.status == 200)
                    }
                }
            }
            try await eventually("the cause is named") {
                try await mirror.get("/v1/up/item/k0").header("Freshet-Stale-Reason") == "connect"
            }
            try await mock.comeUp()
            try await eventually("it recovers by itself", within: .seconds(35)) {
                let answer = try await mirror.get("/v1/up/item/k0")
                return try await mirror.document("up.item", "k0")?.text("last_error.kind") == nil
                    && answer.status == 200
            }
            try await mirror.stop()
        }
    }

    @Test func `an unknown key is answered at once with 202 and where to look`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try mock.setFaults("no-response")
            let began = ContinuousClock.now
            let answer = try await mirror.get("/v1/up/item/new")
            #expect(ContinuousClock.now - began < .seconds(2))
            #expect(answer.status == 202)
            let location = try #require(answer.header("Location"))
            let job = try await mirror.get(location).json
            #expect(job.text("priority") == "critical")
            #expect(job.text("key") == "new")
            try await mirror.kill9()
        }
    }

    @Test func `who asks to wait waits as long as asked and no longer`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            #expect(try await mirror.get("/v1/up/item/quick", [("prefer", "wait=10")]).status == 200)
            try mock.setFaults("no-response")
            var began = ContinuousClock.now
            let answer = try await mirror.get("/v1/up/item/slow", [("prefer", "wait=2")])
            var took = ContinuousClock.now - began
            #expect(answer.status == 202)
            #expect(answer.header("Preference-Applied") == "wait=2")
            #expect(took >= .seconds(1.9) && took < .seconds(4), "\(took)")
            began = ContinuousClock.now
            let proxied = try await mirror.get("/proxy/up/items/slower")
            took = ContinuousClock.now - began
            #expect(proxied.status == 503)
            #expect(proxied.header("Retry-After") != nil)
            #expect(took >= .seconds(0.9) && took < .seconds(3), "proxy_wait is one second: \(took)")
            try await mirror.kill9()
        }
    }

    @Test func `a scan of unknown keys is bounded and drains nothing`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url), server: "unknown_keys_per_minute: 5")
            try await mirror.start()
            try await mirror.warm("/v1/up/item/known")
            mock.resetCounters()
            let connection = try await WireConnection.open(mirror.url)
            var statuses: [Int: Int] = [:]
            for key in 0..<60 {
                let answer = try await connection.send("GET", "/v1/up/item/scan\(key)")
                statuses[answer.status, default: 0] += 1
                if answer.status == 429 { #expect(answer.header("Retry-After") != nil) }
                if answer.status == 429 { #expect(answer.header("Content-Type") == "application/problem+json") }
            }
            let queued = statuses[202] ?? 0
            // `known` took one of the five; one returns every 12 s.
            #expect((4...6).contains(queued), "\(statuses)")
            #expect(queued + (statuses[429] ?? 0) == 60)
            #expect(try await connection.send("GET", "/v1/up/item/known").status == 200)
            #expect(try await mirror.refreshNow("up.item", "known") == "done", "what is known is refreshed as ever")
            #expect(mock.counters().total <= queued + 3)
            await connection.close()
            try await mirror.stop()
        }
    }
}
