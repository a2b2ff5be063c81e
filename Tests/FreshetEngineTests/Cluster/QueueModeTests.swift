import FreshetCore
import Testing

@testable import FreshetEngine

/// Where jobs may be leased, decided from what was read when.
struct QueueModeTests {
    private let wall = Timestamp(seconds: 1_800_000_000)

    private func at(_ seconds: Double) -> Duration { .seconds(1000) + .seconds(seconds) }

    private func line(_ epoch: String, age: Int64 = 0) -> QueuePlace {
        .line(epoch: epoch, since: wall - .seconds(age))
    }

    private func store(age: Int64 = 0) -> QueuePlace { .store(since: wall - .seconds(age)) }

    @discardableResult
    private func read(_ mode: inout QueueMode, _ place: QueuePlace?, _ seconds: Double) -> QueueMode.Change {
        mode.read(place, begun: at(seconds), now: at(seconds), wall: wall)
    }

    @Test func `nothing is leased before the place is known`() {
        let mode = QueueMode()
        #expect(mode.leasing(now: at(0)) == .nowhere(because: "where the queue is, is not known yet"))
    }

    @Test func `a queue that was never anywhere is in the store at once`() {
        var mode = QueueMode()
        #expect(read(&mode, nil, 0) == .store)
        #expect(mode.leasing(now: at(0)) == .store)
    }

    @Test func `a process that starts long after the switch waits for nothing`() {
        var mode = QueueMode()
        read(&mode, store(age: 61), 0)
        #expect(mode.leasing(now: at(0)) == .store)
        var other = QueueMode()
        read(&other, store(age: 5), 0)
        #expect(other.leasing(now: at(2.4)) != .store)
    }

    @Test func `what was read counts for two seconds`() {
        var mode = QueueMode()
        read(&mode, line("a", age: 61), 0)
        #expect(mode.leasing(now: at(1.99)) == .line(epoch: "a"))
        #expect(mode.leasing(now: at(2)) == .nowhere(because: "the store does not say where the queue is"))
        #expect(read(&mode, line("a", age: 61), 2.1) == .none)
        #expect(mode.leasing(now: at(2.2)) == .line(epoch: "a"))
    }

    @Test func `after a switch to the store nobody leases until all have heard of it`() {
        var mode = QueueMode()
        read(&mode, line("a"), 0)
        #expect(read(&mode, store(), 1) == .store)
        #expect(mode.leasing(now: at(1)) == .nowhere(because: "the queue moves to the store"))
        read(&mode, store(), 2.5)
        #expect(mode.leasing(now: at(3.4)) == .nowhere(because: "the queue moves to the store"))
        #expect(mode.leasing(now: at(3.5)) == .store)
        // Whoever read the line just before the switch trusts it no longer than this.
        #expect(QueueMode.grace > QueueMode.trust)
    }

    @Test func `a lost line is leased from no more, and the switch is wanted until it is seen`() {
        var mode = QueueMode()
        read(&mode, line("a"), 0)
        mode.lost(epoch: "b")
        #expect(!mode.wantsStore, "another line's loss is nothing to this one")
        mode.lost(epoch: "a")
        #expect(mode.wantsStore)
        #expect(mode.leasing(now: at(0.1)) == .nowhere(because: "the line of jobs cannot be reached"))
        read(&mode, line("a"), 0.5)
        #expect(mode.wantsStore, "somebody else still believes in it")
        read(&mode, store(), 1)
        #expect(!mode.wantsStore)
        #expect(read(&mode, line("b"), 9) == .line(epoch: "b"))
        #expect(mode.leasing(now: at(9.1)) == .nowhere(because: "the queue moves to the line"))
    }

    @Test func `after a switch to the line nobody leases until the store's ends are taken out of it`() {
        var mode = QueueMode()
        read(&mode, store(age: 61), 0)
        #expect(read(&mode, line("a"), 1) == .line(epoch: "a"))
        #expect(mode.leasing(now: at(1)) == .nowhere(because: "the queue moves to the line"))
        read(&mode, line("a"), 4)
        #expect(mode.leasing(now: at(4.49)) == .nowhere(because: "the queue moves to the line"))
        #expect(mode.leasing(now: at(4.5)) == .line(epoch: "a"))
        // Whoever read the store just before the switch leases there no longer than this.
        #expect(QueueMode.lineGrace > QueueMode.trust)
    }

    @Test func `the line is brought back when it has answered for three seconds in a row, and not within the grace`() {
        var mode = QueueMode()
        read(&mode, line("a"), 0)
        read(&mode, store(), 1)
        mode.answered(true, now: at(1))
        #expect(!mode.mayBegin(now: at(3.9)))
        #expect(mode.mayBegin(now: at(4)))
        mode.answered(false, now: at(4.5))
        mode.answered(true, now: at(5))
        #expect(!mode.mayBegin(now: at(7.9)))
        #expect(mode.mayBegin(now: at(8)))
        read(&mode, line("b"), 8.5)
        #expect(!mode.mayBegin(now: at(20)), "it is back")
    }

    @Test func `the place is written as it is read`() {
        for place in [line("abc"), store(age: 3)] { #expect(QueuePlace(stored: place.bytes) == place) }
        for text in ["", "store", "line 5", "else 5", "store x"] {
            #expect(QueuePlace(stored: Array(text.utf8)) == nil, "\(text)")
        }
        #expect(QueuePlace(stored: nil) == nil)
    }

    /// Two processes and a switch at any moment: never does one lease in the line after the other leases in the store.
    @Test(arguments: 0..<40)
    func `no two processes lease in both places at once`(step: Int) {
        let switched = Double(step) * 0.05 + 1
        var (loser, other) = (QueueMode(), QueueMode())
        read(&loser, line("a", age: 61), 0)
        read(&other, line("a", age: 61), 0)
        var (lastInLine, firstInStore) = (0.0, Double.infinity)
        for tick in 0..<140 {
            let now = Double(tick) * 0.05
            let place = now >= switched ? store() : line("a", age: 61)
            // One reads at once; the other last managed to just before the switch, and then only much later.
            if now >= switched { read(&loser, place, now) } else { read(&loser, line("a", age: 61), now) }
            if now < switched || now >= switched + 4 { read(&other, place, now) }
            if case .line = other.leasing(now: at(now)) { lastInLine = now }
            if loser.leasing(now: at(now)) == .store { firstInStore = min(firstInStore, now) }
        }
        #expect(lastInLine < firstInStore)
        #expect(firstInStore < .infinity)
    }
}
