import FreshetCore
import Logging

/// Prolongs the leases of running jobs and takes back those that ran out.
struct LeaseKeeper: Sendable {
    /// Well below a third of the lease, so that one missed beat loses nothing.
    static let beat = Duration.seconds(3)

    let context: EngineContext
    let dispatchers: [Dispatcher]

    /// Works until cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await context.clock.sleep(for: LeaseKeeper.beat)
            do {
                let leases = dispatchers.flatMap(\.leased)
                if !leases.isEmpty {
                    _ = try await context.store.heartbeat(
                        leases, leaseFor: Dispatcher.leaseFor, now: context.steady.now())
                }
                let recovered = try await context.store.recoverLeases(all: false, now: context.steady.now())
                if recovered > 0 {
                    context.metrics.increment("freshet_orphans_total", by: Double(recovered))
                    context.logger.warning("\(recovered) refreshes lost their worker; they run again")
                    for dispatcher in dispatchers { dispatcher.poke() }
                }
            } catch {
                context.storeFailed(error, while: "prolonging leases", metadata: [:])
            }
        }
    }
}
