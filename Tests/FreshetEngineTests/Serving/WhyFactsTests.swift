import FreshetCore
import Testing

@testable import FreshetEngine

struct WhyFactsTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let id = DocumentID(dataset: DatasetID(source: "s", name: "d"), key: "k")

    private func job(_ state: RefreshJob.State, error: FailureNote? = nil) -> RefreshJob {
        RefreshJob(
            id: 7, document: id, priority: .high, cause: "read", enqueuedAt: now, notBefore: now, attempts: 2,
            state: state, lastError: error)
    }

    private func cause(state: DocumentState? = nil, job: RefreshJob? = nil, block: BudgetBlock? = nil) -> String {
        WhyFacts(state: state, job: job, position: 0, block: block, nextRun: nil, now: now).verdict.cause
    }

    private func live(failure: FailureNote? = nil, freshFor: Duration = .seconds(60)) -> DocumentState {
        var state = DocumentState()
        (state.presence, state.version, state.lastUpdated) = (.live, 1, now)
        (state.freshUntil, state.failure) = (now + freshFor, failure)
        return state
    }

    @Test func `each cause is named`() {
        let note = FailureNote(kind: "timeout", message: "m", at: now)
        let limit = BudgetBlock.learnedQuota(until: .seconds(9))
        #expect(cause() == "never-asked")
        #expect(cause(job: job(.ready)) == "queued")
        #expect(cause(job: job(.leased)) == "running")
        #expect(cause(job: job(.dead, error: note)) == "dead-letter")
        #expect(cause(job: job(.waiting, error: note)) == "timeout")
        #expect(cause(job: job(.ready), block: .allKeysParked(until: .seconds(9), reason: "403")) == "key-parked")
        #expect(cause(job: job(.ready), block: .breakerOpen(nextProbe: .seconds(9), lastError: "x")) == "breaker-open")
        #expect(cause(job: job(.ready), block: .maintenance(nextProbe: .seconds(9), since: .zero)) == "maintenance")
        #expect(cause(job: job(.waiting), block: limit) == "quota")
        #expect(cause(state: live()) == "fresh")
        #expect(cause(state: live(failure: note)) == "timeout")
        #expect(cause(state: live(freshFor: .seconds(-1))) == "not-asked-since")
    }

    @Test func `who has switched automatic refreshes off is told so`() {
        func verdict(_ state: DocumentState) -> (cause: String, text: String) {
            WhyFacts(state: state, nextRun: nil, now: now, isAutomatic: false).verdict
        }
        #expect(verdict(live()).cause == "fresh")
        let stale = verdict(live(freshFor: .seconds(-1)))
        #expect(stale.cause == "auto-refresh-off")
        #expect(stale.text.contains("DISABLE_AUTO_REFRESH_QUEUE"))
    }

    @Test func `a window that is full for moments is not what a job behind others waits for`() {
        func cause(_ block: BudgetBlock, behind position: Int, endsIn wait: Duration) -> String {
            WhyFacts(
                state: nil, job: job(.ready), position: position, block: block, blockEnds: now + wait,
                nextRun: now + wait, now: now
            ).verdict.cause
        }
        let quota = BudgetBlock.learnedQuota(until: .seconds(9))
        #expect(cause(quota, behind: 0, endsIn: .milliseconds(20)) == "quota")
        #expect(cause(quota, behind: 8000, endsIn: .milliseconds(20)) == "queued")
        #expect(cause(quota, behind: 1, endsIn: .seconds(3600)) == "quota")
        let breaker = BudgetBlock.breakerOpen(nextProbe: .seconds(9), lastError: "x")
        #expect(cause(breaker, behind: 1, endsIn: .seconds(1)) == "breaker-open")
    }

    @Test func `an upstream 404 is told from a document that is gone`() {
        var missing = DocumentState()
        (missing.presence, missing.consecutiveNotFound) = (.missing, 1)
        #expect(cause(state: missing) == "upstream-404")
        var gone = live()
        (gone.presence, gone.consecutiveNotFound) = (.gone, 3)
        #expect(cause(state: gone) == "gone")
    }

    @Test func `the way out of a dead letter is said`() {
        let text = WhyFacts(state: nil, job: job(.dead), position: nil, block: nil, nextRun: nil, now: now).verdict.text
        #expect(text.contains("freshet queue retry 7"))
    }
}
