import FreshetCore
import Synchronization

/// A write call that waits for its commit.
protocol PendingWrite: Sendable {
    /// Bytes of bodies that it brings, for the bound of a batch.
    var bytes: Int { get }

    /// Performs the call inside the open transaction.
    ///
    /// It may run again after a rollback: every run starts afresh.
    func perform(in session: WriteSession) throws

    /// Answers the caller: after the commit, or with the reason why nothing was written.
    func finish(_ failure: StoreError?)
}

/// A write call with a result.
final class Write<Value: Sendable>: PendingWrite {
    let bytes: Int
    private let body: @Sendable (WriteSession) throws -> Value
    private let answer: @Sendable (Result<Value, StoreError>) -> Void
    private let outcome = Mutex<Result<Value, StoreError>?>(nil)

    init(
        bytes: Int, answer: @escaping @Sendable (Result<Value, StoreError>) -> Void,
        body: @escaping @Sendable (WriteSession) throws -> Value
    ) {
        (self.bytes, self.body, self.answer) = (bytes, body, answer)
    }

    func perform(in session: WriteSession) throws {
        outcome.withLock { $0 = nil }
        let before = session.totalChanges
        do {
            let value = try body(session)
            outcome.withLock { $0 = .success(value) }
        } catch let refusal as StoreError where session.totalChanges == before {
            // Refused before anything was written (a lost lease): the others of the batch are not concerned.
            outcome.withLock { $0 = .failure(refusal) }
        }
    }

    func finish(_ failure: StoreError?) {
        if let failure {
            answer(.failure(failure))
        } else {
            let outcome = outcome.withLock { $0 }
            answer(outcome ?? .failure(.unavailable("the write was not performed")))
        }
    }
}
