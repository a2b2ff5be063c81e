public import FreshetCore

private typealias F = ContractFixture

/// What every `PlanStore` must do, as checks that any test framework can run.
public enum PlanContract {
    /// One promise of the port, by name.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let name: String
        private let body: @Sendable (any Store & PlanStore, ContractFixture) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (any Store & PlanStore, ContractFixture) async throws -> Void)
        {
            (self.name, self.body) = (name, body)
        }

        /// The name.
        public var description: String { name }

        /// Runs the check on a store of its own and closes it.
        ///
        /// - Parameter makeStore: Makes an empty store.
        /// - Throws: ``ContractViolation`` with what was seen and what was promised, or what the store threw.
        public func run(_ makeStore: () async throws -> any Store & PlanStore) async throws {
            let store = try await makeStore()
            do {
                try await body(store, ContractFixture(store: store))
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    /// Every check.
    public static let all: [Check] = writing + due

    private static func plan(
        _ key: String, due: Int64, _ priority: Priority = .medium, in dataset: DatasetID = F.clan, memory: [UInt8] = [1]
    ) -> KeyPlan {
        KeyPlan(id: F.id(key, dataset), dueAt: F.t(due), priority: priority, memory: memory)
    }

    private static let writing: [Check] = [
        Check("plans are read as they were written, in the order asked for") { store, _ in
            let first = plan("A", due: 10, .high, memory: [0, 1, 255])
            let second = plan("B", due: -5, .low, in: F.player, memory: [])
            try await store.setPlans([first, second])
            let found = try await store.plans(of: [second.id, F.id("none"), first.id, F.id("A", F.repo)])
            try expectEqual(found, [second, nil, first, nil])
            let none = try await store.plans(of: [])
            try expect(none.isEmpty, "nothing is asked for")
        },
        Check("a later plan replaces an earlier one, also within one call") { store, _ in
            try await store.setPlans([plan("A", due: 1)])
            let last = plan("A", due: 3, .critical, memory: [9])
            try await store.setPlans([plan("A", due: 2), last])
            let found = try await store.plans(of: [F.id("A")])
            try expectEqual(found, [last])
            let due = try await store.duePlans(of: F.clan, by: F.t(99), limit: 10)
            try expectEqual(due, [last], "once")
            try await store.setPlans([])
        },
        Check("all plans come in binary order of keys, page by page") { store, _ in
            let keys = ["b", "a", "B", "é", "z", "~"]
            try await store.setPlans(keys.map { plan($0, due: 1) } + [plan("other", due: 1, in: F.player)])
            let all = try await store.allPlans(of: F.clan, after: nil, limit: 100)
            try expectEqual(all.map(\.id.key), ["B", "a", "b", "z", "~", "é"])
            let page = try await store.allPlans(of: F.clan, after: "a", limit: 2)
            try expectEqual(page.map(\.id.key), ["b", "z"])
            let end = try await store.allPlans(of: F.clan, after: "é", limit: 2)
            try expect(end.isEmpty, "nothing after the last")
            let unknown = try await store.allPlans(of: F.repo, after: nil, limit: 2)
            try expect(unknown.isEmpty, "nothing of a dataset without plans")
        },
    ]

    private static let due: [Check] = [
        Check("due plans come by urgency, then the longest due first, at most so many") { store, _ in
            try await store.setPlans([
                plan("late", due: 90), plan("old", due: 10), plan("new", due: 20), plan("urgent", due: 30, .critical),
                plan("idle", due: 1, .low), plan("other", due: 1, .critical, in: F.player),
            ])
            let all = try await store.duePlans(of: F.clan, by: F.t(30), limit: 10)
            try expectEqual(all.map(\.id.key), ["urgent", "old", "new", "idle"], "at the moment itself it is due")
            let two = try await store.duePlans(of: F.clan, by: F.t(30), limit: 2)
            try expectEqual(two.map(\.id.key), ["urgent", "old"])
            let none = try await store.duePlans(of: F.clan, by: F.t(0), limit: 10)
            try expect(none.isEmpty, "nothing is due")
            let unknown = try await store.duePlans(of: F.repo, by: F.t(0), limit: 10)
            try expect(unknown.isEmpty, "nothing of a dataset without plans")
        },
        Check("plans of documents with an unfinished job are not due") { store, f in
            try await store.setPlans(["ready", "waiting", "leased", "free"].map { plan($0, due: 1) })
            try await f.enqueue("leased", .critical)
            let lease = try await f.leaseOne()
            try await f.enqueue("ready")
            try await f.enqueue("waiting", notBefore: F.t(500))
            let found = try await store.duePlans(of: F.clan, by: F.t(9), limit: 10)
            try expectEqual(found.map(\.id.key), ["free"])
            try expect(try await f.end(lease, .done, at: 1), "the lease holds")
            let after = try await store.duePlans(of: F.clan, by: F.t(9), limit: 10)
            try expectEqual(after.map(\.id.key).sorted(), ["free", "leased"], "a finished job is none")
        },
        Check("documents with a dead letter come after all others") { store, f in
            for key in ["dead", "older"] { _ = try await f.kill(key) }
            try await store.setPlans([
                plan("dead", due: 1, .critical), plan("low", due: 5, .low), plan("older", due: 0, .critical),
            ])
            let all = try await store.duePlans(of: F.clan, by: F.t(9), limit: 10)
            try expectEqual(all.map(\.id.key).first, "low")
            try expectEqual(Set(all.map(\.id.key)), ["low", "dead", "older"])
            let one = try await store.duePlans(of: F.clan, by: F.t(9), limit: 1)
            try expectEqual(one.map(\.id.key), ["low"], "however many have died")
        },
        Check("the next plan is the earliest that falls due after a moment") { store, _ in
            try await store.setPlans([
                plan("A", due: 10), plan("B", due: 20, .low), plan("C", due: 15, .critical, in: F.player),
            ])
            let first = try await store.nextPlan(of: F.clan, after: F.t(0))
            try expectEqual(first, F.t(10))
            let second = try await store.nextPlan(of: F.clan, after: F.t(10))
            try expectEqual(second, F.t(20), "after, not at")
            let last = try await store.nextPlan(of: F.clan, after: F.t(20))
            try expect(last == nil, "none is left")
            let unknown = try await store.nextPlan(of: F.repo, after: F.t(0))
            try expect(unknown == nil, "none of a dataset without plans")
        },
    ]
}
