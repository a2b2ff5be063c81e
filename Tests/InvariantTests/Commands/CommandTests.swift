import Foundation
import FreshetDocument
import FreshetMock
import Testing

/// The command line from outside.
@Suite(.serialized) struct CommandTests {
    private static func config(_ url: String) -> String {
        """
        sources:
          up:
            base_url: \(url)
            breaker: { failures: 0 }
            retry: { attempts: 1 }
            auth: { bearer: ["first-key-1", "second-key-2"] }
        datasets: { up.item: { get: "/items/{id}", max_age: PT1H } }
        """
    }

    @Test func `init, check and serve follow on each other`() async throws {
        try await Slots.shared.use {
            let scratch = try Scratch()
            let made = try await FreshetBinary.run(["init"], in: scratch.path)
            #expect(made.code == 0, "\(made.errors)")
            let again = try await FreshetBinary.run(["init"], in: scratch.path)
            #expect(again.code == 73 && again.errors.contains("--force"), "\(again.errors)")
            let check = try await FreshetBinary.run(["check"], in: scratch.path)
            #expect(check.code == 0, "\(check.errors)")
            #expect(check.output.contains("freshet.yaml: ok"))
            let file = scratch.path + "/freshet.yaml"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try scratch.write("freshet.yaml", text.replacing("127.0.0.1:8080", with: "127.0.0.1:0"))
            let server = try ChildProcess(
                path: try FreshetBinary.path, arguments: ["serve"], folder: scratch.path, environment: [:],
                output: scratch.path + "/out", errors: scratch.path + "/err")
            try server.start()
            try await eventually("it serves: \(server.errorText)") { server.errorText.contains("answers on http://") }
            server.signal(SIGINT)
            #expect(try await server.end(within: .seconds(25)) == 0)
            #expect(server.outputText.isEmpty, "nothing but a result goes to standard output")
        }
    }

    @Test func `a command that nobody knows, or a wrong option, is usage`() async throws {
        try await Slots.shared.use {
            let scratch = try Scratch()
            for arguments in [
                ["frobnicate"], ["serve", "--frob"], ["queue", "retry"], ["why"],
                ["refresh", "a", "b", "--priority", "x"],
            ] {
                let outcome = try await FreshetBinary.run(arguments, in: scratch.path)
                #expect(outcome.code == 64, "\(arguments): \(outcome.code) \(outcome.errors)")
                #expect(outcome.output.isEmpty && !outcome.errors.isEmpty, "\(arguments)")
            }
            for arguments in [["--help"], ["serve", "--help"], ["queue", "ls", "--help"], ["version"], ["--version"]] {
                let outcome = try await FreshetBinary.run(arguments, in: scratch.path)
                #expect(outcome.code == 0 && !outcome.output.isEmpty, "\(arguments)")
            }
            let schema = try await FreshetBinary.run(["schema", "config"], in: scratch.path)
            #expect(schema.code == 0)
            #expect(try JSONTape(text: schema.output).root["$schema"] != nil)
        }
    }

