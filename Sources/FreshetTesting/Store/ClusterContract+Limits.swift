import FreshetCore

extension ClusterContract {
    /// A count without a pace of its own.
    private static func count(
        _ name: String, _ capacity: Int, per: Duration = .seconds(600), interval: Duration = .microseconds(1),
        tolerance: Duration = .seconds(600)
    ) -> SharedCount {
        SharedCount(name: name, per: per, capacity: capacity, interval: interval, tolerance: tolerance)
    }

    static let sharedLimits: [Check] = [
        Check("of 40 calls that ask at once as many go as there are slots") { c in
            let count = count("a", 7)
            let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for call in 0..<40 {
                    group.addTask {
                        let limits = call % 2 == 0 ? c.store.limits : c.other.limits
                        let grant = try await limits.take([count], call: "c\(call)", hold: .seconds(700))
                        if case .wait(let span, let name) = grant {
                            try expectEqual(name, "a")
                            try expect(span > .zero && span <= .seconds(700), "a wait that ends: \(span)")
                        }
                        return grant == .granted
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try expectEqual(granted, 7)
            let used = try await c.other.limits.used([count, Self.count("b", 1)])
            try expectEqual(used, [7, 0])
        },
        Check("a call takes a slot of every count or of none") { c in
            let (wide, narrow) = (count("wide", 5), count("narrow", 1))
            let first = try await c.store.limits.take([wide, narrow], call: "1", hold: .seconds(700))
            try expectEqual(first, .granted)
            let second = try await c.other.limits.take([narrow, wide], call: "2", hold: .seconds(700))
            guard case .wait(_, "narrow") = second else {
                throw ContractViolation("the count that is used up is named: \(second)", #fileID, #line)
            }
            try expectEqual(try await c.store.limits.used([wide, narrow]), [1, 1])
        },
        Check("a slot given back is free at once, a settled one after its window") { c in
            let count = count("a", 1)
            let limits = c.store.limits
            try expectEqual(try await limits.take([count], call: "1", hold: .seconds(700)), .granted)
            try await c.other.limits.refund([SharedCall(call: "1", counts: [count])])
            try expectEqual(try await limits.used([count]), [0])
            try await limits.refund([SharedCall(call: "1", counts: [count])])
            try expectEqual(try await limits.used([count]), [0], "giving back twice gives nothing")
            try expectEqual(try await limits.take([count], call: "2", hold: .seconds(700)), .granted)
            try await limits.settle([SharedCall(call: "2", counts: [count])])
            try expectEqual(try await limits.used([count]), [1], "it is held for the window")
            let short = Self.count("short", 1, per: .milliseconds(40))
            try expectEqual(try await limits.take([short], call: "3", hold: .seconds(700)), .granted)
            try await limits.settle([SharedCall(call: "3", counts: [short])])
            try await c.eventually("a settled slot comes back") {
                try await c.other.limits.take([short], call: "4", hold: .seconds(700)) == .granted
            }
        },
        Check("a slot that nobody settles comes back when its time is over") { c in
            let count = count("a", 1, per: .milliseconds(20))
            try expectEqual(try await c.store.limits.take([count], call: "1", hold: .milliseconds(60)), .granted)
            try await c.eventually("it comes back") {
                try await c.other.limits.take([count], call: "2", hold: .seconds(700)) == .granted
            }
        },
        Check("less urgent calls leave slots to more urgent ones") { c in
            let (low, high) = (count("a", 2), count("a", 3))
            for call in ["1", "2"] {
                try expectEqual(try await c.store.limits.take([low], call: call, hold: .seconds(700)), .granted)
            }
            try expect(try await c.store.limits.take([low], call: "3", hold: .seconds(700)) != .granted, "low is full")
            try expectEqual(try await c.other.limits.take([high], call: "4", hold: .seconds(700)), .granted)
            try expect(try await c.other.limits.take([high], call: "5", hold: .seconds(700)) != .granted, "all is full")
        },
        Check("calls go at an even pace, ahead of it by no more than the tolerance") { c in
            let even = count("a", 100, interval: .seconds(60), tolerance: .seconds(120))
            var granted = 0
            var wait = Duration.zero
            for call in 0..<10 {
                switch try await c.store.limits.take([even], call: "\(call)", hold: .seconds(700)) {
                case .granted: granted += 1
                case .wait(let span, _): wait = span
                }
            }
            try expectEqual(granted, 3, "one that is due and two ahead")
            try expect(wait > .seconds(50) && wait <= .seconds(60), "the next is due an interval later: \(wait)")
        },
        Check("calls counted elsewhere are adopted until their time is over") { c in
            let count = count("a", 3)
            try await c.store.limits.adopt([(count: count, slots: 2, after: .seconds(600))])
            try expectEqual(try await c.other.limits.used([count]), [2])
            try expectEqual(try await c.other.limits.take([count], call: "1", hold: .seconds(700)), .granted)
            try expect(try await c.other.limits.take([count], call: "2", hold: .seconds(700)) != .granted, "full")
            let brief = Self.count("brief", 1)
            try await c.store.limits.adopt([(count: brief, slots: 1, after: .milliseconds(30))])
            try await c.eventually("adopted slots come back") {
                try await c.store.limits.take([brief], call: "3", hold: .seconds(700)) == .granted
            }
        },
        Check("a server that counts by itself never sees more than the limit") { c in
            let (capacity, window) = (6, Duration.milliseconds(80))
            let count = count("a", capacity, per: window)
            let end = ContinuousClock.now + .milliseconds(600)
            let served = try await withThrowingTaskGroup(of: [ContinuousClock.Instant].self) { group in
                for taker in 0..<12 {
                    group.addTask {
                        let limits = taker % 2 == 0 ? c.store.limits : c.other.limits
                        var (served, call): ([ContinuousClock.Instant], Int) = ([], 0)
                        while ContinuousClock.now < end {
                            call += 1
                            let name = "\(taker)-\(call)"
                            guard try await limits.take([count], call: name, hold: .seconds(5)) == .granted else {
                                continue
                            }
                            served.append(ContinuousClock.now)
                            try await limits.settle([SharedCall(call: name, counts: [count])])
                        }
                        return served
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }.sorted()
            }
            try expect(served.count > capacity, "the slots came back and were used again")
            for (index, first) in served.enumerated() where index + capacity < served.count {
                let span = served[index + capacity] - first
                try expect(span >= window, "\(capacity + 1) calls within \(span)")
            }
        },
    ]
}
