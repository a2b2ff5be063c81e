import FreshetCore
import Logging

/// Tries a failing source again that nothing else tries: an outage must be seen to end.
///
/// An open breaker probes by itself. With the breaker off (`failures: 0`) every job may be given up on or wait out a long back-off while
/// upstream is back, and a read brings a stale document up again only now and then. So when as many calls in a row have failed
/// as a job has tries, or five, and nothing was sent for `breaker.probe_every`, one job is put to the front: the most urgent one that
/// waits, else the latest dead letter. When it succeeds the rest follows.
struct RecoveryProbe: Sendable {
    static let look = Duration.seconds(1)

    let context: EngineContext
    let governors: [SourceGovernor]
    let poke: @Sendable (String) -> Void

    /// Works until cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await context.clock.sleep(for: RecoveryProbe.look)
            for governor in governors where governor.source.breaker.failures == 0 {
                guard let silence = governor.silence(), silence >= governor.source.breaker.probeEvery else { continue }
                guard case .passing(let failures) = governor.look().budget.gate,
                    failures >= min(governor.source.retry.attempts, 5)
                else { continue }
                do {
                    try await probe(governor.source)
                } catch {
                    context.storeFailed(error, while: "probing \(governor.source.name)", metadata: [:])
                }
            }
        }
    }

    private func probe(_ source: SourceConfig) async throws(StoreError) {
        let now = context.steady.now()
        // What is ready goes anyway.
        if try await context.store.jobs(in: .ready, source: source.name, limit: 1).isEmpty {
            if let job = try await context.store.jobs(in: .waiting, source: source.name, limit: 1).first {
                // In a person's name: that alone ends a back-off.
                let wish = EnqueueRequest(
                    document: job.document, priority: job.priority, cause: "operator", heat: job.heat)
                _ = try await context.store.enqueue([wish], now: now)
            } else if let job = try await DeadLetters(context: context).passing(of: source.name, limit: 100).first {
                _ = try await context.store.retryDead(ids: [job.id], now: now)
            } else {
                return
            }
        }
        poke(source.name)
    }
}
