import FreshetCore

private typealias F = ContractFixture

extension CoordinatorContract {
    static let fences: [Check] = [
        Check("a late end is rejected once another member holds the job") { m in
            try await m.begin()
            try await m.line.enqueue("A")
            let lost = try await m.line.leaseOne(leaseFor: .seconds(10))
            try expectEqual(try await m.other.line.recoverLeases(all: false, now: F.t(11)), 1)
            let held = try await m.otherLine.leaseOne(at: 11)
            try expect(held.fence > lost.fence, "a later lease has a higher fence")
            for end in [.done, .dead(F.note()), .park(until: F.t(99), reason: nil)] as [JobEnd] {
                try expectEqual(try await m.line.end(lost, end, at: 12), false, "the late end")
            }
            try expectEqual(try await m.one.line.heartbeat([lost], leaseFor: .seconds(9), now: F.t(12)), [false])
            try expectEqual(try await m.otherLine.end(held, .done, at: 13), true)
        },
        Check("fences are microseconds of a clock at least, and go on when a line is begun anew") { m in
            try await m.begin("first")
            try await m.line.enqueue("A")
            let first = try await m.line.leaseOne()
            try expect(first.fence > 1_600_000_000_000_000, "a store that gives fences by its clock agrees")
            try await m.begin("second")
            try await m.line.enqueue("A")
            try expect(try await m.line.leaseOne().fence > first.fence, "a later lease has a higher fence")
        },
        Check("a lease from before the line was begun anew is good until the job is leased again") { m in
            try await m.begin("first")
            try await m.one.line.seed([seeded(1, "A"), seeded(2, "B"), seeded(3, "C")], now: F.t(0))
            let old = try await m.line.lease(3)
            try await m.begin("second")
            try await m.one.line.seed([seeded(1, "A"), seeded(2, "B"), seeded(3, "C")], now: F.t(1))
            try expectEqual(try await m.one.line.heartbeat([old[0]], leaseFor: .seconds(60), now: F.t(1)), [true])
            try expectEqual(try await m.line.end(old[1], .retry(at: F.t(50), error: F.note()), at: 1), true)
            let rest = try await m.otherLine.lease(9, at: 2)
            try expectEqual(rest.map(\.key), ["C"], "the first is held, the second waits")
            try expectEqual(try await m.line.end(old[2], .done, at: 3), false, "the third is in other hands")
            try expectEqual(try await m.line.end(old[0], .done, at: 3), true)
            try expectEqual(try await m.line.job(2).attempts, 1)
        },
    ]

    private static func seeded(_ id: Int64, _ key: String) -> RefreshJob {
        RefreshJob(
            id: id, document: F.id(key), priority: .medium, cause: "read", enqueuedAt: F.t(0), notBefore: F.t(0),
            state: .ready)
    }

