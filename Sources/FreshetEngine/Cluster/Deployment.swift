import FreshetCore
import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a process does as one of several: follows the others, tells them that it is there, keeps the line in front of the store.
struct Deployment: Sendable {
    let context: EngineContext
    let cluster: ClusterPart
    let engine: Engine

    /// Works until cancelled.
    func run() async {
        let (documents, sources) = (Wakeup(), Wakeup())
        await withDiscardingTaskGroup { group in
            group.addTask { await listen(documents: documents, sources: sources) }
            let follower = ChangeFollower(context: context, cluster: cluster, wakeup: documents)
            group.addTask { await follower.run() }
            let rests = RestFollower(
                context: context, cluster: cluster, governors: engine.governors, wakeup: sources
            ) { [dispatchers = engine.dispatchers] in dispatchers[$0]?.poke() }
            group.addTask { await rests.run() }
            let members = MemberKeeper(
                context: context, cluster: cluster, startedAt: engine.startedAt, pid: Int(getpid()))
            group.addTask { await members.run() }
            if let slots = context.slots { group.addTask { await slots.run() } }
            if let keeper = cluster.setup.keeper {
                group.addTask { await keeper.run(context, cluster: cluster) { engine.pokeAll() } }
            }
        }
    }

    /// Hears what the others tell.
    private func listen(documents: Wakeup, sources: Wakeup) async {
        while !Task.isCancelled {
            for await news in cluster.wire.rings() {
                switch news {
                case .documents: documents.signal()
                case .jobs: engine.pokeAll()
                case .sources:
                    sources.signal()
                    engine.pokeAll()
                }
            }
            // The wire has ended: listen anew, if it ever comes back.
            try? await context.clock.sleep(for: .seconds(1))
        }
    }
}

extension Engine {
    /// Lets every dispatcher look.
    func pokeAll() { for dispatcher in dispatchers.values { dispatcher.poke() } }
}

extension Engine {
    /// Whether this process has nothing in its hands and nothing is due in the queue, as far as can be known.
    public func isIdle() async -> Bool {
        guard dispatchers.values.allSatisfy({ $0.leased.isEmpty }) else { return false }
        if let keeper = context.cluster?.setup.keeper, case .nowhere = keeper.state.leasing { return false }
        do throws(StoreError) {
            guard try await store.depth(source: nil).total(.ready) == 0 else { return false }
            let due = try await store.nextWaiting(of: configuration.datasets.map(\.id))
            return due.map { $0 > context.steady.now() } ?? true
        } catch {
            return false
        }
    }
}
