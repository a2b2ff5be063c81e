import FreshetCore
import Logging

/// What can be known of dead letters: which may pass, and which an outage has made.
struct DeadLetters: Sendable {
    let context: EngineContext

    /// Failures shortly before an outage was noticed belong to it.
    static let slack = Duration.seconds(30)

    /// Whether a kind of failure says "never like this" (a 400, a body that is too large): only time or a person helps.
    static func isLasting(_ kind: String) -> Bool {
        kind.hasPrefix("upstream-4") || ["forbidden", "too-large", "depth", "bad-path", "bad-request"].contains(kind)
    }

    /// The dead letters of a source that may pass, newest first, at most `limit` looked at.
    func passing(of source: String, limit: Int) async throws(StoreError) -> [RefreshJob] {
        try await context.store.jobs(in: .dead, source: source, limit: limit).filter { job in
            job.lastError.map { !DeadLetters.isLasting($0.kind) } ?? true
        }
    }

    /// Runs again what was given up on during an outage that is over: the source was to blame, not the documents.
    func revive(_ source: String, diedWithin outage: Duration) async throws(StoreError) {
        let began = context.steady.now() - (outage + DeadLetters.slack)
        var revived = 0
        while true {
            let dead = try await passing(of: source, limit: 1000).filter { ($0.finishedAt ?? $0.enqueuedAt) >= began }
            guard !dead.isEmpty else { break }
            let count = try await context.store.retryDead(ids: dead.map(\.id), now: context.steady.now())
            guard count > 0 else { break }
            revived += count
        }
        guard revived > 0 else { return }
        context.logger.notice(
            "\(source): \(revived) refreshes that were given up on during the outage run again",
            metadata: ["source": "\(source)"])
    }
}
