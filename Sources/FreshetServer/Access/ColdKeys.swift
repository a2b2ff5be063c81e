import FreshetCore
import Synchronization

/// Lets unknown keys through to the queue: one enqueue per key however many ask, and so many new keys a minute per client.
final class ColdKeys: Sendable {
    /// What becomes of a wish for an unknown key.
    enum Outcome: Sendable, Equatable {
        /// A job will fetch it.
        case queued(job: Int64)
        /// The client has asked for too many unknown keys; it may try again after so many seconds.
        case refused(retryAfter: Int)
        /// No client may ask for unknown keys here, now or later.
        case closed
    }

    private struct Allowance {
        var tokens: Double
        var at: Duration
    }

    private struct State {
        var jobs: [DocumentID: (job: Int64, at: Duration)] = [:]
        var allowances: [String: Allowance] = [:]
        var sweptAt = Duration.zero
    }

    /// How long a job is remembered instead of asked for again.
    static let memory = Duration.seconds(10)

    private let perMinute: Int
    private let clock: any FreshetClock
    private let flights = Flights<DocumentID, Int64>()
    private let state = Mutex(State())

    /// `perMinute` 0: none, ever.
    init(perMinute: Int, clock: any FreshetClock) {
        self.perMinute = max(0, perMinute)
        self.clock = clock
    }

    /// Whether the key was asked for a moment ago and is on its way.
    func isOnItsWay(_ id: DocumentID) -> Bool {
        let now = clock.monotonic()
        return state.withLock { state in
            state.jobs[id].map { now - $0.at < .seconds(1) } ?? false
        }
    }

    /// Asks for a key in a client's name.
    func ask(
        _ id: DocumentID, client: ClientAddress, enqueue: @escaping @Sendable () async throws -> Int64
    ) async throws -> Outcome {
        guard perMinute > 0 else { return .closed }
        let now = clock.monotonic()
        let known = state.withLock { state -> Outcome? in
            sweep(&state, now)
            if let job = state.jobs[id], now - job.at < ColdKeys.memory { return .queued(job: job.job) }
            return nil
        }
        if let known { return known }
        if !flights.isUnderWay(id), let wait = spend(client, now) { return .refused(retryAfter: wait) }
        let job = try await flights.run(id) {
            // A flight may have landed between the look above and this one.
            if let job = self.state.withLock({ $0.jobs[id] }), now - job.at < ColdKeys.memory { return job.job }
            let job = try await enqueue()
            self.state.withLock { $0.jobs[id] = (job, now) }
            return job
        }
        return .queued(job: job)
    }

    /// Takes one new key from a client's allowance; seconds to wait when it is used up.
    private func spend(_ client: ClientAddress, _ now: Duration) -> Int? {
        let limit = Double(perMinute)
        return state.withLock { state in
            var allowance = state.allowances[client.group] ?? Allowance(tokens: limit, at: now)
            allowance.tokens = min(limit, allowance.tokens + (now - allowance.at).inSeconds * limit / 60)
            allowance.at = now
            defer { state.allowances[client.group] = allowance }
            guard allowance.tokens >= 1 else {
                return max(1, Int(((1 - allowance.tokens) * 60 / limit).rounded(.up)))
            }
            allowance.tokens -= 1
            return nil
        }
    }

    /// Forgets what no longer counts, every few seconds, so that memory stays bounded by what was asked lately.
    private func sweep(_ state: inout State, _ now: Duration) {
        guard now - state.sweptAt > .seconds(5) else { return }
        state.sweptAt = now
        state.jobs = state.jobs.filter { now - $0.value.at < ColdKeys.memory }
        state.allowances = state.allowances.filter { now - $0.value.at < .seconds(60) }
    }
}
