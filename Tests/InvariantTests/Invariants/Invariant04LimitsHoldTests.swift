import Foundation
import FreshetMock
import FreshetTesting
import Synchronization
import Testing

/// Declared limits hold as the server counts them.
@Suite(.serialized) struct Invariant04LimitsHold {
    /// What is tried, small here; `scripts/soak` asks for the real numbers and minutes.
    struct Load: Sendable {
        var keys = 3
        var perKey = 20
        var account = (calls: 150, seconds: 5)
        var endpoint = 10
        var seconds = 10.0
        var kills = 2
        var restarts = 1

        static let environment = ProcessInfo.processInfo.environment

        static var asked: Load? {
            guard let seconds = environment["FRESHET_SOAK_LIMIT_SECONDS"].flatMap({ Double($0) }) else { return nil }
            return Load(
                keys: 4, perKey: 40, account: (900, 10), endpoint: 20, seconds: seconds, kills: 5, restarts: 2)
        }

        /// Calls a second that the tightest window lets through.
        var rate: Double { min(Double(keys * perKey), Double(account.calls) / Double(account.seconds)) }

        var rules: [String] {
            ["key:\(perKey)/1s", "account:\(account.calls)/\(account.seconds)s", "endpoint=/wars/*:\(endpoint)/1s"]
        }

        func config(_ url: String) -> String {
            let names = (1...keys).map { "\"key-\($0)\"" }.joined(separator: ", ")
            return """
                logs: { level: warning }
                sources:
                  up:
                    base_url: \(url)
                    auth: { bearer: [\(names)] }
                    concurrency: 64
                    limits:
                      - { scope: key, calls: \(perKey), per: PT1S }
                      - { scope: account, calls: \(account.calls), per: PT\(account.seconds)S }
                datasets:
                  up.clan: { get: "/clans/{id}", max_age: PT1H }
                  up.war: { get: "/wars/{id}", max_age: PT1H, limits: [{ calls: \(endpoint), per: PT1S }] }
                """
        }

        func arm(_ options: inout MockOptions) throws {
            options.keys = (1...keys).map { "key-\($0)" }
            options.limits = try rules.map { try LimitRule(parsing: $0) }
            options.faults = try FaultSpec.parse(["latency=1ms..15ms"])
        }
    }

    /// Keeps high-priority work waiting as long as the mirror is up.
    private func feed(
        _ mirror: Mirror, _ mock: MockUpstream, until isOver: @escaping @Sendable () -> Bool
    ) async throws {
        var next = 0
        while !isOver() {
            do {
                let connection = try await WireConnection.open(mirror.url)
                while !isOver() {
                    for _ in 0..<40 {
                        let wish = Mirror.wish(next % 5 == 0 ? "up.war" : "up.clan", "k\(next % 400)")
                        _ = try await connection.send("POST", "/v1/refresh", body: wish, limit: .seconds(5))
                        next += 1
                    }
                    try await calls(10, mock, or: isOver)
                }
                await connection.close()
            } catch {
                // It was killed: there is nobody to feed until it is back.
                try await eventually("the mirror is back", within: .seconds(60)) {
                    if isOver() { return true }
                    return (try? await mirror.get("/livez")) != nil
                }
            }
        }
    }

    /// Waits until the upstream has had so many calls more.
    private func calls(
        _ count: Int, _ mock: MockUpstream, or isOver: @Sendable () -> Bool = { false }
    ) async throws {
        let target = mock.counters().total + count
        // Several times as long as the declared limits need for them.
        let limit = Duration.seconds(60) + .milliseconds(500 * count)
        try await eventually("\(count) calls more", within: limit) {
            isOver() || mock.counters().total >= target
        }
    }

    private func expectNoViolation(_ mock: MockUpstream) {
        for limit in mock.counters().limits {
            #expect(
                limit.violations == 0, "\(limit.rule) \(limit.subject): \(limit.maxInWindow), \(limit.violations) times"
            )
            #expect(limit.isExact)
        }
        #expect(mock.counters().limits.count >= 3)
    }

    @Test func `saturated, no window is exceeded and the binding one is used`() async throws {
        let load = Load()
        try await withMock(ScriptedUpstream(), load.arm, alone: true) { mock, url in
            let mirror = try Mirror(load.config(url))
            try await mirror.start()
            let isOver = Flag()
            async let feeding: Void = feed(mirror, mock) { isOver.isSet }
            try await eventually("work flows") { mock.counters().total > 5 }
            mock.resetCounters()
            let began = ContinuousClock.now
            try await calls(Int(load.rate * 6), mock)
            let calls = mock.counters().total
            let took = ContinuousClock.now - began
            isOver.set()
            try await feeding
            expectNoViolation(mock)
            let used = Double(calls) / (load.rate * took.seconds)
            // Beside the rest of the suite on two cores the upper bound is not ours to keep; the soak runs alone.
            #expect(used >= (Load.asked == nil ? 0.5 : 0.85), "\(used) of \(load.rate) calls a second were used")
            try await mirror.kill9()
        }
    }

    @Test func `saturated through restarts and crashes, no window is exceeded`() async throws {
        let load = Load.asked ?? Load()
        try await withMock(ScriptedUpstream(), load.arm, alone: true) { mock, url in
            let mirror = try Mirror(load.config(url))
            try await mirror.start()
            let isOver = Flag()
            async let feeding: Void = feed(mirror, mock) { isOver.isSet }
            let pieces = load.kills + load.restarts + 1
            var random = SeededGenerator(seed: 4)
            var ends = Array(repeating: true, count: load.kills) + Array(repeating: false, count: load.restarts)
            ends.shuffle(using: &random)
            let began = ContinuousClock.now
            for piece in 0..<pieces {
                let jitter = Double.random(in: 0.8...1.2, using: &random)
                try await calls(Int(load.rate * load.seconds / Double(pieces) * jitter), mock)
                guard piece < ends.count else { break }
                if ends[piece] { try await mirror.kill9() } else { try await mirror.stop() }
                try await mirror.start()
            }
            let calls = mock.counters().total
            let used = Double(calls) / (load.rate * (ContinuousClock.now - began).seconds)
            isOver.set()
            try await feeding
            expectNoViolation(mock)
            // A start takes as long whether the run is short or long, and each crash gives up what was reserved.
            #expect(used >= (Load.asked == nil ? 0.5 : 0.85), "\(used) of the binding window was used")
            print("limits: \(calls) calls, \(Int(used * 100)) % of the binding window, \(load.kills) kills")
            try await mirror.kill9()
        }
    }

    @Test(.enabled(if: FakeTime.library != nil, "libfaketime is not installed"))
    func `the wall clock may jump an hour either way`() async throws {
        let load = Load()
        try await withMock(ScriptedUpstream(), load.arm, alone: true) { mock, url in
            let mirror = try Mirror(load.config(url))
            let fake = try FakeTime(mirror)
            try await mirror.start()
            let isOver = Flag()
            async let feeding: Void = feed(mirror, mock) { isOver.isSet }
            try await eventually("work flows") { mock.counters().total > 5 }
            for offset in ["+1h", "-1h", "+0h"] {
                let before = mock.counters().total
                try fake.shift(offset)
                try await eventually("work goes on after a jump to \(offset)") { mock.counters().total > before + 40 }
            }
            try await mirror.kill9()
            try fake.shift("-1h")
            try await mirror.start()
            let before = mock.counters().total
            try await eventually("work goes on after a restart in the past") { mock.counters().total > before + 20 }
            isOver.set()
            try await feeding
            expectNoViolation(mock)
            try await mirror.kill9()
        }
    }
}
