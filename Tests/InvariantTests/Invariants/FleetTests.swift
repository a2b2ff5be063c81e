import Foundation
import FreshetMock
import FreshetTesting
import Synchronization
import Testing

/// Several processes as one: each job takes effect once, limits hold for all, reads go on whatever is away.
@Suite(.serialized) struct FleetTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// Jobs; `scripts/soak` asks for 10,000.
    private static let jobs = environment["FRESHET_SOAK_JOBS"].flatMap { Int($0) } ?? 600
    /// Seconds for which servers stay away.
    private static let outage = environment["FRESHET_SOAK_OUTAGE"].flatMap { Double($0) } ?? 6

    /// Seconds in which connections are cut.
    private static let cuts = environment["FRESHET_SOAK_OUTAGE"].flatMap { Int($0) } ?? 8

    private static func config(_ url: String, calls: Int) -> String {
        """
        logs: { level: warning }
        sources:
          up:
            base_url: \(url)
            auth: { bearer: ["key-1"] }
            concurrency: 16
            reserve: 0%
            breaker: { failures: 0, probe_every: PT5S }
            limits:
              - { scope: key, calls: \(calls), per: PT1S }
        datasets:
          up.item: { get: "/items/{id}", max_age: PT1H }
        """
    }

    private static func keys(_ count: Int) -> [String] { (0..<count).map { "k\($0)" } }

    /// Waits until the upstream has had so many calls more, or there is nothing left to call for.
    private func calls(_ count: Int, _ mock: MockUpstream, until isOver: () async throws -> Bool) async throws {
        let target = mock.counters().total + count
        try await eventually("\(count) calls more", within: .seconds(60), every: .milliseconds(100)) {
            if mock.counters().total >= target { return true }
            return try await isOver()
        }
    }

    /// Kills and freezes workers at random until the queue is empty.
    ///
    /// How long is told by the calls that the upstream has had meanwhile.
    private func harass(
        _ fleet: Fleet, _ mock: MockUpstream, seed: UInt64, until isOver: () async throws -> Bool
    ) async throws {
        var random = SeededGenerator(seed: seed)
        while try await !isOver() {
            let worker = fleet.workers[Int.random(in: fleet.workers.indices, using: &random)]
            if Bool.random(using: &random) {
                try await worker.kill9()
                try await worker.start()
            } else {
                // Longer than a lease: what it holds runs elsewhere meanwhile, and what it writes on waking is refused.
                let child = worker.child
                child?.signal(SIGSTOP)
                try await calls(Int.random(in: 30...600, using: &random), mock, until: isOver)
                child?.signal(SIGCONT)
            }
            try await calls(Int.random(in: 10...90, using: &random), mock, until: isOver)
        }
    }

    @Test(arguments: [(2, false), (4, true)])
    func `workers are killed and frozen: each job takes effect once, none is lost, the limit holds`(
        workers: Int, withRedis: Bool
    ) async throws {
        let calls = 60
        try await withMock(ScriptedUpstream(), { $0.limits = [try LimitRule(parsing: "key:\(calls)/1s")] }) {
            mock, url in
            let fleet = try await Fleet(
                Self.config(url, calls: calls), readers: 1, workers: workers, withRedis: withRedis)
            let keys = Self.keys(Self.jobs)
            try await fleet.restore(keys, dataset: ("up", "item"))
            try await harass(fleet, mock, seed: UInt64(workers)) { try await fleet.unfinished() == 0 }
            let updates = try await fleet.updates()
            #expect(updates.count == keys.count, "none is lost")
            #expect(updates.values.allSatisfy { $0 == 1 }, "each takes effect once")
            #expect(mock.counters().violations == 0, "the limit holds as the server counts")
            try await fleet.stop()
        }
    }

    /// `scripts/soak` cuts for a minute.
    @Test(arguments: [false, true])
    func `connections to both servers are cut every second: each job takes effect once`(isPooled: Bool) async throws {
        try await withMock(ScriptedUpstream(), { $0.limits = [try LimitRule(parsing: "key:40/1s")] }) { mock, url in
            let fleet = try await Fleet(
                Self.config(url, calls: 40), readers: 1, workers: 2, withRedis: true, isPooled: isPooled)
            let redis = try #require(fleet.redis)
            let reader = fleet.readers[0]
            let hot = try await reader.get("/v1/up/item/hot", [("prefer", "wait=20")])
            try #require(hot.status == 200, "\(hot.text)")
            let keys = Self.keys(Self.jobs)
            try await fleet.restore(keys, dataset: ("up", "item"))
            for _ in 0..<Self.cuts {
                _ = try await fleet.postgres.sql(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                        + "WHERE datname = current_database() AND pid <> pg_backend_pid()", in: fleet.database)
                _ = try await redis.command("CLIENT KILL TYPE normal")
                #expect(try await reader.get("/v1/up/item/hot").status == 200)
                // About a second, as the limit is.
                try await calls(40, mock) { try await fleet.unfinished() == 0 }
            }
            try await fleet.waitUntilDrained(within: .seconds(120 + Self.jobs / 20))
            let updates = try await fleet.updates()
            #expect(keys.allSatisfy { updates[$0] == 1 }, "each takes effect once, none is lost")
            #expect(mock.counters().violations == 0)
            try await fleet.stop()
        }
    }

    @Test func `the queue moves to the store and back: nothing is fetched twice`() async throws {
        // Slow, so that calls are always under way while the queue moves.
        let slow = try FaultSpec(parsing: "latency=300ms..900ms")
        try await withMock(ScriptedUpstream(), { $0.faults = [slow] }) { mock, url in
            let fleet = try await Fleet(Self.config(url, calls: 40), readers: 1, workers: 3, withRedis: true)
            let redis = try #require(fleet.redis)
            let keys = Self.keys(600)
            try await fleet.restore(keys, dataset: ("up", "item"))
            for _ in 1...2 {
                try await redis.crash()
                try await fleet.waitForQueue("store")
                try await redis.resumeService()
                try await redis.flush()
                try await fleet.waitForQueue("line")
            }
            try await fleet.waitUntilDrained(within: .seconds(120))
            let updates = try await fleet.updates()
            #expect(keys.allSatisfy { updates[$0] == 1 }, "each takes effect once, none is lost")
            #expect(mock.counters().total == keys.count, "one call for each")
            try await fleet.stop()
        }
    }

    /// `scripts/soak` lets them stay away for a minute each.
    @Test
    func `Redis goes and comes back empty, PostgreSQL goes: reads from memory never fail, the queue drains`()
        async throws
    {
        try await withMock(ScriptedUpstream(), { $0.limits = [try LimitRule(parsing: "key:40/1s")] }) { mock, url in
            let fleet = try await Fleet(
                Self.config(url, calls: 40), readers: 2, workers: 2, withRedis: true, ownServers: true)
            let redis = try #require(fleet.redis)
            for reader in fleet.readers {
                let answer = try await reader.get("/v1/up/item/hot", [("prefer", "wait=20")])
                try #require(answer.status == 200, "\(answer.text)")
            }
            let keys = Self.keys(Self.jobs)
            try await fleet.restore(keys, dataset: ("up", "item"))
            let isOver = Flag()
            let (reads, failures) = (Counter(), Counter())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for reader in fleet.readers {
                    group.addTask {
                        try await eventually("it is over", within: .seconds(3600)) {
                            let status = try? await reader.get("/v1/up/item/hot").status
                            reads.add()
                            if status != 200 { failures.add() }
                            return isOver.isSet
                        }
                    }
                }
                // How long a server stays away is told by the reads that are answered meanwhile.
                func outage(_ what: String) async throws {
                    let target = reads.value + Int(Self.outage * 60)
                    try await eventually("\(what) is away long enough", within: .seconds(Self.outage * 20)) {
                        reads.value >= target
                    }
                }
                try await redis.crash()
                try await fleet.waitForQueue("store")
                try await outage("Redis")
                try await redis.resumeService()
                try await redis.flush()
                try await fleet.waitForQueue("line")
                try await fleet.postgres.stopService()
                try await eventually("health tells that the store is away", within: .seconds(30)) {
                    let health = try await fleet.readers[0].get("/health")
                    #expect(health.status == 200)
                    return try health.json.text("status") == "warn"
                }
                #expect(try await fleet.readers[0].get("/readyz").status == 200)
                let unknown = try await fleet.readers[0].get("/v1/up/item/never-asked")
                #expect(unknown.status == 503)
                #expect(unknown.header("Retry-After") != nil)
                try await outage("PostgreSQL")
                try await fleet.postgres.resumeService()
                try await fleet.waitUntilDrained(within: .seconds(120 + Self.jobs / 20))
                isOver.set()
                try await group.waitForAll()
            }
            #expect(failures.value == 0, "of \(reads.value) reads")
            let updates = try await fleet.updates()
            #expect(keys.allSatisfy { updates[$0] == 1 }, "each takes effect once, none is lost")
            #expect(mock.counters().violations == 0)
            try await fleet.stop()
            fleet.postgres.end()
        }
    }

    @Test(arguments: [false, true])
    func `a change through one process is read from another`(isPooled: Bool) async throws {
        let upstream = ScriptedUpstream()
        try await withMock(upstream) { _, url in
            let fleet = try await Fleet(
                Self.config(url, calls: 500), readers: 2, workers: 1, withRedis: false, isPooled: isPooled)
            upstream.set("/items/a", #"{"round":0}"#)
            for reader in fleet.readers { _ = try await reader.get("/v1/up/item/a", [("prefer", "wait=20")]) }
            for round in 1...20 {
                upstream.set("/items/a", #"{"round":\#(round)}"#)
                let asked = try await fleet.readers[0].send("POST", "/v1/refresh", body: Mirror.wish("up.item", "a"))
                try #require(asked.status == 202)
                for reader in fleet.readers {
                    try await eventually("round \(round) shows", within: .seconds(10), every: .milliseconds(5)) {
                        try await reader.get("/v1/up/item/a").text.contains("\(round)}")
                    }
                }
            }
            try await fleet.stop()
        }
    }

    @Test func `a worker that runs once drains what is due and says what it did`() async throws {
        try await withMock(ScriptedUpstream()) { _, url in
            let mirror = try Mirror(Self.config(url, calls: 500))
            try await mirror.start()
            for key in Self.keys(5) { try await mirror.refreshNow("up.item", key) }
            try await mirror.stop()
            let outcome = try await mirror.command("worker", "--once", "--max-runtime", "PT20S")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("\"processed_requests\":0"), "\(outcome.output)")
            #expect(outcome.output.contains("\"runtime_seconds\":"))
        }
    }
}
