import FreshetCore

private typealias F = ContractFixture

/// What is told about a document, in a form that can be compared.
@Sendable private func told(_ id: DocumentID, _ state: DocumentState) -> NewEvent {
    let reason = state.failure?.kind ?? "expired"
    let payload = Array("{\"r\":\"\(reason)\"}".utf8)
    return NewEvent(type: "stale", source: id.dataset.source, document: id, payload: payload)
}

extension ContractFixture {
    /// Tells of what is stale; the keys.
    fileprivate func tellStale(at second: Int64, limit: Int = 10) async throws -> [String?] {
        try await store.tellStale(at: F.t(second), limit: limit, event: told).map { $0.document?.key }
    }
}

extension StoreContract {
    static let staleness: [Check] = [
        Check("a document that went stale is told of once, and again after it was confirmed") { f in
            try await f.commit("A", F.content("x", freshFor: .seconds(60)), at: 0)
            try expectEqual(try await f.tellStale(at: 59), [])
            try expectEqual(try await f.tellStale(at: 60), ["A"])
            try expectEqual(try await f.tellStale(at: 61), [], "it was told")
            try await f.commit("A", .failed(F.note()), at: 70)
            try expectEqual(try await f.tellStale(at: 71), [], "a failed attempt confirms nothing")
            try await f.commit("A", F.content("x", freshFor: .seconds(60)), at: 80)
            try expectEqual(try await f.tellStale(at: 139), [])
            try expectEqual(try await f.tellStale(at: 500), ["A"])
            let log = try await f.store.events(after: 0, limit: 10).events
            try expectEqual(log.map(\.type), ["stale", "stale"])
            try expectEqual(log.map(\.at), [F.t(60), F.t(500)])
            try expectEqual(log.map(\.offset), [1, 2])
        },
        Check("the event is made from the document's state as it stands") { f in
            try await f.commit("A", F.content("x", freshFor: .seconds(60)), at: 0)
            try await f.commit("A", .failed(F.note()), at: 30)
            let events = try await f.store.tellStale(at: F.t(60), limit: 10, event: told)
            try expectEqual(events.map(\.payload), [Array("{\"r\":\"\(F.note().kind)\"}".utf8)])
            try expectEqual(events.first?.document, F.id("A"))
        },
        Check("a first 404 ends the freshness of what is served, further ones are silent") { f in
            try await f.commit("A", F.content("x", freshFor: .seconds(600)), at: 0)
            try await f.commit("A", F.notFound(goneAfter: 3), at: 10)
            try expectEqual(try await f.tellStale(at: 10), ["A"])
            try await f.commit("A", F.notFound(goneAfter: 3), at: 20)
            try await f.commit("A", F.notFound(goneAfter: 3), at: 30)
            try expectEqual(try await f.tellStale(at: 5_000), [], "gone is not stale")
        },
        Check("what was never fetched, and a remembered 404, go stale for nobody") { f in
            try await f.commit("A", .failed(F.note()), at: 0)
            try await f.commit("B", F.notFound(goneAfter: 3), at: 0)
            try expectEqual(try await f.tellStale(at: 100_000), [])
        },
        Check("the earliest are told of first, at most so many") { f in
            for (key, seconds) in [("A", 30), ("B", 10), ("C", 20)] {
                try await f.commit(key, F.content("x", freshFor: .seconds(seconds)), at: 0)
            }
            try expectEqual(try await f.tellStale(at: 90, limit: 2), ["B", "C"])
            try expectEqual(try await f.tellStale(at: 90, limit: 2), ["A"])
            try expectEqual(try await f.tellStale(at: 90, limit: 0), [])
        },
        Check("of what nobody wants to be told nothing is written") { f in
            for key in ["A", "B"] { try await f.commit(key, F.content("x", freshFor: .seconds(9)), at: 0) }
            let events = try await f.store.tellStale(at: F.t(9), limit: 9) { $0.key == "A" ? nil : told($0, $1) }
            try expectEqual(events.map { $0.document?.key }, ["B"])
            try expectEqual(try await f.tellStale(at: 10), [])
        },
        Check("many who ask at once tell of each document once") { f in
            for number in 0..<40 { try await f.commit("K\(number)", F.content("x", freshFor: .seconds(1)), at: 0) }
            let told = try await withThrowingTaskGroup(of: [String?].self) { group in
                for _ in 0..<8 { group.addTask { try await f.tellStale(at: 5, limit: 20) } }
                var all = try await group.reduce(into: []) { $0 += $1 }
                all += try await f.tellStale(at: 5, limit: 40)
                return all
            }
            try expectEqual(told.count, 40)
            try expectEqual(Set(told).count, 40)
        },
    ]
}
