import FreshetCore

/// Ends a call that takes too long, by the injected clock.
struct Deadline: Sendable {
    let clock: any FreshetClock

    private enum Event: Sendable {
        case sent(TransportResult)
        case expired
        /// The timer was cancelled: the call ended first, or the whole task was cancelled.
        case disarmed
    }

    /// Sends a request and cancels it at the deadline.
    ///
    /// - Returns: The transport's result, or `timeout` (no head yet) or `slow-body` when the deadline ended it.
    func send(
        _ request: TransportRequest, over transport: any Transport, within timeout: Duration,
        plan: @escaping @Sendable (TransportHead) -> BodyPlan
    ) async -> TransportResult {
        let (clock, end) = (clock, clock.monotonic() + timeout)
        return await withTaskGroup(of: Event.self) { group in
            group.addTask { .sent(await transport.send(request, plan: plan)) }
            group.addTask {
                do { try await clock.sleep(untilMonotonic: end) } catch { return .disarmed }
                return .expired
            }
            var hasExpired = false
            var result = TransportResult.failed(TransportFailure(.cancelled, "the call was cancelled"))
            for await event in group {
                switch event {
                case .sent(let sent):
                    result = sent
                    group.cancelAll()
                case .expired:
                    hasExpired = true
                    group.cancelAll()
                case .disarmed: break
                }
            }
            guard hasExpired, case .failed(let failure) = result, failure.kind == .cancelled else { return result }
            return .failed(Deadline.failure(head: failure.head, timeout: timeout))
        }
    }

    private static func failure(head: TransportHead?, timeout: Duration) -> TransportFailure {
        head == nil
            ? TransportFailure(.timeout, "there was no answer within \(timeout)")
            : TransportFailure(.slowBody, "the body was not complete within \(timeout)", head: head)
    }
}
