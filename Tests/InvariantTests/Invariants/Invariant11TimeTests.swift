import Foundation
import FreshetDocument
import FreshetMock
import Testing

/// Stored times are UTC, RFC 3339, and the wall clock may do what it likes.
@Suite(.serialized) struct Invariant11Time {
    private static func config(_ url: String) -> String {
        """
        sources:
          up:
            base_url: \(url)
            breaker: { failures: 2, probe_every: PT1S }
            retry: { attempts: 2, initial: 20ms, max: 50ms, jitter: none }
        datasets:
          up.item: { get: "/items/{id}", max_age: PT10M, history: { keep: P1D } }
          up.clock: { get: /clock, max_age: PT1S, refresh: { every: PT1S, for: all } }
        """
    }

    /// Every text of a JSON value that stands under a name that tells of a time.
    private func times(_ value: JSONValue) -> [(name: String, text: String)] {
        var found: [(String, String)] = []
        for member in value.members {
            let name = member.key.string ?? ""
            let isTime =
                name.hasSuffix("_at") || name.hasSuffix("_until") || name.hasSuffix("_since")
                || ["last_updated", "next_run", "at", "time", "not_before", "last_success", "oldest"].contains(name)
            if isTime, let text = member.value.string { found.append((name, text)) }
            found += times(member.value)
        }
        for element in value.elements { found += times(element) }
        return found
    }

    @Test func `every time in every answer, log line and file is UTC in RFC 3339`() async throws {
        let upstream = ScriptedUpstream()
        try await withMock(upstream) { mock, url in
            // A zone with a half-hour offset would show at once.
            let mirror = try Mirror(Self.config(url), environment: ["TZ": "Asia/Kolkata"])
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            upstream.set("/items/a", #"{"n":2}"#)
            try await mirror.refreshNow("up.item", "a")
            try mock.setFaults("status=500")
            try await mirror.refreshNow("up.item", "a")
            let form = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z/
            var count = 0
            for path in [
                "/v1/up/item/a?envelope=1", "/v1/up/item", "/v1/up/item/a/history", "/v1/why/up/item/a", "/health",
                "/admin/status", "/admin/queue?state=done", "/admin/queue?state=dead", "/v1/jobs/1",
            ] {
                for (name, text) in times(try await mirror.get(path).json) {
                    count += 1
                    #expect(text.wholeMatch(of: form) != nil, "\(path) \(name): \(text)")
                    let date = try #require(Mirror.date(text), "\(path) \(name): \(text)")
                    #expect(abs(date.timeIntervalSinceNow) < 3600, "\(path) \(name) is not UTC: \(text)")
                }
            }
            #expect(count > 20)
            let answer = try await mirror.get("/v1/up/item/a")
            #expect(answer.header("Date")?.hasSuffix(" GMT") == true)
            #expect(answer.header("Last-Modified")?.hasSuffix(" GMT") == true)
            for line in mirror.log.split(separator: "\n") where line.hasPrefix("{") {
                let ts = try #require(try JSONTape(text: String(line)).root.text("ts"))
                #expect(ts.wholeMatch(of: form) != nil, "\(ts)")
                #expect(abs(try #require(Mirror.date(ts)).timeIntervalSinceNow) < 3600)
            }
            try await mirror.stop()
        }
    }

    @Test(.enabled(if: FakeTime.library != nil, "libfaketime is not installed"))
    func `a wall clock that jumps stops nothing`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            let fake = try FakeTime(mirror)
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            try await mirror.warm("/v1/up/clock/_")
            for offset in ["+1h", "-1h", "+0h"] {
                try fake.shift(offset)
                let answer = try await mirror.get("/v1/up/item/a")
                #expect(answer.status == 200)
                #expect(
                    (answer.header("Age").flatMap { Int($0) } ?? -1) >= 0, "\(offset): \(answer.header("Age") ?? "")")
                #expect(try await mirror.refreshNow("up.item", "a") == "done", "work asked for runs after \(offset)")
                let before = mock.counters().total
                try await eventually("the schedule goes on after \(offset)", within: .seconds(10)) {
                    mock.counters().total >= before + 2
                }
            }
            // Breaker and probes count on the steady clock too.
            try mock.setFaults("status=500")
            try await mirror.refresh("up.item", "a")
            try await eventually("the breaker opens") { try await mirror.metric("freshet_breaker_state") > 0 }
            try fake.shift("-1h")
            try mock.setFaults()
            try await eventually("a probe closes it", within: .seconds(10)) {
                try await mirror.metric("freshet_breaker_state") == 0
            }
            try await mirror.stop()
        }
    }
}

extension Mirror {
    /// Reads an RFC 3339 time.
    static func date(_ text: String) -> Date? {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        return formatter.date(from: text.replacing(/\.\d+Z/, with: "Z"))
    }
}
