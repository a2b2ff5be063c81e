import FreshetCore
import Synchronization

/// Brings running games into the store, the latest state of each, in the order in which they changed.
///
/// Play never waits for it: a state that is not written yet is replaced by a newer one.
final class GameKeeper: Sendable {
    /// Below which games are kept.
    static let prefix = "oec/game/"
    /// How long to wait after the store failed.
    private static let pause = Duration.seconds(1)

    private struct State {
        /// What is to be written; a value of `nil` removes the game.
        var wanted: [String: [UInt8]?] = [:]
        var order: [String] = []
        var problem: String?
    }

    private let store: any StateStore
    private let clock: any FreshetClock
    private let state = Mutex(State())
    private let bell = PlayBell()

    init(store: any StateStore, clock: any FreshetClock) { (self.store, self.clock) = (store, clock) }

    /// How many games wait to be written.
    var waiting: Int { state.withLock { $0.order.count } }
    /// Why the store could not be written the last time; `nil` when it could.
    var problem: String? { state.withLock { $0.problem } }

    /// Notes what becomes of a game; `nil` removes it.
    func put(_ game: String, _ bytes: [UInt8]?) {
        state.withLock { state in
            if state.wanted.updateValue(bytes, forKey: game) == nil { state.order.append(game) }
        }
        bell.ring()
    }

    /// Writes until cancelled, then what is left.
    func run() async {
        await bell.answer { await self.flush() }
        await flush()
    }

    /// Writes what waits.
    func flush() async {
        while let (game, bytes) = next() {
            do {
                try await store.setValue(bytes, for: Self.prefix + game)
                state.withLock { $0.problem = nil }
            } catch {
                let problem = "\(error)"
                let isCancelled = Task.isCancelled
                state.withLock { state in
                    state.problem = problem
                    // A newer state may have come meanwhile.
                    guard !isCancelled, state.wanted[game] == nil else { return }
                    state.wanted.updateValue(bytes, forKey: game)
                    state.order.append(game)
                }
                if isCancelled { continue }
                try? await clock.sleep(for: Self.pause)
            }
        }
    }

    private func next() -> (String, [UInt8]?)? {
        state.withLock { state in
            guard !state.order.isEmpty else { return nil }
            let game = state.order.removeFirst()
            return state.wanted.removeValue(forKey: game).map { (game, $0) }
        }
    }

    /// Whether the store has a running game, or cannot say.
    func holds(_ game: String) async -> Bool {
        do {
            return try await store.value(Self.prefix + game) != nil
        } catch {
            return true
        }
    }

    /// Every game that is kept.
    func load() async throws(StoreError) -> [(name: String, value: [UInt8])] {
        var (found, after): ([(name: String, value: [UInt8])], String?) = ([], nil)
        while true {
            let page = try await store.values(prefix: Self.prefix, after: after, limit: 500)
            found += page.map { (String($0.name.dropFirst(Self.prefix.count)), $0.value) }
            guard page.count == 500, let last = page.last else { return found }
            after = last.name
        }
    }
}

/// Wakes one worker: rings that come while it works are answered once.
struct PlayBell: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func ring() { continuation.yield() }

    /// Works at each ring until cancelled.
    func answer(_ work: () async -> Void) async {
        for await _ in stream { await work() }
    }
}
