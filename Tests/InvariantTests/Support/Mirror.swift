import Foundation
import FreshetCore
import FreshetDocument
import FreshetSQLite
import Synchronization
import Testing

/// One data directory and the `freshet serve` that works on it, which can be stopped, killed and started again.
final class Mirror: Sendable {
    private struct State {
        var child: ChildProcess?
        var url = ""
    }

    let scratch: Scratch
    let configPath: String
    private let environment: Mutex<[String: String]>
    private let state = Mutex(State())

    var dataPath: String { scratch.path + "/data" }
    var url: String { state.withLock { $0.url } }
    var child: ChildProcess? { state.withLock { $0.child } }
    /// All lines of all runs.
    var log: String { (try? String(contentsOfFile: scratch.path + "/serve.err", encoding: .utf8)) ?? "" }

    /// `config`: what follows `data_dir` and `server`.
    init(
        _ config: String, listen: String = "127.0.0.1:0", server: String = "", environment: [String: String] = [:]
    ) throws {
        scratch = try Scratch()
        self.environment = Mutex(environment)
        let more = server.isEmpty ? "" : ", " + server
        configPath = try scratch.write(
            "freshet.yaml", "data_dir: ./data\nserver: { listen: \"\(listen)\"\(more) }\n" + config)
    }

    deinit { state.withLock { $0.child }?.signal(SIGKILL) }

    /// Changes the environment of the next start.
    func set(_ name: String, _ value: String?) { environment.withLock { $0[name] = value } }

    /// Starts it and waits until it can be asked.
    ///
    /// - Returns: From the start of the process until `/readyz` answered.
    @discardableResult
    func start() async throws -> Duration {
        let variables = environment.withLock { $0 }
        // A preloaded library may move the environment, and Swift finds its arguments beside it: `env` does that first,
        // and becomes freshet.
        let isPreloaded = variables["LD_PRELOAD"] != nil
        let freshet = try FreshetBinary.path
        let child = try ChildProcess(
            path: isPreloaded ? "/usr/bin/env" : freshet,
            arguments: (isPreloaded ? [freshet] : []) + ["serve", "--config", configPath], folder: scratch.path,
            environment: variables, output: scratch.path + "/serve.out",
            errors: scratch.path + "/serve.err")
        let began = ContinuousClock.now
        try child.start()
        state.withLock { $0.child = child }
        let isUp = try await eventually("freshet serves", within: .seconds(20), every: .milliseconds(5)) {
            if let code = child.code {
                Issue.record("freshet ended with \(code): \(self.log.suffix(3000))")
                throw WireError.closed
            }
            guard let url = try self.published(by: child.pid) else { return false }
            self.state.withLock { $0.url = url }
            return try await self.get("/readyz").status == 200
        }
        try #require(isUp, "\(log.suffix(3000))")
        return ContinuousClock.now - began
    }

    /// The address in the lock file, if this process wrote it.
    private func published(by pid: Int32) throws -> String? {
        guard let data = FileManager.default.contents(atPath: dataPath + "/freshet.lock"),
            let holder = try? JSONTape(Array(data)).root, holder.integer("pid") == Int(pid)
        else { return nil }
        return holder.text("url")
    }

    /// Ends it in order; it must end with 0.
    func stop() async throws {
        guard let child else { return }
        child.signal(SIGTERM)
        let code = try await child.end(within: .seconds(25))
        #expect(code == 0, "an orderly end has code 0: \(log.suffix(2000))")
        state.withLock { $0.child = nil }
    }

    /// Ends it as a power cut would.
    func kill9() async throws {
        guard let child else { return }
        child.signal(SIGKILL)
        try await child.end(within: .seconds(10))
        state.withLock { $0.child = nil }
    }

    // MARK: Asking

    func get(_ path: String, _ headers: [(String, String)] = [], limit: Duration = .seconds(30)) async throws -> Answer
    {
        try await send("GET", path, headers, limit: limit)
    }

