import FreshetCore
import Testing

@Suite struct RefusedDocumentsTests {
    private static func document(_ number: Int) -> DocumentID { DocumentID(dataset: Bench.a, key: "D\(number)") }

    /// One call for a document; `forbidden` answers it with a 403 that no rule explains.
    private static func call(_ number: Int, forbidden: Bool, _ bench: inout Bench) throws -> (
        key: String, failure: CallFailure?
    ) {
        let permit = try bench.go()
        bench.machine.headReceived(permit, now: bench.now)
        var failure = CallFailure(effect: .parkKey, kind: "upstream-403", message: "s answered 403.", status: 403)
        failure.isSurmise = true
        let judged = bench.machine.finish(
            permit, forbidden ? .failure(failure) : .success, about: document(number), now: bench.now)
        return (permit.keyID, judged)
    }

    private static func parked(_ bench: Bench) -> Int {
        bench.machine.status(now: bench.now).keys.count { $0.state != .active }
    }

    @Test func `one refused document takes no key out that works elsewhere`() throws {
        var bench = Bench(Bench.source([], keys: 2))
        for number in 0..<4 { #expect(try Self.call(number, forbidden: false, &bench).failure == nil) }
        let first = try Self.call(99, forbidden: true, &bench)
        #expect(first.failure?.effect == .parkKey && first.failure?.kind == "upstream-403", "another key is to try")
        #expect(Self.parked(bench) == 0)
        let second = try Self.call(99, forbidden: true, &bench)
        #expect(second.key != first.key)
        #expect(second.failure?.effect == .permanent && second.failure?.kind == "forbidden")
        #expect(second.failure?.status == 403)
        #expect(Self.parked(bench) == 0)
        #expect(bench.machine.takeEvents().isEmpty)
    }

    @Test func `a key that is refused what another gets is parked`() throws {
        var bench = Bench(Bench.source([], keys: 2))
        for number in 0..<4 { _ = try Self.call(number, forbidden: false, &bench) }
        let first = try Self.call(99, forbidden: true, &bench)
        let second = try Self.call(99, forbidden: false, &bench)
        #expect(second.key != first.key)
        let keys = bench.machine.status(now: bench.now).keys
        #expect(keys.filter { $0.state != .active }.map(\.id) == [first.key])
        let until = bench.now + .seconds(60)
        #expect(bench.machine.takeEvents() == [.keyParked(keyID: first.key, until: until, reason: "s answered 403.")])
    }

    @Test func `a key that worked for this document only is parked`() throws {
        var bench = Bench(Bench.source())
        for _ in 0..<3 { _ = try Self.call(1, forbidden: false, &bench) }
        #expect(try Self.call(1, forbidden: true, &bench).failure?.effect == .parkKey)
        #expect(Self.parked(bench) == 1)
    }

    @Test func `with one key the document is refused at once`() throws {
        var bench = Bench(Bench.source())
        _ = try Self.call(1, forbidden: false, &bench)
        #expect(try Self.call(2, forbidden: true, &bench).failure?.kind == "forbidden")
        #expect(Self.parked(bench) == 0)
    }

    @Test func `a key that never worked is parked`() throws {
        var bench = Bench(Bench.source())
        #expect(try Self.call(1, forbidden: true, &bench).failure?.effect == .parkKey)
        #expect(Self.parked(bench) == 1)
    }

    @Test func `what a key did more than ten minutes ago does not excuse it`() throws {
        var bench = Bench(Bench.source())
        _ = try Self.call(1, forbidden: false, &bench)
        bench.now += .seconds(601)
        _ = try Self.call(2, forbidden: true, &bench)
        #expect(Self.parked(bench) == 1)
    }

    @Test func `a document that a bad key was refused is asked for once with another`() throws {
        var bench = Bench(Bench.source([], keys: 2))
        _ = try Self.call(1, forbidden: true, &bench)
        #expect(Self.parked(bench) == 1)
        #expect(try Self.call(1, forbidden: true, &bench).failure?.kind == "forbidden")
        #expect(Self.parked(bench) == 1)
    }

    @Test func `keys that are revoked are parked after the sixth refusal, whatever they did before`() throws {
        var bench = Bench(Bench.source([], keys: 3))
        for number in 0..<6 { _ = try Self.call(number, forbidden: false, &bench) }
        var calls = 0
        // Every document is asked for as often as it may, then the next one.
        for number in 100..<1000 {
            var failure: CallFailure?
            repeat {
                let pause = bench.machine.peek(dataset: Bench.a, priority: .high, now: bench.now)
                guard pause == nil || pause?.block == .reservation else { break }
                calls += 1
                failure = try Self.call(number, forbidden: true, &bench).failure
            } while failure?.kind == "upstream-403"
        }
        #expect(Self.parked(bench) == 3)
        #expect(calls <= 3 * 6 + 3, "\(calls)")
    }

    @Test func `a rule that says park is obeyed`() throws {
        var bench = Bench(Bench.source())
        try bench.call()
        try bench.call(.parkKey)
        #expect(Self.parked(bench) == 1)
    }
}
