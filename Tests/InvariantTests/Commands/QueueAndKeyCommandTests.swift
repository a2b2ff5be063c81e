import Foundation
import FreshetDocument
import FreshetMock
import Testing

/// Queue backups and key tests, from outside.
@Suite(.serialized) struct QueueAndKeyCommandTests {
    private static func config(_ url: String, more: String = "") -> String {
        """
        sources:
          up:
            base_url: \(url)
            breaker: { failures: 0, probe_every: PT10M }
            retry: { attempts: 1 }
            auth: { bearer: ["first-key-1", "second-key-2"] }
            \(more)
        datasets: { up.item: { get: "/items/{id}", max_age: PT1H } }
        """
    }

    private func file(_ mirror: Mirror, _ name: String) -> String { mirror.scratch.path + "/" + name }

    @Test func `a queue is written, lost, and comes back as it was`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try mock.setFaults("status=400")
            try await mirror.start()
            let job = try await mirror.refresh("up.item", "dead")
            try await eventually("it is dead") { try await mirror.get("/v1/jobs/\(job)").json.text("state") == "dead" }
            try await mirror.stop()
            for priority in ["low", "critical"] {
                let asked = try await mirror.command("refresh", "up.item", priority, "--priority", priority)
                #expect(asked.code == 0, "\(asked.errors)")
            }
            let path = file(mirror, "queue.ndjson")
            let written = try await mirror.command("queue", "backup", path)
            #expect(written.code == 0 && written.output.contains("3 job(s)"), "\(written.output) \(written.errors)")
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 4 && lines[0].hasPrefix(#"{"freshet_queue":1,"#), "\(lines)")

            let again = try await mirror.command("queue", "restore", path, "--json")
            #expect(again.output.contains(#"{"added":0,"raised":0,"kept":3}"#), "\(again.output) \(again.errors)")

            let other = try Mirror(Self.config(url))
            _ = try await other.command("refresh", "up.item", "critical", "--priority", "low")
            let restored = try await other.command("queue", "restore", path)
            #expect(restored.code == 0, "\(restored.errors)")
            #expect(
                restored.output.contains("2 job(s) added, 1 made more urgent, 0 as they were"), "\(restored.output)")
            let listed = try await other.command("queue", "ls", "--json")
            let jobs = try JSONTape(text: listed.output).root.list("jobs")
            let states = Dictionary(
                uniqueKeysWithValues: jobs.map {
                    ($0.text("key") ?? "", "\($0.text("state") ?? "") \($0.text("priority") ?? "")")
                })
            #expect(states == ["dead": "dead high", "low": "ready low", "critical": "ready critical"], "\(states)")
            let dead = try #require(jobs.first { $0.text("key") == "dead" })
            #expect(dead.integer("attempts") == 1)
        }
    }

    @Test func `a cut or edited backup restores nothing and names its lines`() async throws {
        let mirror = try Mirror(Self.config("http://127.0.0.1:9"))
        for key in ["a", "b"] { _ = try await mirror.command("refresh", "up.item", key) }
        let path = file(mirror, "queue.ndjson")
        _ = try await mirror.command("queue", "backup", path)
        let good = try String(contentsOfFile: path, encoding: .utf8)
        _ = try await mirror.command("queue", "ls")
        let bad: [(String, String)] = [
            (String(good.dropLast(20)), "line 3: is not JSON"),
            (good.split(separator: "\n").prefix(2).joined(separator: "\n"), "the head announces 2"),
            (good.replacing(#""key":"b""#, with: #""key":"a""#), "line 3: repeats up.item/a of line 2"),
            (good.replacing(#""dataset":"item""#, with: #""dataset":"thing""#), "no dataset up.thing is declared"),
            (good.replacing(#""priority":"high""#, with: #""priority":"soon""#), "priority must be critical"),
            (good.replacing(#""attempts":0"#, with: #""attempts":-1"#), "attempts must be a whole number"),
            ("", "the file is empty"), ("{}\n", "line 1: is not the head"),
            (good.replacing(#""freshet_queue":1"#, with: #""freshet_queue":2"#), "this Freshet reads 1"),
        ]
        let other = try Mirror(Self.config("http://127.0.0.1:9"))
        for (text, expected) in bad {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let outcome = try await other.command("queue", "restore", path)
            #expect(outcome.code == 65 && outcome.errors.contains(expected), "\(expected): \(outcome.errors)")
            #expect(outcome.errors.contains("Nothing was restored"), "\(outcome.errors)")
        }
        #expect(try await other.command("queue", "ls").output.contains("no such jobs"))
        let missing = try await other.command("queue", "restore", file(mirror, "nowhere"))
        #expect(missing.code == 65)
        let unwritable = try await other.command("queue", "backup", "/nowhere/queue")
        #expect(unwritable.code == 73 && unwritable.errors.contains("/nowhere/queue"), "\(unwritable.errors)")
    }

    @Test func `what changed nothing in the queue is not logged`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            for words in [["retry", "--all"], ["drop", "--all"], ["drop", "99"]] {
                let outcome = try await mirror.command("queue", words[0], words[1])
                #expect(outcome.code == 0 && outcome.output.hasPrefix("0 job(s)"), "\(outcome.output)")
            }
            #expect(!mirror.log.contains("were retried") && !mirror.log.contains("were dropped"))
            try mock.setFaults("status=400")
            let job = try await mirror.refresh("up.item", "a")
            try await eventually("it is dead") { try await mirror.get("/v1/jobs/\(job)").json.text("state") == "dead" }
            #expect(try await mirror.command("queue", "drop", "--all").output.hasPrefix("1 job(s)"))
            #expect(mirror.log.contains("were dropped"))
            try await mirror.stop()
        }
    }

    @Test func `keys are tested one by one, and a refused one is named by its id`() async throws {
        let upstream = ScriptedUpstream { request in
            request.key?.contains("second-key") == true
                ? .json(#"{"reason":"accessDenied.invalidIp"}"#, status: 403) : .json(#"{"ok":true}"#)
        }
        try await withMock(upstream) { mock, url in
            let mirror = try Mirror(Self.config(url))
            let lost = try await mirror.command("keys", "test", "up")
            #expect(lost.code == 65 && lost.errors.contains("--path"), "no document is known: \(lost.errors)")
            let tested = try await mirror.command("keys", "test", "up", "--path", "/me")
            #expect(tested.code == 65, "\(tested.errors)")
            let rows = tested.output.split(separator: "\n")
            #expect(rows.count == 3, "\(tested.output)")
            #expect(rows.count { $0.contains(" ok ") && $0.contains(" 200 ") } == 1, "\(tested.output)")
            #expect(rows.count { $0.contains(" refused ") && $0.contains("accessDenied.invalidIp") } == 1)
            #expect(!tested.output.contains("second-key") && !tested.errors.contains("second-key"))
            #expect(mock.counters().total == 2)
            #expect(Set(mock.requests().map(\.target)) == ["/me"])

            try await mirror.start()
            try await mirror.warm("/v1/up/item/held")
            let held = try await mirror.command("keys", "test", "up", "--json")
            #expect(try JSONTape(text: held.output).root.text("path") == "/items/held", "\(held.output)")
            // A parked key is tested all the same.
            #expect(try JSONTape(text: held.output).root.list("keys").count { $0.text("result") == "refused" } == 1)
            let unknown = try await mirror.command("keys", "test", "nobody")
            #expect(unknown.code == 65 && unknown.errors.contains("nobody"))
            await mock.goDown()
            #expect(try await mirror.command("keys", "test", "up").code == 69)
            try await mirror.stop()
        }
    }

    @Test func `commands on their own keep to what was used before them`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url, more: "limits: [ { scope: account, calls: 2, per: PT1H } ]"))
            #expect(try await mirror.command("fetch", "up.item", "a").code == 0)
            for _ in 0..<3 { _ = try await mirror.command("fetch", "up.item", "b") }
            _ = try await mirror.command("keys", "test", "up", "--path", "/me")
            #expect(mock.counters().total <= 2, "\(mock.counters().total) calls in an hour that allows 2")
        }
    }
}
