import FreshetCore

private typealias F = ContractFixture

extension StoreContract {
    static let concurrency: [Check] = [
        Check("64 tasks enqueue, lease and commit: each job is done once, no event is lost") { f in
            let (tasks, keys) = (64, 256)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks {
                    group.addTask {
                        // Every key is wished for by four tasks.
                        for key in 0..<keys where key % (tasks / 4) == task % (tasks / 4) {
                            try await f.enqueue("k\(key)", heat: task)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let depth = try await f.store.depth(source: nil)
            try expectEqual(depth.total(.ready), keys, "one job per document")
            let done = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<tasks { group.addTask { try await work(f) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try expectEqual(done.count, keys, "every job was done")
            try expectEqual(Set(done).count, keys, "by one task each")
            let log = try await f.store.events(after: 0, limit: 10_000).events
            try expectEqual(log.map(\.offset), (1...Int64(keys)).map(\.self), "one event each, without gaps")
            let after = try await f.store.depth(source: nil)
            try expectEqual(after.total(.done), keys)
            try expectEqual(after.total(.leased), 0)
        },
        Check("of 64 commits that end the same lease one wins, the others are fenced") { f in
            try await f.enqueue("A")
            let lease = try await f.leaseOne()
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        let commit = RefreshCommit(
                            id: F.id("A"), outcome: F.content("by \(task)"), at: F.t(1),
                            job: (lease: lease, end: .done), keepsHistory: true,
                            events: [NewEvent(type: "won", source: nil)])
                        do {
                            _ = try await f.store.commit(commit)
                            return true
                        } catch StoreError.fenced {
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try expectEqual(wins, 1, "winners")
            let versions = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 99)
            try expectEqual(versions.count, 1, "versions")
            let log = try await f.store.events(after: 0, limit: 99).events
            try expectEqual(log.map(\.offset), [1], "events")
        },
        Check("readers beside writers see whole documents") { f in
            try await f.commit("A", F.content("0:0"), at: 0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 1...200 {
                        try await f.commit("A", F.content("\(round):\(round)"), at: Int64(round), keeps: round % 2 == 0)
                    }
                }
                for _ in 0..<8 {
                    group.addTask {
                        var last = 0
                        while last < 201 {
                            let found = try await f.document("A")
                            let wanted = "\(found.state.version - 1):\(found.state.version - 1)"
                            try expectEqual(text(found.body), wanted, "state and body belong together")
                            try expect(found.state.version >= last, "a reader never goes back")
                            last = found.state.version
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
    ]

    /// Leases and commits until nothing is ready.
    private static func work(_ f: ContractFixture) async throws -> [String] {
        var done: [String] = []
        while let lease = try await f.lease(1).first {
            let event = NewEvent(type: "dataset.updated", source: "clash", document: lease.job.document)
            _ = try await f.store.commit(
                RefreshCommit(
                    id: lease.job.document, outcome: F.content(lease.key), at: F.t(1),
                    job: (lease: lease, end: .done), eventsOnChange: [event]))
            done.append(lease.key)
        }
        return done
    }
}
