import FreshetCore
import Synchronization

/// The users, kept in the store and remembered for a moment.
final class UserBook: Sendable {
    private static let prefix = "clash/user/"
    private static let tagPrefix = "clash/verify/"
    /// How long what another process wrote may go unseen.
    private static let memory = Duration.seconds(2)
    private static let capacity = 10_000

    private let kept = Mutex<[String: (user: ClashUser?, until: Duration)]>([:])

    /// A user; `nil` when the subject was never written down.
    func user(_ subject: String, _ services: AppServices) async throws(StoreError) -> ClashUser? {
        let now = services.clock.monotonic()
        if let found = kept.withLock({ $0[subject] }), found.until > now { return found.user }
        let user = try await services.store.value(Self.prefix + subject).flatMap {
            ClashUser(subject: subject, bytes: $0)
        }
        remember(subject, user, now: now)
        return user
    }

    /// Changes a user, also one that was never written down; on a race it decides again from what the other has left.
    ///
    /// - Parameters:
    ///   - subject: Whose record.
    ///   - services: The mirror.
    ///   - change: Changes the record, or leaves it as it is; asked anew for each try.
    /// - Returns: What `change` gave.
    /// - Throws: ``StoreError``.
    func change<Result: Sendable>(
        _ subject: String, _ services: AppServices, _ change: @Sendable (inout ClashUser) -> Result
    ) async throws(StoreError) -> Result {
        let name = Self.prefix + subject
        for _ in 0..<100 {
            let seen = try await services.store.value(name)
            let before = seen.flatMap { ClashUser(subject: subject, bytes: $0) }
            var user = before ?? ClashUser(subject: subject)
            let result = change(&user)
            if user == before { return result }
            guard try await services.store.swapValue(seen, with: user.bytes, for: name) else { continue }
            remember(subject, user, now: services.clock.monotonic())
            return result
        }
        throw .unavailable("the record of a user is changed by too many at once")
    }

    /// Counts a try to verify a token of a player tag, whoever makes it.
    ///
    /// - Returns: Seconds until the next may be made when this may not.
    /// - Throws: ``StoreError``.
    func attempt(
        tag: String, limits: AttemptLimits, _ services: AppServices
    ) async throws(StoreError) -> Int? {
        let (name, now) = (Self.tagPrefix + tag, services.clock.now())
        for _ in 0..<100 {
            let seen = try await services.store.value(name)
            var log = seen.map(AttemptLog.init(bytes:)) ?? AttemptLog()
            if let wait = log.attempt(limit: limits.verifyPerTag, window: limits.verifyWindow, now: now) { return wait }
            if try await services.store.swapValue(seen, with: log.json, for: name) { return nil }
        }
        throw .unavailable("the tries of a tag are counted by too many at once")
    }

    /// Forgets the tries of a tag: it was verified.
    func forgetAttempts(tag: String, _ services: AppServices) async throws(StoreError) {
        try await services.store.setValue(nil, for: Self.tagPrefix + tag)
    }

    private func remember(_ subject: String, _ user: ClashUser?, now: Duration) {
        kept.withLock { kept in
            if kept.count >= Self.capacity { kept.removeAll() }
            kept[subject] = (user, now + Self.memory)
        }
    }
}
