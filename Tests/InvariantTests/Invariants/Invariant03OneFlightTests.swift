import FreshetMock
import Testing

/// One flight per key.
@Suite(.serialized) struct Invariant03OneFlight {
    private static func config(_ url: String) -> String {
        """
        sources: { up: { base_url: "\(url)" } }
        datasets:
          up.item: { get: "/items/{id}", max_age: PT1H }
          up.brief: { get: "/briefs/{id}", max_age: PT1S }
        """
    }

    @Test func `two thousand reads of one cold key over 200 connections make one call`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try mock.setFaults("latency=700ms")
            let answers = try await onConnections(200, to: mirror.url) { index, connection in
                var statuses: [Int] = []
                for turn in 0..<10 {
                    let asksToWait = turn == 9 && index % 4 == 0
                    let path = index % 5 == 4 && turn == 9 ? "/proxy/up/items/cold" : "/v1/up/item/cold"
                    let headers = asksToWait ? [("prefer", "wait=20")] : []
                    statuses.append(
                        try await connection.send("GET", path, headers: headers, limit: .seconds(40)).status)
                }
                return statuses
            }
            let statuses = answers.flatMap(\.self)
            #expect(statuses.count == 2000)
            #expect(statuses.allSatisfy { $0 == 200 || $0 == 202 }, "\(Set(statuses))")
            #expect(statuses.contains(202), "at first nobody has it")
            try await mirror.warm("/v1/up/item/cold")
            #expect(mock.counters().total == 1)
            try await mirror.stop()
        }
    }

    @Test func `stale reads, waits and wishes for one key join into one call`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try await mirror.warm("/v1/up/brief/a")
            try await eventually("it expires") {
                try await mirror.get("/v1/up/brief/a", [("cache-control", "only-if-cached")])
                    .header("Freshet-Stale-Reason") != nil || mock.counters().total > 1
            }
            try mock.setFaults("latency=3s")
            mock.resetCounters()
            let url = mirror.url
            let began = ContinuousClock.now
            _ = try await onConnections(40, to: url) { index, connection in
                for _ in 0..<20 {
                    if index % 8 == 0 {
                        let wish = Mirror.wish("up.brief", "a", index % 16 == 0 ? "critical" : "low")
                        let answer = try await connection.send("POST", "/v1/refresh", body: wish)
                        #expect(answer.status == 202)
                    } else {
                        let answer = try await connection.send("GET", "/v1/up/brief/a")
                        #expect(answer.status == 200)
                    }
                }
            }
            // A call takes three seconds. On a busy machine the questions may outlast it, and then a second one is right.
            let flights = 1 + Int((ContinuousClock.now - began) / .seconds(3))
            #expect(mock.counters().total <= flights, "one flight at a time, whoever asks")
            try await eventually("the flight has landed") {
                try await mirror.why("up.brief", "a").text("cause") != "running"
            }
            #expect(mock.counters().keys.map(\.maxInFlight).max() ?? 0 <= 1)
            try await mirror.stop()
        }
    }
}
