import FreshetCore
import FreshetEngine
import FreshetPostgres
import FreshetRedis
import Glibc
import Logging

/// Opens what several processes share: PostgreSQL, and Redis in front of it where one is configured.
struct ClusterOpening {
    let configuration: Configuration
    let role: ProcessRole
    let logger: Logger
    let clock: any FreshetClock

    /// Opens the store, and the coordinator if there is one.
    ///
    /// - Throws: ``RuntimeError`` when the store cannot be reached; a coordinator that is away is waited for while working.
    func open(_ connection: Secret) async throws(RuntimeError) -> ClusterSetup {
        let store = try await openStore(connection)
        let member = ClusterOpening.member()
        let about = (version: Version.text, host: ClusterOpening.host())
        guard case .redis(let url) = configuration.coordinator else {
            await leaveLine(store)
            return ClusterSetup(
                member: member, role: role, store: store, wire: PostgresWire(news: store.news), about: about)
        }
        do throws(StoreError) {
            let coordinator = try RedisCoordinator(RedisOptions(url: url))
            let coordinated = CoordinatedStore(store, coordinator: coordinator, clock: clock)
            await coordinated.follow()
            return ClusterSetup(member: member, role: role, coordinated: coordinated, about: about)
        } catch {
            throw .store("coordinator: \(error)")
        }
    }

    private func openStore(_ connection: Secret) async throws(RuntimeError) -> PostgresStore {
        do throws(StoreError) {
            let store = try await PostgresStore.open(PostgresOptions(connection: connection))
            if !store.report.migrations.isEmpty {
                logger.notice("the store was brought up to date: \(store.report.migrations.joined(separator: ", "))")
            }
            return store
        } catch {
            if error.isRetryable { throw .away("\(error)") }
            throw .store("\(error)")
        }
    }

    /// A queue that was left in a line that this process knows nothing of goes on in the store.
    private func leaveLine(_ store: PostgresStore) async {
        do throws(StoreError) {
            guard try await QueueHandover.toStore(store, now: clock.now()) else { return }
            logger.notice(
                "the queue was in the line of a coordinator that is not configured here; it goes on in the store")
        } catch {
            logger.warning("where the queue is cannot be read: \(error)")
        }
    }

    /// A name that no other process has.
    private static func member() -> ClusterMember {
        let part = String(UInt32.random(in: .min ... .max), radix: 36)
        return ClusterMember(name: "\(host())-\(getpid())-\(part)")
    }

    private static func host() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
