import Foundation
import FreshetDocument
import FreshetTesting
import Synchronization
import Testing

/// Several processes of the real program on one PostgreSQL, with or without a Redis in front.
final class Fleet: Sendable {
    /// One process; it may be killed and started again.
    final class Member: Sendable {
        private struct State {
            var child: ChildProcess?
            var url = ""
        }

        let name: String
        private let role: String
        private let configPath: String
        private let scratch: Scratch
        private let state = Mutex(State())

        init(_ name: String, role: String, configPath: String, scratch: Scratch) {
            (self.name, self.role, self.configPath, self.scratch) = (name, role, configPath, scratch)
        }

        deinit { child?.signal(SIGKILL) }

        var child: ChildProcess? { state.withLock { $0.child } }
        var log: String { (try? String(contentsOfFile: "\(scratch.path)/\(name).err", encoding: .utf8)) ?? "" }

        func start() async throws {
            let before = log.utf8.count
            let child = try ChildProcess(
                path: try FreshetBinary.path,
                arguments: ["serve", "--config", configPath, "--role", role, "--listen", "127.0.0.1:0"],
                folder: scratch.path, environment: [:], output: "\(scratch.path)/\(name).out",
                errors: "\(scratch.path)/\(name).err")
            try child.start()
            state.withLock { $0.child = child }
            try await eventually("\(name) answers", within: .seconds(30)) {
                let news = String(decoding: self.log.utf8.dropFirst(before), as: UTF8.self)
                guard let line = news.split(separator: "\n").first(where: { $0.contains("answers on http://") }),
                    let url = line.split(separator: " ").last
                else {
                    if let code = child.code { Issue.record("\(self.name) ended with \(code): \(news.suffix(2000))") }
                    return child.code != nil
                }
                self.state.withLock { $0.url = String(url) }
                return true
            }
        }

        func kill9() async throws {
            child?.signal(SIGKILL)
            try await child?.end(within: .seconds(10))
        }

        func stop() async throws {
            child?.signal(SIGCONT)
            child?.signal(SIGTERM)
            let code = try await child?.end(within: .seconds(30))
            #expect(code == 0, "\(name) ends in order: \(log.suffix(2000))")
        }

        func send(
            _ method: String, _ path: String, _ headers: [(String, String)] = [], body: String? = nil,
            limit: Duration = .seconds(30)
        ) async throws -> Answer {
            let connection = try await WireConnection.open(state.withLock { $0.url })
            do {
                let answer = try await connection.send(method, path, headers: headers, body: body, limit: limit)
                await connection.close()
                return answer
            } catch {
                await connection.close()
                throw error
            }
        }

        func get(_ path: String, _ headers: [(String, String)] = []) async throws -> Answer {
            try await send("GET", path, headers)
        }
    }

    let readers: [Member]
    let workers: [Member]
    let postgres: PrivatePostgres
    let database: String
    let redis: PrivateRedis?
    private let scratch: Scratch

    /// Starts everything; `ownServers`: whether PostgreSQL is this test's alone, so that it may be stopped.
    init(
        _ config: String, readers: Int, workers: Int, withRedis: Bool, ownServers: Bool = false, isPooled: Bool = false
    ) async throws {
        let scratch = try Scratch()
        let postgres = ownServers ? try await PrivatePostgres.start() : try await PrivatePostgres.shared()
        let database = try await postgres.database()
        let redis = withRedis ? try await PrivateRedis.start() : nil
        let uri = isPooled ? try await postgres.pooled(database) : database
        let coordinator = redis.map { "redis://127.0.0.1:\($0.port)/0" } ?? "local"
        let configPath = try scratch.write(
            "freshet.yaml",
            "data_dir: ./data\nstore: \(uri)\ncoordinator: \(coordinator)\n"
                + "server: { unknown_keys_per_minute: 100000 }\n" + config)
        func members(_ count: Int, _ role: String) -> [Member] {
            (0..<count).map { Member("\(role)\($0 + 1)", role: role, configPath: configPath, scratch: scratch) }
        }
        (self.scratch, self.postgres, self.database, self.redis) = (scratch, postgres, database, redis)
        (self.readers, self.workers) = (members(readers, "reader"), members(workers, "worker"))
        for member in self.readers + self.workers { try await member.start() }
        if withRedis { try await waitForQueue("line") }
    }

    /// Waits until jobs are leased there.
    func waitForQueue(_ place: String, within limit: Duration = .seconds(30)) async throws {
        try await eventually("the queue is in the \(place)", within: limit) {
            try await status().at("cluster.queue")?.string == place
        }
    }

    func status() async throws -> JSONValue { try await readers[0].get("/admin/status").json }

    /// Puts jobs into the queue, all at once.
    func restore(_ keys: [String], dataset: (source: String, name: String)) async throws {
        let time = "2026-01-01T00:00:00Z"
        var lines = [#"{"freshet_queue":1,"taken_at":"\#(time)","jobs":\#(keys.count)}"#]
        for key in keys {
            lines.append(
                #"{"source":"\#(dataset.source)","dataset":"\#(dataset.name)","key":"\#(key)","state":"ready","#
                    + #""priority":"high","cause":"operator","attempts":0,"heat":0,"enqueued_at":"\#(time)","#
                    + #""not_before":"\#(time)","finished_at":null,"last_error":null}"#)
        }
        let answer = try await readers[0].send(
            "POST", "/admin/queue/restore", [("content-type", "application/x-ndjson")],
            body: lines.joined(separator: "\n") + "\n", limit: .seconds(60))
        try #require(answer.status == 200, "\(answer.text)")
    }

    /// Jobs that are not finished; `nil` while the store does not say.
    func unfinished() async throws -> Int? {
        let status = try await status()
        guard status.at("store_problem")?.isNull ?? true else { return nil }
        return ["ready", "waiting", "leased"].reduce(0) { sum, state in
            sum
                + ["critical", "high", "medium", "low"].reduce(0) {
                    $0 + (status.integer("queue.\(state).\($1)") ?? 0)
                }
        }
    }

    func waitUntilDrained(within limit: Duration) async throws {
        let isEmpty = try await eventually("the queue is empty", within: limit, every: .milliseconds(200)) {
            try await unfinished() == 0
        }
        if !isEmpty { Issue.record("\(await standing())") }
    }

    /// Where everything stands, for people who look for the reason of a failure.
    private func standing() async -> String {
        let jobs = try? await postgres.sql(
            "SELECT state, priority, count(*), min(lease_until), max(lease_until), min(not_before) FROM freshet_jobs GROUP BY 1, 2",
            in: database)
        let answer = try? await readers[0].get("/admin/status")
        let logs = (readers + workers).map { "--- \($0.name)\n\($0.log.suffix(3000))" }
        return (["jobs:", jobs ?? "unreadable", answer?.text ?? "no status"] + logs).joined(separator: "\n")
    }

    /// How often each document was updated, by the log of events.
    func updates() async throws -> [String: Int] {
        let rows = try await postgres.sql(
            "SELECT key, count(*) FROM freshet_events WHERE type = 'dataset.updated' GROUP BY key", in: database)
        var found: [String: Int] = [:]
        for row in rows.split(separator: "\n") {
            let parts = row.split(separator: "|")
            if parts.count == 2 { found[String(parts[0])] = Int(parts[1]) }
        }
        return found
    }

    func stop() async throws {
        for member in workers + readers { try await member.stop() }
        redis?.end()
    }
}