    static let crowd: [Check] = [2, 10].map { workers in
        Check("\(workers) workers over 10,000 jobs: each takes effect once") { m in
            try await m.begin()
            let count = 10_000
            for start in stride(from: 0, to: count, by: 1_000) {
                let wishes = (start..<start + 1_000).map { number in
                    EnqueueRequest(
                        document: F.id("k\(number)", number % 2 == 0 ? F.clan : F.player),
                        priority: Priority(rawValue: number % 4) ?? .low, cause: "read", heat: number % 7)
                }
                _ = try await m.one.line.enqueue(wishes, now: F.t(0))
            }
            let effects = try await withThrowingTaskGroup(of: [String].self) { group in
                for worker in 0..<workers {
                    group.addTask { try await work(worker % 2 == 0 ? m.line : m.otherLine, batch: 7 + worker) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try expectEqual(effects.count, count, "every job took effect")
            try expectEqual(Set(effects).count, count, "once each")
            let depth = try await m.one.line.depth(source: nil)
            try expectEqual(depth.total(.done), count)
            try expectEqual(depth.total(.ready) + depth.total(.leased) + depth.total(.waiting), 0)
        }
    }

    /// Leases and ends until nothing is ready; every eleventh job is let go and taken again.
    private static func work(_ line: JobFixture, batch: Int) async throws -> [String] {
        var effects: [String] = []
        while true {
            let leases = try await line.lease(batch, at: 1)
            if leases.isEmpty { return effects }
            let ends = leases.map { lease -> (lease: LeasedJob, end: JobEnd) in
                let isLetGo = lease.job.id % 11 == 0 && lease.job.attempts == 1
                return (lease: lease, end: isLetGo ? .retry(at: F.t(0), error: F.note()) : .done)
            }
            let held = try await line.store.end(ends, now: F.t(1))
            for (entry, isHeld) in zip(ends, held) where isHeld && entry.end == .done {
                effects.append(entry.lease.key)
            }
        }
    }

    static let news: [Check] = [
        Check("a ring reaches every member, the one who rings too") { m in
            let streams = [m.one.rings(), m.other.rings()]
            for stream in streams {
                var rings = stream.makeAsyncIterator()
                // Who has just begun to listen may miss the first ones.
                let ringing = Task {
                    while !Task.isCancelled {
                        m.one.ring(.sources)
                        try await m.pass(.milliseconds(20))
                    }
                }
                defer { ringing.cancel() }
                while let news = await rings.next(), news != .sources {}
            }
        },
        Check("rings that nobody takes are one of each kind") { m in
            let (quiet, busy) = (m.one.rings(), m.one.rings())
            var listener = busy.makeAsyncIterator()
            for _ in 0..<50 {
                m.one.ring(.jobs)
                m.other.ring(.documents)
            }
            m.one.ring(.sources)
            while let news = await listener.next(), news != .sources { m.one.ring(.sources) }
            var waiting = quiet.makeAsyncIterator()
            var seen: [News] = []
            while let news = await waiting.next() {
                seen.append(news)
                if seen.count >= News.allCases.count || news == .sources && seen.contains(.jobs) { break }
            }
            try expect(seen.contains(.sources), "the kind came")
            try expect(seen.count <= News.allCases.count + 1, "not one for each ring: \(seen)")
        },
        Check("who stops listening, or closes, ends") { m in
            let stream = m.one.rings()
            let listening = Task { for await _ in stream {} }
            listening.cancel()
            await listening.value
        },
    ]

    static let flights: [Check] = [
        Check("one member at most has a flight under way") { m in
            try expect(try await m.one.beginFlight("clan/A", holder: "one", for: .seconds(60)), "nobody has it")
            try expect(!(try await m.other.beginFlight("clan/A", holder: "other", for: .seconds(60))), "one has it")
            try expect(
                try await m.one.beginFlight("clan/A", holder: "one", for: .seconds(60)), "the holder prolongs it")
            try expect(try await m.other.beginFlight("clan/B", holder: "other", for: .seconds(60)), "another name")
            try await m.other.endFlight("clan/A", holder: "other")
            try expect(
                !(try await m.other.beginFlight("clan/A", holder: "other", for: .seconds(60))),
                "nobody else can end it")
            try await m.one.endFlight("clan/A", holder: "one")
            try expect(try await m.other.beginFlight("clan/A", holder: "other", for: .seconds(60)), "it has ended")
        },
        Check("a flight ends by itself") { m in
            try expect(try await m.one.beginFlight("A", holder: "one", for: .milliseconds(60)), "nobody has it")
            try await m.pass(.milliseconds(80))
            try expect(try await m.other.beginFlight("A", holder: "other", for: .seconds(60)), "it is over")
            try await m.one.endFlight("A", holder: "one")
            try expect(
                !(try await m.one.beginFlight("A", holder: "one", for: .seconds(1))), "the late end does nothing")
        },
        Check("of twenty that begin a flight at once one has it") { m in
            let begun = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    let member = number % 2 == 0 ? m.one : m.other
                    group.addTask { try await member.beginFlight("A", holder: "h\(number)", for: .seconds(60)) }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try expectEqual(begun, 1)
        },
    ]

    static let end: [Check] = [
        Check("a member answers a ping, and is unavailable when it has closed") { m in
            try await m.begin()
            try expect(try await m.one.ping() < .seconds(5), "it answers")
            await m.one.close()
            await m.one.close()
            try await expectUnavailable("a ping") { () async throws(StoreError) in try await m.one.ping() }
            try await expectUnavailable("the line") { () async throws(StoreError) in
                try await m.one.line.depth(source: nil)
            }
            try await expectUnavailable("a flight") { () async throws(StoreError) in
                try await m.one.beginFlight("A", holder: "one", for: .seconds(1))
            }
            m.one.ring(.jobs)
            try expectEqual(try await m.other.line.epoch(), "first", "the others go on")
        }
    ]
}
