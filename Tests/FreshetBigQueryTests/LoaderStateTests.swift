import FreshetCore
import FreshetTesting
import Testing

@testable import FreshetBigQuery

struct LoaderStateTests {
    private let at = Timestamp(seconds: 0)

    private func fail(
        _ state: inout LoaderState, _ scope: BigQueryError.Scope, reason: String = "invalid", now: Duration = .zero,
        retryAfter: Duration? = nil
    ) -> (wait: Duration, isFirst: Bool) {
        var random = SeededGenerator(seed: 7)
        let error = BigQueryError(scope, reason: reason, message: "no", retryAfter: retryAfter)
        return state.failed(error, table: "t", at: at, now: now, random: &random)
    }

    @Test func `waits grow to their bound and never pass it`() {
        var (state, now) = (LoaderState(), Duration.zero)
        for attempt in 0..<40 {
            let (wait, isFirst) = fail(&state, .destination, now: now)
            let bound = min(Duration.seconds(1 << min(attempt, 20)), .seconds(300))
            #expect(wait >= bound / 2 && wait <= bound && isFirst == (attempt == 0))
            now += wait
        }
    }

    @Test func `tables that fail together are one failure of the destination`() {
        var state = LoaderState()
        let first = fail(&state, .destination)
        let second = fail(&state, .destination)
        #expect(first.isFirst && !second.isFirst && second.wait == first.wait)
        #expect(state.destination?.failures == 1)
    }

    @Test func `what BigQuery asks for is the least, also beyond the bound`() {
        var state = LoaderState()
        let wait = fail(&state, .destination, retryAfter: .seconds(900)).wait
        #expect(wait == .seconds(900))
    }

    @Test func `a failed job rests its table for a minute, one of BigQuery's own trouble for a second`() {
        var state = LoaderState()
        let own = fail(&state, .table).wait
        #expect(own >= .seconds(30))
        #expect(
            state.wait(now: .zero) == .zero && state.isResting("t", now: .zero) && !state.isResting("u", now: .zero))
        state = LoaderState()
        let theirs = fail(&state, .table, reason: "backendError").wait
        #expect(theirs <= .seconds(1))
    }

    @Test func `a table whose rest is over asks for no further look`() throws {
        var state = LoaderState()
        let wait = fail(&state, .table).wait
        #expect(state.nextTable(now: wait / 2) == wait - wait / 2)
        #expect(state.nextTable(now: wait) == nil)
        state.forget("t")
        #expect(state.tables.isEmpty)
    }

    @Test func `a success ends the failures of its table and of the destination`() {
        var state = LoaderState()
        _ = fail(&state, .table)
        _ = fail(&state, .destination)
        let isBack = state.sent(3, table: "t", at: at)
        #expect(isBack)
        #expect(state.tables.isEmpty && state.destination == nil && state.loadedRows == 3)
        let isBackAgain = state.sent(1, table: "t", at: at)
        #expect(!isBackAgain)
    }
}
