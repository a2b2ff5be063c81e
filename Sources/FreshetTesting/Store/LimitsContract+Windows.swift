import FreshetCore
import Synchronization

extension LimitsContract {
    static let windows: [Check] = [
        Check("a server that counts by itself sees no window above the limit, and the limit in use") { m in
            // How much of it a busy machine can use is no promise: 95 % are measured by `scripts/bench limits`.
            let server = try await observe(m, "observed", takers: 24, for: .milliseconds(3_200), dying: false)
            try expect(server.used >= 0.2, "\(Int(server.used * 100)) % of the limit was used")
        },
        Check("takers that die between grant and answer break no limit") { m in
            _ = try await observe(m, "dying", takers: 24, for: .milliseconds(2_500), dying: true)
        },
    ]

    private static let capacity = 60
    private static let window = Duration.seconds(1)

    /// Lets takers call for a while and counts as a server would: each call at some moment between grant and answer.
    ///
    /// - Throws: When any window holds more than the limit.
    private static func observe(
        _ m: Members, _ name: String, takers: Int, for span: Duration, dying: Bool
    ) async throws -> (used: Double, served: Int) {
        let count = count(
            name, capacity, per: window, interval: window / capacity, tolerance: window / 4)
        let begin = ContinuousClock.now
        let takings = try await withThrowingTaskGroup(of: Taking.self) { group in
            for taker in 0..<takers {
                group.addTask {
                    try await take(
                        taker % 2 == 0 ? m.one : m.other, count, named: "\(name)-\(taker)", since: begin, for: span,
                        dying: dying)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let served = takings.flatMap(\.served).sorted()
        for (index, first) in served.enumerated() where index + capacity < served.count {
            let width = served[index + capacity] - first
            try expect(width >= window, "\(capacity + 1) calls within \(width)")
        }
        // The first window begins with the head start that the tolerance allows.
        let steady = served.count { $0 >= window && $0 < span }
        // What a busy machine takes away from the takers is not the limit's doing.
        let late = takings.reduce(Duration.zero) { $0 + $1.late } / (span * takers)
        let possible = Double(capacity) * ((span - window) / window) * max(0.1, 1 - late)
        return (Double(steady) / possible, served.count)
    }

    /// What one taker did.
    private struct Taking {
        /// When the server counted its calls.
        var served: [Duration] = []
        /// How much later than it should have it went on, in all.
        var late = Duration.zero
    }

    private static func take(
        _ limits: any SharedLimits, _ count: SharedCount, named name: String, since begin: ContinuousClock.Instant,
        for span: Duration, dying: Bool
    ) async throws -> Taking {
        var (taking, call) = (Taking(), 0)
        var random = SeededGenerator(seed: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }))
        while ContinuousClock.now - begin < span {
            call += 1
            let dies = dying && call % 5 == 0
            // A taker that dies may have been counted up to 40 ms later; its hold covers that and the window.
            let asked = ContinuousClock.now
            let grant = try await limits.take(
                [count], call: "\(name)-\(call)", hold: dies ? window + .milliseconds(400) : .seconds(30))
            taking.late += max(.zero, ContinuousClock.now - asked - .milliseconds(2))
            if case .wait(let wait, _) = grant {
                let (pause, begin) = (min(wait, .milliseconds(250)), ContinuousClock.now)
                try await Task.sleep(for: pause)
                taking.late += ContinuousClock.now - begin - pause
                continue
            }
            let granted = ContinuousClock.now
            try await Task.sleep(for: .microseconds(Int64.random(in: 0...2_000, using: &random)))
            taking.served.append(ContinuousClock.now - begin)
            if dies, ContinuousClock.now - granted < .milliseconds(400) { continue }
            try await limits.settle([SharedCall(call: "\(name)-\(call)", counts: [count])])
        }
        return taking
    }
}
