import FreshetCore
import Testing

@testable import FreshetEngine

struct JobsInHandTests {
    private func lease(_ priority: Priority, _ id: Int64 = 1) -> LeasedJob {
        let document = DocumentID(dataset: DatasetID(source: "s", name: "d"), key: "k\(id)")
        let now = Timestamp(seconds: 0)
        return LeasedJob(
            job: RefreshJob(
                id: id, document: document, priority: priority, cause: "read", enqueuedAt: now, notBefore: now,
                state: .leased), fence: id)
    }

    @Test func `an empty hand takes anything`() {
        var hand = JobsInHand()
        #expect(hand.mayLease(now: .seconds(1), wasCalled: false) == .low)
        #expect(hand.next(now: .seconds(1)) == nil)
    }

    @Test func `while a job waits only something more urgent is leased, when called or now and then`() {
        var hand = JobsInHand()
        hand.take(lease(.medium), aged: false)
        #expect(hand.mayLease(now: .seconds(1), wasCalled: true) == .high)
        #expect(hand.mayLease(now: .seconds(1.1), wasCalled: false) == nil)
        #expect(hand.mayLease(now: .seconds(1.1), wasCalled: true) == .high)
        #expect(hand.mayLease(now: .seconds(1.4), wasCalled: false) == .high)
    }

    @Test func `a critical job in hand is overtaken by nothing`() {
        var hand = JobsInHand()
        hand.take(lease(.critical), aged: false)
        #expect(hand.mayLease(now: .seconds(1), wasCalled: true) == nil)
    }

    @Test func `the most urgent asks first`() {
        var hand = JobsInHand()
        hand.take(lease(.low, 1), aged: false)
        hand.take(lease(.critical, 2), aged: false)
        #expect(hand.due(now: .zero)?.lease.job.id == 2)
        hand.started()
        #expect(hand.due(now: .zero)?.lease.job.id == 1)
    }

    @Test func `a short wait is waited out with the job in hand`() {
        var hand = JobsInHand()
        hand.take(lease(.high), aged: false)
        #expect(hand.waits(.milliseconds(25), now: .seconds(5)).isEmpty)
        #expect(hand.due(now: .seconds(5)) == nil)
        #expect(hand.next(now: .seconds(5)) == .seconds(5) + .milliseconds(25))
        #expect(hand.due(now: .seconds(5) + .milliseconds(25)) != nil)
    }

    @Test func `at a long wait all are given back, and until it is over only the more urgent is leased`() {
        var hand = JobsInHand()
        hand.take(lease(.medium, 1), aged: false)
        hand.take(lease(.high, 2), aged: false)
        #expect(hand.waits(.seconds(60), now: .seconds(5)).map(\.job.id) == [2, 1])
        #expect(hand.isEmpty)
        #expect(hand.mayLease(now: .seconds(6), wasCalled: true) == .critical)
        #expect(hand.mayLease(now: .seconds(65), wasCalled: true) == .low)
    }
}