    @Test func `a second writer is refused and told who holds the directory`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            let second = try await mirror.command("serve")
            #expect(second.code == 75)
            #expect(second.errors.contains("\(mirror.child?.pid ?? 0)"), "\(second.errors)")
            #expect(second.errors.contains(mirror.url), "\(second.errors)")
            try await mirror.stop()
            try await mirror.start()
            try await mirror.stop()
        }
    }

    @Test func `commands ask the server that runs, and print JSON when asked`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            for arguments in [
                ["status"], ["why", "up.item", "a"], ["queue", "ls"], ["queue", "ls", "--state", "done"],
                ["keys", "ls"],
                ["tokens", "ls"], ["doctor"], ["refresh", "up.item", "a"], ["fetch", "up.item", "a"], ["version"],
                ["plan"],
            ] {
                let isVersion = arguments == ["version"]
                let common = arguments + (isVersion ? [] : ["--config", mirror.configPath])
                let text = try await FreshetBinary.run(common, in: mirror.scratch.path)
                #expect(text.code == 0 && !text.output.isEmpty, "\(arguments): \(text.code) \(text.errors)")
                let json = try await FreshetBinary.run(common + ["--json"], in: mirror.scratch.path)
                #expect(json.code == 0, "\(arguments) --json: \(json.code) \(json.errors)")
                #expect(throws: Never.self, "\(arguments) --json: \(json.output.prefix(200))") {
                    try JSONTape(text: json.output.trimmingCharacters(in: .whitespacesAndNewlines))
                }
            }
            // Text tables show what the JSON holds.
            let keys = try await mirror.command("keys", "ls").output
            let status = try await mirror.command("status").output
            let ids = try await mirror.get("/admin/status").json.list("sources").first?.list("keys") ?? []
            #expect(ids.count == 2)
            for id in ids.compactMap({ $0.text("key_id") }) {
                #expect(keys.contains(id) && status.contains(id), "\(id): \(keys)")
            }
            #expect(status.contains("up") && status.contains("up.item"), "\(status)")
            try await mirror.stop()
        }
    }

    @Test func `a command without a server works on its own and gives the directory back`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            let queued = try await mirror.command("refresh", "up.item", "later")
            #expect(queued.code == 0, "\(queued.errors)")
            let fetched = try await mirror.command("fetch", "up.item", "a")
            #expect(fetched.code == 0, "\(fetched.errors)")
            #expect(fetched.output.contains("/items/a"))
            let dry = try await mirror.command("fetch", "up.item", "dry", "--dry-run")
            #expect(dry.code == 0 && dry.output.contains("/items/dry"), "\(dry.errors)")
            try await mirror.start()
            #expect(try await mirror.get("/v1/up/item/a").status == 200)
            #expect(try await mirror.why("up.item", "dry").text("cause") == "never-asked", "a dry run keeps nothing")
            try await eventually("what was queued runs") { try await mirror.get("/v1/up/item/later").status == 200 }
            try await mirror.stop()
        }
    }

    @Test func `dead letters are listed, retried and dropped`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try mock.setFaults("status=400")
            var jobs: [String: Int] = [:]
            for key in ["a", "b", "c"] {
                jobs[key] = try await mirror.refresh("up.item", key)
                try await eventually("\(key) is dead") {
                    try await mirror.get("/v1/jobs/\(jobs[key] ?? 0)").json.text("state") == "dead"
                }
            }
            let list = try await mirror.command("queue", "ls", "--state", "dead")
            #expect(list.code == 0)
            for (key, job) in jobs {
                #expect(list.output.contains("\(job)") && list.output.contains("up.item/\(key)"), "\(list.output)")
            }
            #expect(list.output.contains("upstream-400") || list.output.contains("400"), "\(list.output)")
            let all = try await mirror.command("queue", "ls")
            #expect(all.code == 0 && !all.output.isEmpty)
            try mock.setFaults()
            let retry = try await mirror.command("queue", "retry", "\(jobs["a"] ?? 0)")
            #expect(retry.code == 0 && retry.output.hasPrefix("1 "), "\(retry.output)\(retry.errors)")
            try await eventually("a runs again") { try await mirror.get("/v1/up/item/a").status == 200 }
            let drop = try await mirror.command("queue", "drop", "\(jobs["b"] ?? 0)")
            #expect(drop.code == 0 && drop.output.hasPrefix("1 "), "\(drop.output)\(drop.errors)")
            #expect(try await mirror.get("/v1/jobs/\(jobs["b"] ?? 0)").status == 404)
            let rest = try await mirror.command("queue", "drop", "--all", "--json")
            #expect(rest.code == 0, "\(rest.errors)")
            #expect(try await mirror.metric("freshet_queue_dead") == 0)
            try await mirror.stop()
        }
    }

    @Test func `keys are parked and returned by their opaque id`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            let source = try #require(try await mirror.get("/admin/status").json.list("sources").first)
            let id = try #require(source.list("keys").first?.text("key_id"))
            let park = try await mirror.command("keys", "park", "up", id, "--for", "PT1H")
            #expect(park.code == 0, "\(park.errors)")
            #expect(try await mirror.metric("freshet_key_usable", "key_id=\"\(id)\"") == 0)
            mock.resetCounters()
            for key in 0..<4 { try await mirror.warm("/v1/up/item/k\(key)") }
            #expect(mock.counters().keys.count == 1, "the other key takes the work")
            let unpark = try await mirror.command("keys", "unpark", "up", id)
            #expect(unpark.code == 0, "\(unpark.errors)")
            #expect(try await mirror.metric("freshet_key_usable", "key_id=\"\(id)\"") == 1)
            #expect(try await mirror.command("keys", "park", "up", "nobody").code == 65)
            try await mirror.stop()
        }
    }

    @Test func `tokens give their role and no more, until they are revoked`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            var tokens: [String: String] = [:]
            // The first token ends the trust in loopback, so the rest is made with it.
            for role in ["admin", "operator", "reader"] {
                let made = try await mirror.command("tokens", "create", "my-\(role)", "--role", role)
                #expect(made.code == 0, "\(made.errors)")
                tokens[role] = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(tokens[role]?.hasPrefix("fr_") == true)
                mirror.set("FRESHET_TOKEN", tokens["admin"])
            }
            func login(_ role: String) -> [(String, String)] { [("authorization", "Bearer \(tokens[role] ?? "")")] }
            let expected = ["none": (401, 401), "reader": (403, 403), "operator": (202, 403), "admin": (202, 200)]
            for (role, statuses) in expected {
                let headers = role == "none" ? [] : login(role)
                let refresh = try await mirror.send("POST", "/v1/refresh", headers, body: Mirror.wish("up.item", "a"))
                #expect(refresh.status == statuses.0, "\(role) asks for a refresh")
                #expect(try await mirror.get("/admin/tokens", headers).status == statuses.1, "\(role) lists tokens")
            }
            #expect(try await mirror.get("/v1/up/item").status == 200, "reads are open")
            let list = try await mirror.get("/admin/tokens", login("admin")).json.list("tokens")
            let id = try #require(list.first { $0.text("role") == "operator" }?.text("id"))
            let revoke = try await mirror.command("tokens", "revoke", id)
            #expect(revoke.code == 0, "\(revoke.errors)")
            let after = try await mirror.send(
                "POST", "/v1/refresh", login("operator"), body: Mirror.wish("up.item", "a"))
            #expect(after.status == 401)
            try await mirror.stop()
            try await mirror.start()
            #expect(try await mirror.get("/admin/tokens", login("admin")).status == 200, "they outlive a restart")
            #expect(try await mirror.send("POST", "/v1/refresh", login("operator"), body: "{}").status == 401)
            try await mirror.stop()
        }
    }

    @Test func `a mirror that wants tokens for reads gives nothing without one`() async throws {
        try await withMock { mock, url in
            let mirror = try Mirror(Self.config(url), server: "reads: token")
            let made = try await mirror.command("tokens", "create", "r", "--role", "reader")
            #expect(made.code == 0, "\(made.errors)")
            let login = [("authorization", "Bearer " + made.output.trimmingCharacters(in: .whitespacesAndNewlines))]
            try await mirror.start()
            #expect(try await mirror.get("/v1/up/item/a").status == 401)
            #expect(try await mirror.get("/v1/up/item/a", login + [("prefer", "wait=10")]).status == 200)
            for path in ["/v1/up/item/a", "/proxy/up/items/a", "/v1/up/item", "/v1/why/up/item/a"] {
                #expect(try await mirror.get(path).status == 401, "\(path)")
                #expect(try await mirror.get(path, [("authorization", "Bearer fr_wrong")]).status == 401, "\(path)")
                #expect(try await mirror.get(path, login).status == 200, "\(path)")
            }
            #expect(try await mirror.get("/livez").status == 200)
            try await mirror.stop()
        }
    }
}