    /// One request on a connection of its own.
    func send(
        _ method: String, _ path: String, _ headers: [(String, String)] = [], body: String? = nil,
        limit: Duration = .seconds(30)
    ) async throws -> Answer {
        let connection = try await WireConnection.open(url)
        do {
            let answer = try await connection.send(method, path, headers: headers, body: body, limit: limit)
            await connection.close()
            return answer
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Asks for a refresh and returns the number of its job.
    @discardableResult
    func refresh(_ dataset: String, _ key: String, priority: String = "high") async throws -> Int {
        let answer = try await send("POST", "/v1/refresh", body: Mirror.wish(dataset, key, priority))
        try #require(answer.status == 202, "\(answer.text)")
        return try #require(try answer.json.integer("job"))
    }

    static func wish(_ dataset: String, _ key: String, _ priority: String = "high") -> String {
        let parts = dataset.split(separator: ".")
        return
            #"{"source":"\#(parts[0])","dataset":"\#(parts[1])","key":"\#(key)","priority":"\#(priority)"}"#
    }

    /// Refreshes and waits until that job has ended, well or not.
    ///
    /// - Returns: The state of the job: `done`, `dead`, or `waiting` for another try.
    @discardableResult
    func refreshNow(_ dataset: String, _ key: String, within limit: Duration = .seconds(15)) async throws -> String {
        let before = try await document(dataset, key)?.text("checked_at")
        let job = try await refresh(dataset, key)
        var last = ""
        try await eventually("job \(job) of \(dataset) \(key) has run (it is \(last))", within: limit) {
            last = try await get("/v1/jobs/\(job)").json.text("state") ?? "gone"
            if last == "done" || last == "dead" { return true }
            return try await document(dataset, key)?.text("checked_at") != before && last != "leased"
        }
        return last
    }

    /// The first answer with the document; waits for the first fetch.
    @discardableResult
    func warm(_ path: String) async throws -> Answer {
        let answer = try await get(path, [("prefer", "wait=20")], limit: .seconds(40))
        try #require(answer.status == 200, "\(path): \(answer.status) \(answer.text)")
        return answer
    }

    /// What `why` says of the state of a document: no read, so that nothing is queued by looking.
    func document(_ dataset: String, _ key: String) async throws -> JSONValue? {
        try await why(dataset, key).at("state")
    }

    func why(_ dataset: String, _ key: String) async throws -> JSONValue {
        let path = dataset.split(separator: ".").joined(separator: "/")
        let answer = try await get("/v1/why/\(path)/\(key)")
        try #require(answer.status == 200, "\(answer.text)")
        return try answer.json
    }

    /// The value of a metric, all its label sets that contain `labels` added up.
    func metric(_ name: String, _ labels: String...) async throws -> Double {
        try await get("/metrics").text.split(separator: "\n").filter { line in
            (line.hasPrefix(name + "{") || line.hasPrefix(name + " ")) && labels.allSatisfy { line.contains($0) }
        }.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    /// Runs a command of the program with this configuration.
    func command(_ arguments: String...) async throws -> FreshetBinary.Outcome {
        try await FreshetBinary.run(
            arguments + ["--config", configPath], in: scratch.path, environment: environment.withLock { $0 })
    }

    // MARK: Looking inside

    /// What `verify()` finds wrong in the store as it lies there; empty when all is well.
    func storeProblems() async throws -> [String] { try await withStoreCopy { try await $0.verify().problems } }

    /// Opens a copy of the store, as a crash or an end has left it, and looks into it.
    ///
    /// A copy, so that the recovery of the file stays the product's own work.
    func withStoreCopy<Result: Sendable>(_ body: (SQLiteStore) async throws -> Result) async throws -> Result {
        let copy = try Scratch()
        for name in ["freshet.sqlite", "freshet.sqlite-wal"]
        where FileManager.default.fileExists(atPath: "\(dataPath)/\(name)") {
            try FileManager.default.copyItem(atPath: "\(dataPath)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        var options = SQLiteOptions()
        options.onCorruption = .fail
        let store = try await SQLiteStore.open(directory: copy.path, options: options, now: Timestamp(seconds: 0))
        do {
            let result = try await body(store)
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }
}
