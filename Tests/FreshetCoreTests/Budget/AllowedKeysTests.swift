import FreshetCore
import Testing

@Suite struct AllowedKeysTests {
    private func decide(_ bench: inout Bench, allowed: [String]?) -> BudgetDecision {
        let first = bench.machine.decide(
            dataset: Bench.a, priority: .high, aged: false, allowed: allowed, now: bench.now)
        if let snapshot = bench.machine.reservationNeeded(now: bench.now, wall: Bench.wall) {
            bench.machine.reservationPersisted(snapshot.token)
        }
        guard case .wait(_, .reservation) = first else { return first }
        return bench.machine.decide(dataset: Bench.a, priority: .high, aged: false, allowed: allowed, now: bench.now)
    }

    @Test func `a document that belongs to one key is asked for with that key only`() {
        var bench = Bench(Bench.source(keys: 3))
        for _ in 0..<6 {
            guard case .go(let permit) = decide(&bench, allowed: ["k2"]) else {
                Issue.record("the key k2 may go")
                return
            }
            #expect(permit.keyID == "k2")
            bench.machine.sent(permit)
            bench.answer(permit)
        }
        // Others are freer by now.
        guard case .go(let other) = decide(&bench, allowed: nil) else {
            Issue.record("other documents go on")
            return
        }
        #expect(other.keyID != "k2")
    }

    @Test func `it waits for its key although others are free`() {
        var bench = Bench(Bench.source([LimitConfig(scope: .key, calls: 1, per: .seconds(60))], keys: 2))
        guard case .go(let permit) = decide(&bench, allowed: ["k1"]) else {
            Issue.record("the first call goes")
            return
        }
        bench.machine.sent(permit)
        bench.answer(permit)
        if case .go(let again) = decide(&bench, allowed: ["k1"]) { Issue.record("sent with \(again.keyID)") }
        guard case .go(let other) = decide(&bench, allowed: nil) else {
            Issue.record("the other key is free")
            return
        }
        #expect(other.keyID == "k2")
    }

    @Test func `a document that belongs to no key is never asked for`() {
        var bench = Bench(Bench.source(keys: 2))
        if case .go = decide(&bench, allowed: []) { Issue.record("sent without a key that may") }
    }
}
