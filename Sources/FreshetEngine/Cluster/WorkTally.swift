import FreshetCore
import Synchronization

/// What was done since the start, for a worker that reports at its end.
final class WorkTally: Sendable {
    /// Failures kept in words.
    static let mostErrors = 100

    private let state = Mutex<WorkReport>(WorkReport())

    func add(_ plan: RefreshPlan, about id: DocumentID) {
        guard plan.outcome != nil else { return }
        state.withLock { report in
            report.processed += 1
            guard let failure = plan.failure else { return }
            report.failed += 1
            if report.errors.count < WorkTally.mostErrors { report.errors.append("\(id): \(failure.message)") }
        }
    }

    var report: WorkReport { state.withLock { $0 } }
}

/// What a process has refreshed since its start.
public struct WorkReport: Sendable, Hashable {
    /// Refreshes that asked upstream.
    public var processed = 0
    /// Of these, those that failed.
    public var failed = 0
    /// Why, a sentence each, the first hundred.
    public var errors: [String] = []

    /// Creates an empty report.
    public init() {}
}
