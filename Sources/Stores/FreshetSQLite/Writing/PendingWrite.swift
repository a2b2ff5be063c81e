import FreshetCore

/// A write call that waits for its commit.
// Unchecked because others inherit from it: made by the caller, handed over once through the committer's lock, and from then on
// touched by the writer's queue alone.
class PendingWrite: @unchecked Sendable {
    /// Bytes of bodies that it brings, for the bound of a batch.
    let bytes: Int

    init(bytes: Int) { self.bytes = bytes }

    /// Performs the call inside the open transaction.
    ///
    /// It may run again after a rollback: every run starts afresh.
    func perform(in session: WriteSession) throws {}

    /// Answers the caller: after the commit, or with the reason why nothing was written.
    func finish(_ failure: StoreError?) {}
}

/// A write call with a result.
final class Write<Value: Sendable>: PendingWrite, @unchecked Sendable {
    private let body: @Sendable (WriteSession) throws -> Value
    private let answer: CheckedContinuation<Result<Value, StoreError>, Never>
    private var outcome: Result<Value, StoreError>?

    init(
        bytes: Int, answer: CheckedContinuation<Result<Value, StoreError>, Never>,
        body: @escaping @Sendable (WriteSession) throws -> Value
    ) {
        self.body = body
        self.answer = answer
        super.init(bytes: bytes)
    }

    override func perform(in session: WriteSession) throws {
        outcome = nil
        let before = session.totalChanges
        do {
            outcome = .success(try body(session))
        } catch let refusal as StoreError where session.totalChanges == before {
            // Refused before anything was written (a lost lease): the others of the batch are not concerned.
            outcome = .failure(refusal)
        }
    }

    override func finish(_ failure: StoreError?) {
        if let failure {
            answer.resume(returning: .failure(failure))
        } else {
            answer.resume(returning: outcome ?? .failure(.unavailable("the write was not performed")))
        }
    }
}
