import FreshetCore
import FreshetTesting
import Testing

@testable import FreshetEngine

struct RefreshPlannerTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func context(attempts: Int = 1, hasContent: Bool = true, returns: Timestamp? = nil) throws
        -> RefreshPlanner.Context
    {
        let dataset = DatasetConfig(id: DatasetID(source: "s", name: "d"), template: try PathTemplate("/{id}"))
        return RefreshPlanner.Context(
            dataset: dataset, retry: RetryConfig(), attempts: attempts, hasContent: hasContent, wall: now, now: now,
            sourceReturns: returns)
    }

    private func plan(_ result: FetchResult, _ context: RefreshPlanner.Context) -> RefreshPlan {
        var random = SeededGenerator(seed: 1)
        return RefreshPlanner.plan(result, context, random: &random)
    }

    private func failure(_ effect: FailureClass, retryAfter: Duration? = nil) -> FetchResult {
        .failed(CallFailure(effect: effect, retryAfter: retryAfter, kind: "kind", message: "message"))
    }

    @Test func `a failure that may pass is tried again later`() throws {
        let plan = plan(failure(.retry, retryAfter: .seconds(7)), try context())
        guard case .retry(let at, _) = plan.end else {
            Issue.record("expected a retry, got \(plan.end)")
            return
        }
        #expect(at >= now + .seconds(7))
    }

    @Test func `tries are used up at last`() throws {
        let plan = plan(failure(.retry), try context(attempts: 4))
        guard case .dead(let note) = plan.end else {
            Issue.record("expected a dead letter, got \(plan.end)")
            return
        }
        #expect(note.kind == "kind")
        #expect(plan.label == "dead")
    }

    @Test func `while the source takes no calls a try does not count`() throws {
        let returns = now + .seconds(30)
        let plan = plan(failure(.retry), try context(attempts: 4, returns: returns))
        guard case .park(let until, _) = plan.end else {
            Issue.record("expected the job to be parked, got \(plan.end)")
            return
        }
        #expect(until == returns)
    }

    @Test(arguments: [FailureClass.wait, .maintenance, .stopSource])
    func `quota and maintenance park the work without blame`(effect: FailureClass) throws {
        let plan = plan(failure(effect, retryAfter: .seconds(9)), try context(attempts: 4))
        guard case .park(let until, _) = plan.end else {
            Issue.record("expected the job to be parked, got \(plan.end)")
            return
        }
        #expect(until == now + .seconds(9))
    }

    @Test func `a refused key lets another one try at once`() throws {
        guard case .retry(let at, _) = plan(failure(.parkKey), try context()).end else {
            Issue.record("expected a retry")
            return
        }
        #expect(at == now)
    }

    @Test func `each key may try once, however few tries are allowed`() throws {
        var context = try context(attempts: 1)
        (context.retry.attempts, context.keys) = (1, 2)
        guard case .retry = plan(failure(.parkKey), context).end else {
            Issue.record("expected the second key to try")
            return
        }
        context.attempts = 2
        guard case .dead = plan(failure(.parkKey), context).end else {
            Issue.record("expected a dead letter after the last key")
            return
        }
    }

    @Test func `a 404 is an answer and ends the job`() throws {
        let result = FetchResult.notFound(
            CallFailure(effect: .notFound, kind: "upstream-404", message: "m", status: 404))
        let plan = plan(result, try context())
        #expect(plan.end == .done)
        guard case .notFound(_, let goneAfter, _)? = plan.outcome else {
            Issue.record("expected a 404 outcome")
            return
        }
        #expect(goneAfter == 3)
    }

    @Test func `a 304 for nothing kept is a failure, not a confirmation`() throws {
        let result = FetchResult.notModified(validators: Validators(), freshFor: .seconds(60))
        #expect(plan(result, try context()).end == .done)
        #expect(plan(result, try context(hasContent: false)).failure?.kind == "unexpected-304")
    }

    @Test func `a denied call leaves the document untouched`() throws {
        let denied = FetchResult.denied(PermitDenied(kind: "quota", message: "m", until: .seconds(5)))
        let plan = plan(denied, try context(returns: now + .seconds(60)))
        #expect(plan.outcome == nil)
        #expect(plan.end == .park(until: now + .seconds(60), reason: plan.failure))
    }
}
