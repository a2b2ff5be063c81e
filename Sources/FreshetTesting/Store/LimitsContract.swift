public import FreshetCore

/// What every `SharedLimits` must do, as checks that any test framework can run.
///
/// They take real time, some seconds at most.
public enum LimitsContract {
    /// The limits as two processes of a deployment see them.
    public struct Members: Sendable {
        /// One process.
        public var one: any SharedLimits
        /// Another.
        public var other: any SharedLimits

        /// Names two processes.
        public init(one: any SharedLimits, other: any SharedLimits) { (self.one, self.other) = (one, other) }
    }

    /// One promise of the port, by name.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let name: String
        private let body: @Sendable (Members) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (Members) async throws -> Void) {
            (self.name, self.body) = (name, body)
        }

        /// The name.
        public var description: String { name }

        /// Runs the check.
        ///
        /// - Parameter members: Limits of which nobody has taken any.
        /// - Throws: ``ContractViolation`` with what was seen and what was promised, or what the limits threw.
        public func run(_ members: Members) async throws { try await body(members) }
    }

    /// Every check.
    public static let all: [Check] = slots + pace + windows

    /// A count; without words about pace it has none that matters.
    static func count(
        _ name: String, _ capacity: Int, per: Duration = .seconds(600), interval: Duration = .microseconds(1),
        tolerance: Duration = .seconds(600)
    ) -> SharedCount {
        SharedCount(name: name, per: per, capacity: capacity, interval: interval, tolerance: tolerance)
    }

    /// Asks again and again until it holds, for at most ten seconds.
    static func eventually(_ promise: String, _ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while try await !condition() {
            try expect(ContinuousClock.now < end, "\(promise), within ten seconds")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private static let hold = Duration.seconds(700)

    static let slots: [Check] = [
        Check("of a hundred calls that ask at once as many go as there are slots") { m in
            let count = count("a", 13)
            let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for call in 0..<100 {
                    let limits = call % 2 == 0 ? m.one : m.other
                    group.addTask { try await limits.take([count], call: "c\(call)", hold: hold) == .granted }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try expectEqual(granted, 13)
            try expectEqual(try await m.other.used([count, Self.count("b", 1)]), [13, 0])
        },
        Check("a call takes a slot of every count or of none, and the count that comes last is named") { m in
            let (wide, narrow, tight) = (count("wide", 5), count("narrow", 1), count("tight", 1, per: .seconds(60)))
            try expectEqual(try await m.one.take([wide, narrow, tight], call: "1", hold: hold), .granted)
            try await m.one.settle([SharedCall(call: "1", counts: [wide, narrow, tight])])
            guard case .wait(let span, let name) = try await m.one.take([tight, wide, narrow], call: "2", hold: hold)
            else { throw ContractViolation("a call went that had no slot", #fileID, #line) }
            try expectEqual(name, "narrow")
            try expect(span > .seconds(590) && span <= .seconds(600), "its window: \(span)")
            try expectEqual(try await m.one.used([wide, narrow, tight]), [1, 1, 1])
            try expectEqual(try await m.other.take([], call: "3", hold: hold), .granted, "no count, no limit")
        },
        Check("a slot that was given back is free for everybody, once") { m in
            let count = count("a", 2)
            for call in ["1", "2"] { try expectEqual(try await m.one.take([count], call: call, hold: hold), .granted) }
            let call = SharedCall(call: "1", counts: [count])
            try await m.one.refund([call])
            try await m.one.refund([call, SharedCall(call: "never", counts: [count])])
            try await eventually("it is given back") { try await m.other.used([count]) == [1] }
            try expectEqual(try await m.other.take([count], call: "3", hold: hold), .granted)
            try expect(try await m.one.take([count], call: "4", hold: hold) != .granted, "full again")
        },
        Check("a settled slot comes back after its window, not before") { m in
            let count = count("a", 1, per: .milliseconds(250))
            try expectEqual(try await m.one.take([count], call: "1", hold: hold), .granted)
            try await m.one.settle([SharedCall(call: "1", counts: [count])])
            let settled = ContinuousClock.now
            try await eventually("it comes back") {
                try await m.other.take([count], call: "2", hold: hold) == .granted
            }
            try expect(ContinuousClock.now - settled >= .milliseconds(240), "not before its window is over")
        },
        Check("the slots of a taker that died come back when their hold ends") { m in
            let count = count("a", 3, per: .milliseconds(20))
            let begin = ContinuousClock.now
            for call in 0..<3 {
                try expectEqual(
                    try await m.one.take([count], call: "dead\(call)", hold: .seconds(1)), .granted)
            }
            let early = try await m.other.take([count], call: "4", hold: hold)
            if ContinuousClock.now - begin < .seconds(1) { try expect(early != .granted, "they are held") }
            try await m.other.refund([SharedCall(call: "4", counts: [count])])
            try await eventually("they come back") {
                try await m.other.take([count], call: "4", hold: hold) == .granted
            }
            try await eventually("all of them") { try await m.other.used([count]) == [1] }
        },
        Check("less urgent calls leave slots to more urgent ones") { m in
            let (low, high) = (count("a", 2), count("a", 3))
            for call in ["1", "2"] { try expectEqual(try await m.one.take([low], call: call, hold: hold), .granted) }
            try expect(try await m.other.take([low], call: "3", hold: hold) != .granted, "low is full")
            try expectEqual(try await m.other.take([high], call: "4", hold: hold), .granted)
            try expect(try await m.one.take([high], call: "5", hold: hold) != .granted, "all is full")
        },
        Check("calls counted elsewhere are adopted until their time is over") { m in
            let (long, brief) = (count("long", 3), count("brief", 2, per: .milliseconds(100)))
            try await m.one.adopt([
                (count: long, slots: 2, after: .seconds(300)), (count: brief, slots: 2, after: .milliseconds(100)),
                (count: long, slots: 0, after: .seconds(300)),
            ])
            try expectEqual(try await m.other.used([long, brief])[0], 2)
            try expectEqual(try await m.other.take([long], call: "1", hold: hold), .granted)
            guard case .wait(let span, _) = try await m.one.take([long], call: "2", hold: hold) else {
                throw ContractViolation("adopted slots are held", #fileID, #line)
            }
            try expect(span > .seconds(250) && span <= .seconds(302), "until they come back: \(span)")
            try await eventually("adopted slots come back") {
                try await m.other.take([brief], call: "3", hold: hold) == .granted
            }
        },
        Check("a day of half a million calls is counted without a word for each") { m in
            let day = count("day", 500_000, per: .seconds(86_400))
            try await m.one.adopt([(count: day, slots: 499_990, after: .seconds(40_000))])
            for call in 0..<10 {
                try expectEqual(try await m.one.take([day], call: "\(call)", hold: .seconds(86_410)), .granted)
                try await m.one.settle([SharedCall(call: "\(call)", counts: [day])])
            }
            guard case .wait(let span, _) = try await m.one.take([day], call: "late", hold: hold) else {
                throw ContractViolation("the day is full", #fileID, #line)
            }
            try expect(span > .seconds(39_000) && span < .seconds(40_200), "until the first come back: \(span)")
            try expectEqual(try await m.one.used([day]), [500_000])
        },
    ]

    static let pace: [Check] = [
        Check("calls go at an even pace, ahead of it by no more than the tolerance") { m in
            let even = count("a", 100, interval: .seconds(60), tolerance: .seconds(120))
            var (granted, wait) = (0, Duration.zero)
            for call in 0..<10 {
                switch try await (call % 2 == 0 ? m.one : m.other).take([even], call: "\(call)", hold: hold) {
                case .granted: granted += 1
                case .wait(let span, let name):
                    wait = span
                    try expectEqual(name, "a")
                }
            }
            try expectEqual(granted, 3, "one that is due and two ahead")
            try expect(wait > .seconds(50) && wait <= .seconds(60), "the next is due an interval later: \(wait)")
        },
        Check("a call that was given back does not count for the pace") { m in
            let even = count("a", 100, interval: .seconds(60), tolerance: .zero)
            try expectEqual(try await m.one.take([even], call: "1", hold: hold), .granted)
            try await m.one.refund([SharedCall(call: "1", counts: [even])])
            try await eventually("the next may go") {
                try await m.other.take([even], call: "2", hold: hold) == .granted
            }
        },
    ]
}
