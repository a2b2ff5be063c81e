import FreshetCore
import FreshetMemory
import FreshetTesting
import Logging
import Synchronization
import Testing

@testable import FreshetEngine

struct DutyKeeperTests {
    private func keeper(_ name: String, _ store: MemoryStore?, _ clock: ManualClock) -> DutyKeeper {
        DutyKeeper(store: store, holder: name, clock: clock, logger: Logger(label: "test"))
    }

    /// Moves the clock, a step at a time, until something is true.
    private func pass(_ clock: ManualClock, until isTrue: () -> Bool) async -> Bool {
        for _ in 0..<20_000 {
            if isTrue() { return true }
            await Task.yield()
            if clock.sleepers > 0 { clock.advance(by: .milliseconds(10)) }
        }
        return isTrue()
    }

    /// Who works at the moment, and how often somebody began.
    private final class Board: Sendable {
        private let state = Mutex<(working: Set<String>, begun: Int)>(([], 0))

        var working: Set<String> { state.withLock { $0.working } }
        var begun: Int { state.withLock { $0.begun } }

        func work(as name: String, clock: ManualClock) async {
            state.withLock { state in
                state.working.insert(name)
                state.begun += 1
            }
            try? await clock.sleep(for: .seconds(1 << 30))
            state.withLock { _ = $0.working.remove(name) }
        }

        func note() { state.withLock { $0.begun += 1 } }
    }

    @Test func `alone a process does everything`() async {
        let (clock, board) = (ManualClock(), Board())
        let duties = keeper("", nil, clock)
        #expect(duties.holds("anything"))
        let task = Task { await duties.whileHeld("x") { board.note() } }
        #expect(await pass(clock) { board.begun >= 2 })
        task.cancel()
        await task.value
    }

    @Test func `one of two does the work, and the other takes over within 15 s when it ends`() async {
        let (clock, board) = (ManualClock(), Board())
        let store = MemoryStore(clock: { clock.monotonic() })
        func start(_ name: String) -> Task<Void, Never> {
            let duties = keeper(name, store, clock)
            return Task { await duties.whileHeld("schedules") { await board.work(as: name, clock: clock) } }
        }
        let first = start("a")
        #expect(await pass(clock) { board.working == ["a"] })
        let second = start("b")
        let before = clock.monotonic()
        #expect(await pass(clock) { clock.monotonic() - before > .seconds(40) })
        #expect(board.working == ["a"], "it is prolonged for as long as its holder lives")
        let ended = clock.monotonic()
        first.cancel()
        #expect(await pass(clock) { board.working == ["b"] })
        #expect(clock.monotonic() - ended < .seconds(15))
        second.cancel()
        _ = await (first.value, second.value)
    }

    @Test func `a holder that cannot ask lets go before its time is up`() async {
        let (clock, board) = (ManualClock(), Board())
        let store = MemoryStore(clock: { clock.monotonic() })
        let duties = keeper("a", store, clock)
        let task = Task { await duties.whileHeld("schedules") { await board.work(as: "a", clock: clock) } }
        #expect(await pass(clock) { board.working == ["a"] })
        let gone = clock.monotonic()
        await store.close()
        #expect(await pass(clock) { board.working.isEmpty })
        #expect(clock.monotonic() - gone <= DutyKeeper.span)
        #expect(!duties.holds("schedules"))
        task.cancel()
        await task.value
    }
}
