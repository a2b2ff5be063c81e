import FreshetCore
import FreshetDocument
import FreshetMock
import FreshetSQLite
import Testing

/// Nothing is swallowed.
@Suite(.serialized) struct Invariant12NothingSwallowed {
    private static func config(_ url: String, source: String = "", dataset: String = "") -> String {
        """
        logs: { level: debug }
        sources:
          up:
            base_url: \(url)
            retry: { attempts: 1 }
        \(source.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
        datasets:
          up.item: { get: "/items/{id}", max_age: 100ms\(dataset) }
        """
    }

    /// The lines of the log about one document and kind of failure.
    private func lines(_ mirror: Mirror, _ key: String, _ kind: String) -> [Substring] {
        mirror.log.split(separator: "\n").filter {
            $0.contains("\"key\":\"\(key)\"") && $0.contains("\"error\":\"\(kind)\"")
        }
    }

    @Test func `every failure is counted, logged once with its cause, and told by why`() async throws {
        // Without validators, so that there is always a body to spoil.
        try await withMock(ScriptedUpstream(), { $0.sendsETag = false }) { mock, url in
            let mirror = try Mirror(Self.config(url, source: "breaker: { failures: 0 }\ntimeout: PT1S"))
            try await mirror.start()
            let faults = [
                ("status=500", "upstream-500"), ("reset", "reset"), ("truncate", "truncated"), ("html", "html"),
                ("null", "null"), ("empty", "empty"), ("no-response", "timeout"),
                ("wrong-type=image/png", "wrong-content-type"),
            ]
            for (index, fault) in faults.enumerated() {
                try await mirror.warm("/v1/up/item/f\(index)")
                try mock.setFaults("\(fault.0),path=/items/f\(index)")
                #expect(try await mirror.refreshNow("up.item", "f\(index)") == "dead")
                let why = try await mirror.why("up.item", "f\(index)")
                #expect(why.text("state.last_error.kind") == fault.1, "\(fault.0)")
                #expect(
                    why.text("cause") == "dead-letter" && why.text("verdict")?.contains(fault.1) == true, "\(fault.0)")
                // The end of the job is visible a moment before its line has come through the pipe.
                try await eventually("\(fault.0) is counted and logged") {
                    try await mirror.metric("freshet_refreshes_total", "outcome=\"dead\"") == Double(index + 1)
                        && !lines(mirror, "f\(index)", fault.1).isEmpty
                }
                #expect(lines(mirror, "f\(index)", fault.1).count == 1, "\(fault.0) is logged once")
                try mock.setFaults()
            }
            #expect(try await mirror.metric("freshet_refreshes_total", "outcome=\"updated\"") >= Double(faults.count))
            #expect(try await mirror.metric("freshet_upstream_requests_total", "outcome=\"500\"") == 1)
            #expect(try await mirror.metric("freshet_upstream_requests_total", "outcome=\"timeout\"") == 1)
            #expect(try await mirror.metric("freshet_queue_dead") == Double(faults.count))
            let health = try await mirror.get("/health")
            #expect(health.status == 200, "an upstream outage is never un-ready")
            #expect(try health.json.text("status") == "warn")
            try await mirror.stop()
        }
    }

    /// Why, over HTTP and from the command, in text and JSON.
    private func expectCause(_ cause: String, _ mirror: Mirror, _ key: String, words: String...) async throws {
        var seen: String?
        try await eventually("why says \(cause), not \(seen ?? "")") {
            seen = try await mirror.why("up.item", key).text("cause")
            return seen == cause
        }
        let verdict = try await mirror.why("up.item", key).text("verdict") ?? ""
        for word in words { #expect(verdict.contains(word), "\(cause): \(verdict)") }
        let told = try await mirror.command("why", "up.item", key)
        #expect(told.code == 0 && told.output.hasPrefix("up.item"), "\(told.output)\(told.errors)")
        #expect(told.output.contains(verdict.prefix(20)), "\(told.output)")
        let json = try await mirror.command("why", "up.item", key, "--json")
        #expect(try JSONTape(text: json.output).root.text("cause") == cause)
    }

    @Test func `why names a key that nobody has asked for, one that upstream does not have, and a fresh one`()
        async throws
    {
        let upstream = ScriptedUpstream()
        upstream.set("/items/none", #"{"reason":"notFound"}"#, status: 404)
        try await withMock(upstream) { mock, url in
            let mirror = try Mirror(Self.config(url).replacing("max_age: 100ms", with: "max_age: PT1H"))
            try await mirror.start()
            try await expectCause("never-asked", mirror, "new")
            _ = try await mirror.get("/v1/up/item/none", [("prefer", "wait=10")])
            try await expectCause("upstream-404", mirror, "none", words: "404")
            try await mirror.warm("/v1/up/item/good")
            try await expectCause("fresh", mirror, "good")
            upstream.set("/items/good", #"{"reason":"notFound"}"#, status: 404)
            try await mirror.refreshNow("up.item", "good")
            try await expectCause("upstream-404", mirror, "good", words: "last good copy")
            try await mirror.stop()
        }
    }

    @Test func `why names parked keys`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(
                Self.config(url, source: "auth: { bearer: [one-key-1, other-key-2] }")
                    .replacing("retry: { attempts: 1 }", with: "retry: { attempts: 4 }"))
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            try mock.setFaults("status=401")
            try await mirror.refresh("up.item", "a")
            try await expectCause("key-parked", mirror, "a", words: "parked")
            #expect(try await mirror.metric("freshet_key_usable") == 0)
            #expect(try await mirror.get("/health").json.text("status") == "warn")
            try await eventually("its answers are stale") {
                let answer = try await mirror.get("/v1/up/item/a")
                #expect(answer.status == 200)
                return answer.header("Freshet-Stale-Reason") != nil
            }
            try await mirror.stop()
        }
    }

    @Test func `why names an open breaker`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url, source: "breaker: { failures: 3, probe_every: PT1M }"))
            try await mirror.start()
            for key in 0..<4 { try await mirror.warm("/v1/up/item/k\(key)") }
            try mock.setFaults("status=500")
            mock.resetCounters()
            for key in 0..<4 { try await mirror.refresh("up.item", "k\(key)") }
            try await eventually("the breaker opens") { try await mirror.metric("freshet_breaker_state") > 0 }
            let job = try await mirror.refresh("up.item", "k3")
            try await expectCause("breaker-open", mirror, "k3", words: "breaker")
            #expect(
                try await mirror.get("/v1/jobs/\(job)").json.text("state") != "dead", "the document is not to blame")
            #expect(mock.counters().total <= 4, "nothing goes out before the probe")
            try await mirror.stop()
            try await eventually("the log tells it") { mirror.log.contains("breaker opened after 3 failures") }
        }
    }

    @Test func `why names a quota that upstream says is gone`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            try mock.setFaults("429:retry-after=300")
            try await mirror.refresh("up.item", "a")
            try await expectCause("quota", mirror, "a", words: "quota")
            mock.resetCounters()
            _ = try await mirror.get("/v1/up/item/another")
            #expect(mock.counters().total == 0, "nothing is sent before the reset")
            try await mirror.stop()
        }
    }

    @Test func `why names a window of ours that is used up, and the place in the queue`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url, source: "limits: [{ scope: ip, calls: 2, per: PT10M }]"))
            try await mirror.start()
            for key in 0..<5 { try await mirror.refresh("up.item", "k\(key)", priority: "medium") }
            try await eventually("one or two were sent") { mock.counters().total >= 1 }
            // Calls are spaced in the window, so the second may be minutes away: that is paced, a full window is quota.
            let causes = try await (1..<5).asyncMap { try await mirror.why("up.item", "k\($0)").text("cause") ?? "" }
            #expect(causes.allSatisfy { ["queued", "paced", "quota", "running", "fresh"].contains($0) }, "\(causes)")
            let last = try await mirror.why("up.item", "k4")
            #expect((last.integer("queue_position") ?? 0) >= 2)
            #expect(
                last.text("budget_block")?.contains("2 per PT10M") == true, "\(last.text("budget_block") ?? "none")")
            #expect(last.text("next_run") != nil)
            try await mirror.stop()
        }
    }

    @Test func `why names maintenance, and its end is news`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(
                Self.config(url, source: "maintenance: { status: [503], probe_every: PT2S }"))
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            try mock.setFaults("maintenance")
            try await mirror.refresh("up.item", "a")
            try await expectCause("maintenance", mirror, "a", words: "maintenance")
            #expect(try await mirror.get("/v1/up/item/a").status == 200)
            try mock.setFaults()
            try await eventually("it resumes by itself") {
                try await mirror.document("up.item", "a")?.text("last_error.kind") == nil
            }
            try await mirror.stop()
            try await eventually("the log tells both") {
                mirror.log.contains("maintenance began") && mirror.log.contains("maintenance ended")
            }
            let types = try await mirror.withStoreCopy { try await $0.events(after: 0, limit: 100).events.map(\.type) }
            #expect(types.contains("source.maintenance") && types.contains("source.resumed"), "\(types)")
        }
    }

    @Test func `why names a refresh that waits in the queue`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url, source: "concurrency: 1"))
            try await mirror.start()
            try mock.setFaults("no-response")
            for key in 0..<4 { try await mirror.refresh("up.item", "k\(key)") }
            try await expectCause("queued", mirror, "k3", words: "behind", "priority high")
            try await expectCause("running", mirror, "k0")
            try await mirror.kill9()
        }
    }
}

extension Sequence {
    /// Maps one after another.
    func asyncMap<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
