import FreshetCore
import Testing

@Suite struct AllowedKeysTests {
    private func decide(_ bench: inout Bench, allowed: [String]?) -> BudgetDecision {
        for _ in 0..<2 {
            let decision = bench.machine.decide(
                dataset: Bench.a, priority: .high, aged: false, allowed: allowed, now: bench.now)
            guard case .wait(_, .reservation) = decision else { return decision }
            if let snapshot = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall) {
                bench.machine.reservationPersisted(snapshot.token)
            }
        }
        return bench.machine.decide(dataset: Bench.a, priority: .high, aged: false, allowed: allowed, now: bench.now)
    }

    @Test func `a document that belongs to one key is asked for with that key only`() {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 3, per: .seconds(60))], keys: 3))
        for _ in 0..<3 {
            guard case .go(let permit) = decide(&bench, allowed: ["k2"]) else {
                Issue.record("the key k2 has calls left")
                return
            }
            #expect(permit.keyID == "k2")
            bench.answer(permit)
        }
        // Its window is full; the others' are not.
        if case .go(let permit) = decide(&bench, allowed: ["k2"]) { Issue.record("sent with \(permit.keyID)") }
        guard case .go(let other) = decide(&bench, allowed: nil) else {
            Issue.record("other documents go on")
            return
        }
        #expect(other.keyID != "k2")
    }

    @Test func `a document that belongs to no key is never asked for`() {
        var bench = Bench(Bench.source(keys: 2))
        if case .go = decide(&bench, allowed: []) { Issue.record("sent without a key that may") }
    }
}
