import FreshetCore
import Synchronization

extension LimitsContract {
    static let windows: [Check] = [
        Check("a server that counts by itself sees no window above the limit, and the limit in use") { m in
            // How much of it a busy machine can use is no promise: 95 % are measured by `scripts/bench limits`.
            let server = try await observe(m, "observed", takers: 24, for: .milliseconds(3_200), dying: false)
            try expect(server > 0, "some calls went")
        },
        Check("takers that die between grant and answer break no limit") { m in
            _ = try await observe(m, "dying", takers: 24, for: .milliseconds(2_500), dying: true)
        },
    ]

    private static let capacity = 60
    private static let window = Duration.seconds(1)

    /// Lets takers call for a while and counts as a server would: each call at some moment between grant and answer.
    ///
    /// - Returns: How many calls were counted.
    /// - Throws: When any window holds more than the limit.
    private static func observe(
        _ m: Members, _ name: String, takers: Int, for span: Duration, dying: Bool
    ) async throws -> Int {
        let count = count(
            name, capacity, per: window, interval: window / capacity, tolerance: window / 4)
        let begin = ContinuousClock.now
        let takings = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for taker in 0..<takers {
                group.addTask {
                    try await take(
                        taker % 2 == 0 ? m.one : m.other, count, named: "\(name)-\(taker)", since: begin, for: span,
                        dying: dying)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let served = takings.flatMap { $0 }.sorted()
        for (index, first) in served.enumerated() where index + capacity < served.count {
            let width = served[index + capacity] - first
            try expect(width >= window, "\(capacity + 1) calls within \(width)")
        }
        return served.count
    }

    /// Lets one taker call for a while.
    ///
    /// - Returns: When the server counted its calls.
    /// - Throws: What the limits threw.
    private static func take(
        _ limits: any SharedLimits, _ count: SharedCount, named name: String, since begin: ContinuousClock.Instant,
        for span: Duration, dying: Bool
    ) async throws -> [Duration] {
        var (served, call): ([Duration], Int) = ([], 0)
        var random = SeededGenerator(seed: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }))
        // On a machine that is very busy a taker may have had no turn by then.
        while ContinuousClock.now - begin < span || served.isEmpty {
            call += 1
            let dies = dying && call % 5 == 0
            // A taker that dies may have been counted up to 40 ms later; its hold covers that and the window.
            let grant = try await limits.take(
                [count], call: "\(name)-\(call)", hold: dies ? window + .milliseconds(400) : .seconds(30))
            if case .wait(let wait, _) = grant {
                try await Task.sleep(for: min(wait, .milliseconds(250)))
                continue
            }
            let granted = ContinuousClock.now
            try await Task.sleep(for: .microseconds(Int64.random(in: 0...2_000, using: &random)))
            served.append(ContinuousClock.now - begin)
            if dies, ContinuousClock.now - granted < .milliseconds(400) { continue }
            try await limits.settle([SharedCall(call: "\(name)-\(call)", counts: [count])])
        }
        return served
    }
}
