import FreshetCore
import FreshetRedis
import FreshetTesting
import Synchronization
import Testing

/// What happens when Redis, or the way to it, breaks; each test has a server of its own.
@Suite(.enabled(if: PrivateRedis.isInstalled, "redis-server is not installed")) struct RedisFaultTests {
    private static let clan = DatasetID(source: "clash", name: "clan")
    private static let now = Timestamp(seconds: 1_700_000_000)
    private static let request = LeaseRequest(admitted: [clan: .low], count: 5, leaseFor: .seconds(60))

    private static func wishes(_ numbers: Range<Int>) -> [EnqueueRequest] {
        numbers.map {
            EnqueueRequest(document: DocumentID(dataset: clan, key: "k\($0)"), priority: .medium, cause: "read")
        }
    }

    /// What workers did, as an observer outside counts it.
    private final class Record: Sendable {
        struct State {
            var leased = 0
            var done: [Int64: Int] = [:]
            var documents: Set<DocumentID> = []
            var failures = 0
        }

        let state = Mutex(State())

        var done: Int { state.withLock { $0.documents.count } }
    }

    /// Leases and ends until everything is done; a call that fails is no news, the next one follows.
    private static func work(_ line: any JobLine, until count: Int, _ record: Record) async {
        while record.done < count {
            do throws(StoreError) {
                let leases = try await line.lease(request, now: now)
                record.state.withLock { $0.leased += leases.count }
                let held = try await line.end(leases.map { (lease: $0, end: .done) }, now: now)
                record.state.withLock { state in
                    for (lease, isHeld) in zip(leases, held) where isHeld {
                        state.done[lease.job.id, default: 0] += 1
                        state.documents.insert(lease.job.document)
                    }
                }
            } catch {
                record.state.withLock { $0.failures += 1 }
                await serverTurn()
                // What it may have held comes back, as it does when a lease runs out.
                _ = try? await line.recoverLeases(all: true, now: now)
            }
            if Task.isCancelled { return }
        }
    }

    private static func isUnavailable(_ call: () async throws(StoreError) -> Void) async -> Bool {
        do throws(StoreError) {
            try await call()
            return false
        } catch {
            if case .unavailable = error { return true }
            return false
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `connections cut every 50 ms lose and double nothing`() async throws {
        let server = try await PrivateRedis.start()
        defer { server.end() }
        let coordinators = try (0..<4).map { _ in try RedisCoordinator(patient(port: server.port)) }
        try await coordinators[0].line.begin(epoch: "one")
        let (count, record) = (3_000, Record())
        let cutting = Task {
            var cuts = 0
            while !Task.isCancelled {
                _ = try await server.command("CLIENT KILL TYPE normal")
                cuts += 1
                try await server.pass(.milliseconds(50))
            }
            return cuts
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for start in stride(from: 0, to: count, by: 10) {
                    let results = try await coordinators[0].line.enqueue(Self.wishes(start..<start + 10), now: Self.now)
                    #expect(results.filter(\.isNew).count == 10, "a repeated wish knows its own job")
                    // Spread over the cuts: never far ahead of the workers.
                    try await eventually("the workers follow") { record.done >= start - 100 }
                }
            }
            for coordinator in coordinators {
                for _ in 0..<2 { group.addTask { await Self.work(coordinator.line, until: count, record) } }
            }
            try await group.waitForAll()
        }
        cutting.cancel()
        _ = await cutting.result
        let state = record.state.withLock { $0 }
        #expect(state.done.values.allSatisfy { $0 == 1 }, "no end took effect twice")
        #expect(state.documents.count == count, "no wish was lost")
        #expect(state.done.count == count, "no wish was doubled")
        if state.failures == 0 {
            #expect(state.leased == state.done.count, "no lease was lost with its answer: \(state.leased)")
        }
        let depth = try await coordinators[0].line.depth(source: nil)
        #expect(depth.total(.leased) == 0 && depth.total(.ready) == 0)
        let cut = try await server.command("INFO stats")
        #expect(cut.contains("total_connections_received"))
        for coordinator in coordinators { await coordinator.close() }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a kill -9 under load loses no job that was promised, and the line goes on`() async throws {
        var options = PrivateRedis.Options()
        // With `everysec` Redis may answer up to two seconds before it appends, when the disk is busy.
        options.settings = ["appendfsync always"]
        let server = try await PrivateRedis.start(options)
        defer { server.end() }
        let coordinator = try RedisCoordinator(patient(port: server.port))
        try await coordinator.line.begin(epoch: "one")
        let (count, record) = (2_000, Record())
        _ = try await coordinator.line.enqueue(Self.wishes(0..<count), now: Self.now)
        let workers = Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { await Self.work(coordinator.line, until: count, record) } }
            }
        }
        for target in [300, 900] {
            try await eventually("some are done") { record.done >= target }
            try await server.crash()
            #expect(await Self.isUnavailable { () async throws(StoreError) in _ = try await coordinator.ping() })
            try await server.resumeService()
            try await eventually("it is back") { (try? await coordinator.line.epoch()) == "one" }
        }
        // What a cut lease held comes back when its time is over; what a cut end did stays done.
        try await eventually("all is done", within: .seconds(90)) {
            _ = try? await coordinator.line.recoverLeases(all: true, now: Self.now)
            return try await coordinator.line.depth(source: nil).total(.done) == count
        }
        workers.cancel()
        await workers.value
        let state = record.state.withLock { $0 }
        #expect(state.done.values.allSatisfy { $0 == 1 }, "no end took effect twice")
        #expect(state.failures > 0, "somebody noticed")
        await coordinator.close()
    }

    @Test(.timeLimit(.minutes(5)))
    func `a restart without data makes every call unavailable until the line is begun again`() async throws {
        let server = try await PrivateRedis.start()
        defer { server.end() }
        let (one, other) = (
            try RedisCoordinator(patient(port: server.port)), try RedisCoordinator(patient(port: server.port))
        )
        try await one.line.begin(epoch: "one")
        other.line.follow(epoch: "one")
        _ = try await one.line.enqueue(Self.wishes(0..<10), now: Self.now)
        let lease = try #require(try await other.line.lease(Self.request, now: Self.now).first)
        try await server.stopService()
        try await server.forget()
        try await server.resumeService()
        try await eventually("it is back") {
            guard (try? await one.ping()) != nil else { return false }
            return (try? await other.ping()) != nil
        }
        #expect(try await one.line.epoch() == nil)
        for line in [one.line, other.line] {
            #expect(
                await Self.isUnavailable { () async throws(StoreError) in
                    _ = try await line.end([(lease: lease, end: .done)], now: Self.now)
                })
            #expect(
                await Self.isUnavailable { () async throws(StoreError) in
                    _ = try await line.lease(Self.request, now: Self.now)
                })
        }
        try await one.line.begin(epoch: "two")
        #expect(
            await Self.isUnavailable { () async throws(StoreError) in _ = try await other.line.depth(source: nil) },
            "the other still goes by the old epoch")
        other.line.follow(epoch: "two")
        #expect(try await other.line.depth(source: nil).total(.ready) == 0)
        for coordinator in [one, other] { await coordinator.close() }
    }

    @Test(.timeLimit(.minutes(1)))
    func `while Redis is away calls fail at once, and a frozen one fails them in time`() async throws {
        let server = try await PrivateRedis.start()
        defer { server.end() }
        var options = patient(port: server.port)
        options.answerTimeout = .milliseconds(400)
        options.connectTimeout = .seconds(2)
        let coordinator = try RedisCoordinator(options)
        try await eventually("it is there") { (try? await coordinator.line.begin(epoch: "one")) != nil }
        try await server.freeze()
        let frozen = ContinuousClock.now
        #expect(await Self.isUnavailable { () async throws(StoreError) in _ = try await coordinator.line.epoch() })
        #expect(ContinuousClock.now - frozen < .seconds(8), "it gave up")
        try await server.thaw()
        try await eventually("it is back") { (try? await coordinator.line.epoch()) == "one" }
        try await server.crash()
        _ = try? await coordinator.ping()
        let away = ContinuousClock.now
        for _ in 0..<1_000 {
            #expect(await Self.isUnavailable { () async throws(StoreError) in _ = try await coordinator.ping() })
        }
        #expect(ContinuousClock.now - away < .seconds(3), "without waiting for a connection")
        coordinator.ring(.jobs)
        try await server.resumeService()
        try await eventually("it is back by itself") { (try? await coordinator.ping()) != nil }
        await coordinator.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `listeners hear again after their connection was cut, and look once for what they missed`() async throws {
        let server = try await PrivateRedis.start()
        defer { server.end() }
        let (one, other) = (
            try RedisCoordinator(patient(port: server.port)), try RedisCoordinator(patient(port: server.port))
        )
        let heard = Mutex<[News]>([])
        let listening = Task { for await news in other.rings() { heard.withLock { $0.append(news) } } }
        for turn in 0..<3 {
            try await eventually("one of each kind when it is up") { heard.withLock { Set($0).count == 3 } }
            heard.withLock { $0 = [] }
            try await eventually("a ring") {
                one.ring(.jobs)
                return heard.withLock { $0.contains(.jobs) }
            }
            heard.withLock { $0 = [] }
            guard turn < 2 else { break }
            try await server.command("CLIENT KILL TYPE pubsub")
        }
        listening.cancel()
        for coordinator in [one, other] { await coordinator.close() }
    }

    @Test func `scripts that Redis forgot are told again`() async throws {
        let server = try await PrivateRedis.start()
        defer { server.end() }
        let coordinator = try RedisCoordinator(patient(port: server.port))
        try await coordinator.line.begin(epoch: "one")
        try await server.command("SCRIPT FLUSH")
        #expect(
            try await coordinator.line.enqueue(Self.wishes(0..<3), now: Self.now).map(\.isNew) == [true, true, true])
        try await server.command("SCRIPT FLUSH")
        #expect(try await coordinator.beginFlight("A", holder: "h", for: .seconds(5)))
        await coordinator.close()
    }

    @Test func `an empty poll is one command, however many jobs are finished`() async throws {
        let server = try await PrivateRedis.start()
        defer { server.end() }
        let coordinator = try RedisCoordinator(patient(port: server.port))
        try await coordinator.line.begin(epoch: "one")
        for _ in 0..<4 {
            let wishes = Self.wishes(0..<500)
            _ = try await coordinator.line.enqueue(wishes, now: Self.now)
            let leases = try await coordinator.line.lease(
                LeaseRequest(admitted: [Self.clan: .low], count: 500, leaseFor: .seconds(9)), now: Self.now)
            _ = try await coordinator.line.end(leases.map { (lease: $0, end: .done) }, now: Self.now)
        }
        try await server.command("CONFIG RESETSTAT")
        #expect(try await coordinator.line.lease(Self.request, now: Self.now).isEmpty)
        let statistics = try await server.command("INFO commandstats")
        #expect(statistics.contains("cmdstat_evalsha:calls=1,"))
        let inside = statistics.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("cmdstat_") }
        #expect(inside.count <= 8, "and looks at heads only: \(inside)")
        await coordinator.close()
    }
}
