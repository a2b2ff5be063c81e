import FreshetCore
import Synchronization

/// The permits of one refresh: asks the source's governor, at the job's priority.
struct JobPermits: CallPermits {
    let governor: SourceGovernor
    let dataset: DatasetID?
    let priority: Priority
    let aged: Bool
    private let document: DocumentID?
    private let keyID: String?
    private let allowed: [String]?
    private let failure = FailureBox()
    private let held: HeldPermit
    private let calls = CallCount()

    /// `document`: what is asked for, when it is one; `keyID`: the only key to use, parked or not; `first`: a permit that was
    /// taken already, for the first call.
    init(
        governor: SourceGovernor, dataset: DatasetID?, priority: Priority, aged: Bool, document: DocumentID? = nil,
        keyID: String? = nil, first: CallPermit? = nil
    ) {
        (self.document, self.keyID) = (document, keyID)
        (self.governor, self.dataset, self.priority, self.aged) = (governor, dataset, priority, aged)
        allowed = document.flatMap { governor.keyIDs(for: $0) }
        held = HeldPermit(first)
    }

    func acquire() async throws(PermitDenied) -> CallPermit {
        let isFirst = calls.next() == 0
        if let permit = held.take() { return permit }
        // The pages after the first are worth waiting for: giving up would spend the first ones again.
        let patience: Duration = isFirst ? .seconds(2) : .seconds(900)
        return try await governor.acquire(
            dataset: dataset, priority: priority, aged: aged, keyID: keyID, allowed: allowed,
            patience: patience)
    }

    func headReceived(_ permit: CallPermit, status: Int, headers: [(name: String, value: String)]) {
        governor.headReceived(permit, status: status, headers: headers)
    }

    func finish(_ permit: CallPermit, failure: CallFailure?) -> CallFailure? {
        let judged = governor.finish(permit, failure: failure, about: document)
        self.failure.set(judged)
        return judged
    }
}

extension JobPermits {
    /// How the last call failed; `nil` when it did not.
    var lastFailure: CallFailure? { failure.get() }

    /// Calls asked for so far.
    var callCount: Int { calls.value }

    /// Gives back the first permit if no call used it.
    func close() {
        if let permit = held.take() { governor.giveBack(permit) }
    }
}

/// A permit that was taken ahead of its call.
private final class HeldPermit: Sendable {
    private let permit: Mutex<CallPermit?>

    init(_ permit: CallPermit?) { self.permit = Mutex(permit) }

    func take() -> CallPermit? {
        permit.withLock { permit in
            defer { permit = nil }
            return permit
        }
    }
}

/// How the last call failed.
private final class FailureBox: Sendable {
    private let failure = Mutex<CallFailure?>(nil)

    func set(_ failure: CallFailure?) { self.failure.withLock { $0 = failure } }

    func get() -> CallFailure? { failure.withLock { $0 } }
}

/// Counts the calls of one refresh.
private final class CallCount: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).oldValue }
}
