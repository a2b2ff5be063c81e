import Foundation
import FreshetCore
import FreshetMock
import FreshetSQLite
import FreshetTesting
import Synchronization
import Testing

/// What was acknowledged survives `kill -9`.
@Suite(.serialized) struct Invariant05SurvivesKill {
    private static let keys = 24

    private static func number(_ name: String, or fallback: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
    }

    /// What the test was promised.
    private struct Promises {
        /// Jobs that were acknowledged with 202.
        var jobs: Set<Int> = []
        /// The highest number that was read of a document.
        var read: [String: Int] = [:]
    }

    private final class Witness: Sendable {
        private let promises = Mutex(Promises())

        var now: Promises { promises.withLock { $0 } }
        func acknowledged(_ job: Int) { promises.withLock { _ = $0.jobs.insert(job) } }
        func forget(_ jobs: Set<Int>) { promises.withLock { $0.jobs.subtract(jobs) } }

        /// The highest number read so far.
        func highest(_ key: String) -> Int { promises.withLock { $0.read[key] ?? 0 } }

        /// Notes a read.
        func read(_ key: String, _ number: Int) {
            promises.withLock { $0.read[key] = max($0.read[key] ?? 0, number) }
        }
    }

    /// Wishes and reads until the process dies.
    private func load(_ mirror: Mirror, _ witness: Witness, seed: UInt64) async throws {
        let url = mirror.url
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var random = SeededGenerator(seed: seed &+ UInt64(worker))
                    // The connection breaks when the process dies: that is the end of this worker.
                    try? await Invariant05SurvivesKill.work(url, witness, &random)
                }
            }
        }
    }

    private static func work(_ url: String, _ witness: Witness, _ random: inout SeededGenerator) async throws {
        let connection = try await WireConnection.open(url)
        while true {
            let key = "k\(Int.random(in: 0..<keys, using: &random))"
            if Bool.random(using: &random) {
                let dataset = Bool.random(using: &random) ? "up.item" : "up.page"
                let priority = ["critical", "high", "medium", "low"].randomElement(using: &random) ?? "low"
                let answer = try await connection.send(
                    "POST", "/v1/refresh", body: Mirror.wish(dataset, key, priority), limit: .seconds(10))
                if answer.status == 202, let job = try answer.json.integer("job") { witness.acknowledged(job) }
            } else {
                try await read(key, connection, witness)
            }
        }
    }

    private static func read(_ key: String, _ connection: WireConnection, _ witness: Witness) async throws {
        // Answers of several connections may be noted in another order than they were given: what counts is what was
        // known before this one was asked for.
        let known = witness.highest(key)
        let answer = try await connection.send("GET", "/v1/up/item/\(key)", limit: .seconds(10))
        guard answer.status == 200 else { return }
        let number = try #require(try answer.json.integer("n"))
        #expect(number >= known, "\(key) went back from \(known) to \(number)")
        witness.read(key, number)
    }

    /// Answers with a number that rises with every call, so that every refresh is a new version.
    private static func upstream() -> ScriptedUpstream {
        let calls = Counter()
        return ScriptedUpstream { request in
            let number = calls.add()
            guard request.path.hasPrefix("/pages/") else {
                return .json(#"{"n":\#(number),"path":"\#(request.path)"}"#)
            }
            let page = request.integer("page") ?? 1
            return .json(page > 3 ? "[]" : #"[{"n":\#(number),"page":\#(page)}]"#)
        }
    }

    private static func config(_ url: String) -> String {
        """
        logs: { level: warning }
        sources: { up: { base_url: "\(url)", breaker: { failures: 0 } } }
        datasets:
          up.item: { get: "/items/{id}", max_age: 50ms, history: { keep: P1D } }
          up.page: { get: "/pages/{id}", max_age: 50ms, history: { keep: P1D }, pagination: { style: page } }
        """
    }

    @Test func `nothing acknowledged is lost or doubled at whatever moment the process dies`() async throws {
        let (kills, seed) = (Self.number("FRESHET_SOAK_KILLS", or: 25), Self.number("FRESHET_SOAK_SEED", or: 5))
        let latency = try FaultSpec(parsing: "latency=1ms..40ms")
        try await withMock(Self.upstream(), { $0.faults = [latency] }) { mock, url in
            let mirror = try Mirror(Self.config(url), server: "unknown_keys_per_minute: 100000")
            var random = SeededGenerator(seed: UInt64(seed))
            let witness = Witness()
            var starts: [Duration] = []
            try await mirror.start()
            for key in 0..<Self.keys { try await mirror.warm("/v1/up/item/k\(key)") }
            for round in 0..<kills {
                let roundSeed = random.next()
                async let loading: Void = load(mirror, witness, seed: roundSeed)
                try await mirror.lets(pass: Int.random(in: 5...300, using: &random))
                try await mirror.kill9()
                try await loading
                let promised = witness.now
                try await check(mirror, promised, round)
                starts.append(try await mirror.start())
                try await expectReads(mirror, witness)
                try await expectJobsEnd(mirror, promised.jobs)
                witness.forget(promised.jobs)
            }
            starts.sort()
            print("kills: \(kills), back after \(starts[starts.count / 2]) (median), \(starts.last ?? .zero) (worst)")
            #expect(starts[starts.count / 2] < .seconds(1), "reads are back within a second: \(starts)")
            try await mirror.stop()
            #expect(try await mirror.storeProblems() == [])
        }
    }

    /// What lies on the disk after a crash.
    private func check(_ mirror: Mirror, _ promised: Promises, _ round: Int) async throws {
        #expect(try await mirror.storeProblems() == [], "crash \(round)")
        try await mirror.withStoreCopy { store in
            for job in promised.jobs {
                #expect(try await store.job(Int64(job)) != nil, "crash \(round): the acknowledged job \(job) is lost")
            }
            // One event and one version for each change, whatever the crash interrupted.
            var changes: [DocumentID: Int] = [:]
            var offset: Int64 = 0
            while true {
                let events = try await store.events(after: offset, limit: 1000).events
                guard let last = events.last else { break }
                for event in events where event.type == "dataset.updated" {
                    if let id = event.document { changes[id, default: 0] += 1 }
                }
                offset = last.offset
            }
            for (id, count) in changes {
                let stored = try #require(try await store.document(id))
                #expect(stored.state.version == count, "crash \(round): \(id) has \(count) events")
            }
            for (key, number) in promised.read {
                let id = DocumentID(dataset: DatasetID(source: "up", name: "item"), key: key)
                let text = String(decoding: try #require(try await store.document(id)).body, as: UTF8.self)
                let kept = Int(text.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
                #expect(kept >= number, "crash \(round): \(key) was read as \(number) and is \(kept)")
            }
        }
    }

    private func expectReads(_ mirror: Mirror, _ witness: Witness) async throws {
        let connection = try await WireConnection.open(mirror.url)
        for key in 0..<Self.keys {
            let answer = try await connection.send("GET", "/v1/up/item/k\(key)")
            #expect(answer.status == 200)
            let number = try answer.json.integer("n") ?? 0
            #expect(number >= witness.highest("k\(key)"), "k\(key) went back to \(number)")
            witness.read("k\(key)", number)
        }
        await connection.close()
    }

    /// Every acknowledged job, the orphans of the crash included, is done within 15 s.
    private func expectJobsEnd(_ mirror: Mirror, _ jobs: Set<Int>) async throws {
        let connection = try await WireConnection.open(mirror.url)
        var open = jobs
        try await eventually("acknowledged jobs are done; open: \(open)", within: .seconds(15)) {
            for job in open {
                let answer = try await connection.send("GET", "/v1/jobs/\(job)")
                #expect(answer.status == 200, "job \(job) is unknown")
                if try answer.json.text("state") == "done" { open.remove(job) }
            }
            return open.isEmpty
        }
        await connection.close()
    }
}
