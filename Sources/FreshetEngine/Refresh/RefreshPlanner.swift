import FreshetCore

/// What follows from a fetch: what to write, how the job ends, what to tell.
struct RefreshPlan: Sendable {
    /// What is weighed against the kept document; `nil` when nothing was asked of upstream.
    var outcome: RefreshOutcome?
    /// How the job ends.
    var end: JobEnd
    /// A short word for the metric label `outcome`.
    var label: String
    /// The failure, when there was one.
    var failure: FailureNote?
}

/// Decides what follows from a fetch; pure.
enum RefreshPlanner {
    /// What the decision depends on besides the result.
    struct Context: Sendable {
        /// The dataset.
        var dataset: DatasetConfig
        /// The source's retry rules.
        var retry: RetryConfig
        /// Keys of the source, at least 1: a refused key lets each of the others try once.
        var keys = 1
        /// Tries of this job, this one included.
        var attempts: Int
        /// Whether something good is kept, so that a 304 can be believed.
        var hasContent: Bool
        /// The moment of the attempt, wall clock, for what is shown.
        var wall: Timestamp
        /// The same moment on the queue's timeline.
        var now: Timestamp
        /// When the source takes calls again, if it takes none now (breaker, maintenance, quota, keys), queue timeline.
        var sourceReturns: Timestamp?
    }

    /// Decides what follows.
    static func plan(
        _ result: FetchResult, _ context: Context, random: inout some RandomNumberGenerator
    ) -> RefreshPlan {
        switch result {
        case .content(let content):
            return RefreshPlan(outcome: .content(content), end: .done, label: "updated")
        case .notModified(let validators, let freshFor) where context.hasContent:
            return RefreshPlan(
                outcome: .notModified(validators: validators, freshFor: freshFor), end: .done, label: "not-modified")
        case .notModified:
            let failure = CallFailure(
                effect: .retry, kind: "unexpected-304",
                message: "upstream answered 304 although nothing is kept; the next try asks without conditions",
                status: 304)
            return plan(.failed(failure), context, random: &random)
        case .notFound(let failure):
            let note = note(failure, context)
            return RefreshPlan(
                outcome: .notFound(
                    rememberFor: context.dataset.notFoundFor, goneAfter: context.dataset.goneAfter, note: note),
                end: .done, label: "not-found", failure: note)
        case .denied(let denial):
            let note = FailureNote(kind: denial.kind, message: denial.message, at: context.wall)
            return RefreshPlan(
                outcome: nil, end: .park(until: context.sourceReturns ?? context.now + .seconds(1), reason: note),
                label: "parked", failure: note)
        case .failed(let failure):
            return plan(failure, context, random: &random)
        }
    }

    private static func plan(
        _ failure: CallFailure, _ context: Context, random: inout some RandomNumberGenerator
    ) -> RefreshPlan {
        let note = note(failure, context)
        let outcome = RefreshOutcome.failed(note)
        switch failure.effect {
        case .permanent, .notFound:
            return RefreshPlan(outcome: outcome, end: .dead(note), label: "dead", failure: note)
        case .wait, .maintenance, .stopSource:
            let until = context.sourceReturns ?? context.now + (failure.retryAfter ?? .seconds(1))
            return RefreshPlan(outcome: outcome, end: .park(until: until, reason: note), label: "parked", failure: note)
        case .retry, .parkKey, .disableKey:
            // While the source as a whole takes no calls the document is not to blame: the try does not count.
            if failure.effect == .retry, let returns = context.sourceReturns {
                return RefreshPlan(
                    outcome: outcome, end: .park(until: returns, reason: note), label: "parked", failure: note)
            }
            let wait = failure.effect == .retry ? failure.retryAfter : nil
            var retry = context.retry
            if failure.effect != .retry { retry.attempts = max(retry.attempts, context.keys) }
            switch RetryPolicy.wait(afterAttempt: context.attempts, config: retry, random: &random, retryAfter: wait)
            {
            case .giveUp:
                return RefreshPlan(outcome: outcome, end: .dead(note), label: "dead", failure: note)
            case .retry(let delay):
                // Another key may do at once; waiting is for upstreams that need time.
                let at = failure.effect == .retry ? context.now + delay : context.now
                return RefreshPlan(outcome: outcome, end: .retry(at: at, error: note), label: "failed", failure: note)
            }
        }
    }

    private static func note(_ failure: CallFailure, _ context: Context) -> FailureNote {
        FailureNote(kind: failure.kind, message: failure.message, at: context.wall, status: failure.status)
    }
}
