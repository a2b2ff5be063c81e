import FreshetCore
import NIOCore

/// A command on its way, and who waits for its answer.
struct RedisCall: Sendable {
    typealias Waiter = UnsafeContinuation<Result<RESPValue, StoreError>, Never>

    var command: RedisCommand
    /// Until then it may be sent again.
    var deadline: NIODeadline
    /// `nil` when nobody waits.
    var waiter: Waiter?

    func finish(_ result: Result<RESPValue, StoreError>) { waiter?.resume(returning: result) }
}
