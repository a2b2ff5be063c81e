public import FreshetCore
import Synchronization

private typealias F = ContractFixture

/// What every `ClusterStore` must do, as checks that any test framework can run.
public enum ClusterContract {
    /// One promise of the port, by name.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let name: String
        private let body: @Sendable (ClusterFixture) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (ClusterFixture) async throws -> Void) {
            (self.name, self.body) = (name, body)
        }

        /// The name.
        public var description: String { name }

        /// Runs the check on stores of its own and closes them.
        ///
        /// - Parameter makeStores: Makes an empty store, opened twice as two processes do; a store that can be opened
        ///   only once comes twice.
        /// - Throws: ``ContractViolation`` with what was seen and what was promised, or what the store threw.
        public func run(_ makeStores: () async throws -> (any ClusterStore, any ClusterStore)) async throws {
            let (first, second) = try await makeStores()
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await body(ClusterFixture(store: first, other: second)))
            } catch {
                outcome = .failure(error)
            }
            await first.close()
            await second.close()
            try outcome.get()
        }
    }

    /// Every check.
    public static let all: [Check] = duties + changes + fences + sharedLimits
}

/// One store as two processes see it.
struct ClusterFixture: Sendable {
    let store: any ClusterStore
    let other: any ClusterStore

    var words: ContractFixture { ContractFixture(store: store) }
    var otherWords: ContractFixture { ContractFixture(store: other) }

    /// Asks again until the answer is the wanted one: what depends on a store's own clock comes by itself.
    func eventually(
        _ promise: String, within limit: Duration = .seconds(20), _ isKept: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while !(try await isKept()) {
            try expect(ContinuousClock.now < end, promise)
            await Task.yield()
        }
    }
}

extension ClusterContract {
    static let duties: [Check] = [
        Check("of 40 processes that ask for a duty at once one gets it, and all hear which") { c in
            let answers = try await withThrowingTaskGroup(of: (String, String).self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let name = "process \(number)"
                        let store = number % 2 == 0 ? c.store : c.other
                        return (name, try await store.hold("schedules", holder: name, for: .seconds(60)).holder)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try expectEqual(Set(answers.map(\.1)).count, 1, "holders")
            try expectEqual(answers.filter { $0.0 == $0.1 }.count, 1, "those that hold it")
        },
        Check("a holder prolongs its duty, others wait, and a duty given up is free") { c in
            let first = try await c.store.hold("backups", holder: "a", for: .seconds(30))
            try expectEqual(first.holder, "a")
            try expect(first.remaining > .seconds(20) && first.remaining <= .seconds(30), "it holds for its span")
            let refused = try await c.other.hold("backups", holder: "b", for: .seconds(60))
            try expectEqual(refused.holder, "a")
            try expect(refused.remaining <= .seconds(30), "asking prolongs nothing of others")
            let longer = try await c.store.hold("backups", holder: "a", for: .seconds(50))
            try expect(longer.remaining > .seconds(40), "it was prolonged")
            try await c.other.release("backups", holder: "b")
            let still = try await c.other.hold("backups", holder: "b", for: .seconds(60))
            try expectEqual(still.holder, "a", "nobody gives up what another holds")
            try await c.store.release("backups", holder: "a")
            let next = try await c.other.hold("backups", holder: "b", for: .seconds(60))
            try expectEqual(next.holder, "b")
            let unrelated = try await c.store.hold("webhooks", holder: "a", for: .seconds(60))
            try expectEqual(unrelated.holder, "a", "duties are apart")
        },
        Check("a duty that nobody prolongs passes on by itself") { c in
            let first = try await c.store.hold("retention", holder: "a", for: .milliseconds(50))
            try expectEqual(first.holder, "a")
            try await c.eventually("the duty passes on") {
                try await c.other.hold("retention", holder: "b", for: .seconds(60)).holder == "b"
            }
            let late = try await c.store.hold("retention", holder: "a", for: .seconds(60))
            try expectEqual(late.holder, "b", "who comes back late has lost it")
        },
    ]

    static let changes: [Check] = [
        Check("changes begin here and now, and tell documents with their states as they are") { c in
            try await c.words.commit("before", F.content("x"), at: 0)
            let start = try await c.other.changes(since: nil, limit: 10)
            try expect(start.changes.isEmpty, "nothing before the first mark")
            try await c.words.commit("A", F.content("1"), at: 1)
            try await c.words.commit("A", F.content("2"), at: 2)
            try await c.words.commit("B", F.notFound(), at: 3, in: F.player)
            let page = try await c.other.changes(since: start.mark, limit: 10)
            let found = Dictionary(page.changes.map { ($0.id, $0.state) }) { $1 }
            let (a, b) = (try await c.words.document("A").state, try await c.words.document("B", in: F.player).state)
            try expectEqual(found[F.id("A")], a)
            try expectEqual(found[F.id("B", F.player)], b)
            try expectEqual(found[F.id("before")], nil, "what did not change")
            try await c.words.commit("A", .failed(F.note(at: F.t(4))), at: 4)
            let next = try await c.other.changes(since: page.mark, limit: 10)
            let failed = next.changes.first { $0.id == F.id("A") }
            try expectEqual(failed?.state.failure?.kind, "upstream-503", "a state without new content is a change, too")
            let again = try await c.other.changes(since: page.mark, limit: 10)
            try expect(again.changes.contains { $0.id == F.id("A") }, "a mark stays good")
        },
        Check("changes come whole however small the pages are") { c in
            let start = try await c.other.changes(since: nil, limit: 1)
            let keys = (0..<25).map { "k\($0)" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for key in keys { group.addTask { try await c.words.commit(key, F.content(key), at: 1) } }
                try await group.waitForAll()
            }
            for limit in [1, 3, 100] {
                var (mark, found, rounds) = (start.mark, Set<String>(), 0)
                while found.count < keys.count {
                    let page = try await c.other.changes(since: mark, limit: limit)
                    found.formUnion(page.changes.map(\.id.key))
                    mark = page.mark
                    rounds += 1
                    try expect(rounds <= 60, "pages of \(limit) get through: \(found.count) of \(keys.count)")
                }
            }
        },
        Check("no change is left out while 16 tasks commit beside the reader, in whatever order they end") { c in
            let (writers, rounds) = (16, 12)
            var mark = try await c.other.changes(since: nil, limit: 50).mark
            var seen: [DocumentID: DocumentState] = [:]
            let isOver = Flag()
            async let writing: Void = {
                defer { isOver.isSet.store(true, ordering: .sequentiallyConsistent) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<writers {
                        group.addTask {
                            let words = writer % 2 == 0 ? c.words : c.otherWords
                            for round in 0..<rounds {
                                try await words.commit(
                                    "w\(writer)-\(round % 4)", F.content("\(round)"), at: Int64(round))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }()
            while true {
                let isLast = isOver.isSet.load(ordering: .sequentiallyConsistent)
                let page = try await c.other.changes(since: mark, limit: 50)
                for change in page.changes { seen[change.id] = change.state }
                mark = page.mark
                if isLast, page.changes.count < 50 { break }
            }
            try await writing
            try expectEqual(seen.count, writers * 4, "documents")
            for (id, state) in seen {
                let kept = try await c.words.document(id.key).state
                try expectEqual(state, kept, "the last state of \(id.key) was told")
            }
        },
    ]
}

/// Says that something is over.
private final class Flag: Sendable {
    let isSet = Atomic<Bool>(false)
}
