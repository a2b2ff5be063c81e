import FreshetCore
import Logging
import Synchronization

/// Follows what other processes write: catalog, waiting readers, event subscribers.
///
/// It looks at each ring, and by itself: often without a live wire, once a second with one, so a missed ring costs little. The
/// bodies of changed documents are loaded only for those held in memory.
struct ChangeFollower: Sendable {
    /// Between looks without a live wire.
    static let often = Duration.milliseconds(50)
    /// Between looks with one.
    static let seldom = Duration.seconds(1)
    /// Changes in one page.
    static let page = 1000
    /// Bodies loaded at once.
    static let width = 8

    let context: EngineContext
    let cluster: ClusterPart
    let wakeup: Wakeup

    /// Follows until cancelled.
    func run() async {
        var mark: ChangeMark?
        var isAway = false
        var missed: [DocumentID] = []
        var rung = Duration.zero
        while !Task.isCancelled {
            do {
                mark = try await follow(from: mark, missed: &missed)
                if isAway { context.logger.notice("the changes of other processes are followed again") }
                isAway = false
                // Others write events that change no document, too.
                let now = context.clock.monotonic()
                if cluster.wire.isLive || now - rung >= Self.seldom {
                    context.bell.ring()
                    rung = now
                }
            } catch {
                if !isAway {
                    context.logger.warning(
                        "the changes of other processes cannot be followed (\(error)); reads go on from memory")
                }
                isAway = true
            }
            let pause = isAway ? Duration.milliseconds(500) : cluster.wire.isLive ? Self.seldom : Self.often
            await wakeup.wait(until: context.clock.monotonic() + pause, clock: context.clock)
        }
    }

    /// Takes over everything since `mark`, and what could not be loaded before.
    private func follow(
        from mark: ChangeMark?, missed: inout [DocumentID]
    ) async throws(StoreError) -> ChangeMark {
        var mark = mark
        while true {
            let isFirst = mark == nil
            let page = try await cluster.store.changes(since: mark, limit: Self.page)
            mark = page.mark
            let changed = Set(missed + take(page.changes))
            // Whatever becomes of the loads: the mark has moved on, so what fails is remembered here.
            missed = await load(changed)
            for change in page.changes { context.waiters.attemptEnded(change.id) }
            if !page.changes.isEmpty { context.bell.ring() }
            if isFirst || page.changes.count < Self.page { return page.mark }
        }
    }

    /// Takes over what needs no body.
    ///
    /// - Returns: The documents in memory whose bodies have changed.
    private func take(_ changes: [(id: DocumentID, state: DocumentState)]) -> [DocumentID] {
        var changed: [DocumentID] = []
        for change in changes {
            guard let held = context.catalog.entry(change.id)?.served else {
                cluster.recent.note(change.id, version: change.state.version)
                continue
            }
            if held.version < change.state.version {
                changed.append(change.id)
            } else {
                context.catalog.confirm(change.id, state: change.state)
            }
        }
        return changed
    }

    /// Loads bodies into memory.
    ///
    /// - Returns: Those that could not be loaded.
    private func load(_ ids: Set<DocumentID>) async -> [DocumentID] {
        guard !ids.isEmpty else { return [] }
        let (catalog, store) = (context.catalog, cluster.store)
        return await withTaskGroup(of: DocumentID?.self) { group in
            var failed: [DocumentID] = []
            for (index, id) in ids.enumerated() {
                if index >= Self.width, let missed = await group.next() ?? nil { failed.append(missed) }
                group.addTask {
                    do throws(StoreError) {
                        if let document = try await store.document(id) { catalog.publish(document) }
                        return nil
                    } catch {
                        return id
                    }
                }
            }
            for await missed in group { if let missed { failed.append(missed) } }
            return failed
        }
    }
}

/// What changed lately of documents that are not in memory: a load that began before the change must not end after it unnoticed.
final class RecentChanges: Sendable {
    static let most = 20_000
    private let versions = Mutex<(young: [DocumentID: Int], old: [DocumentID: Int])>(([:], [:]))

    func note(_ id: DocumentID, version: Int) {
        versions.withLock { versions in
            versions.young[id] = version
            if versions.young.count >= RecentChanges.most { versions = ([:], versions.young) }
        }
    }

    /// Whether a newer version than this was told of lately.
    func isNewer(than version: Int, of id: DocumentID) -> Bool {
        versions.withLock { ($0.young[id] ?? $0.old[id] ?? 0) > version }
    }
}
