import FreshetCore
import Synchronization

/// The hall at work: performs what it decides, drives its clock, keeps and rates its games.
///
/// Safe from any task. Effects happen outside of the lock, in the order in which they were decided.
final class HallService: Sendable {
    /// The longest time between two looks at the clock; whatever comes up by itself is due later than that.
    static let pace = Duration.seconds(1)
    /// Games that are looked at before others get their turn.
    private static let slice = 16
    /// How long to wait after the store failed.
    private static let pause = Duration.seconds(1)

    private struct State {
        var hall: Hall
        var connections: [String: AppSocketConnection] = [:]
        var ratings = RatingQueue()
        var isPerforming = false
        var isReady = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let games: GameStore
    let keeper: GameKeeper
    /// `nil` where no other process uses the store.
    private let share: HallShare?
    private let clock: any FreshetClock
    private let matrix: @Sendable () -> ExportMatrix
    private let state: Mutex<State>
    private let bell = PlayBell()

    init(
        store: any StateStore, isShared: Bool, clock: any FreshetClock, hall: Hall = Hall(),
        matrix: @escaping @Sendable () -> ExportMatrix
    ) {
        games = GameStore(store: store, clock: clock)
        keeper = GameKeeper(store: store, clock: clock)
        (self.clock, self.matrix) = (clock, matrix)
        share = isShared ? HallShare(store: store, owner: hall.owner) : nil
        state = Mutex(State(hall: hall))
    }

    // MARK: Asking

    /// Games that are played.
    var running: Int { state.withLock { $0.hall.running } }
    /// Players who wait.
    var waiting: Int { state.withLock { $0.hall.lobby.count } }
    /// Players who wait in a room.
    func waiting(in room: String) -> Int { state.withLock { $0.hall.lobby.count(in: room) } }

    /// Reads the hall.
    func read<Result: Sendable>(_ body: (Hall) -> Result) -> Result { state.withLock { body($0.hall) } }

    /// Returns once the games that were kept are back.
    func ready() async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if !state.isReady { state.waiters.append(continuation) }
                return state.isReady
            }
            if isReady { continuation.resume() }
        }
    }

    // MARK: Acting

    func enter(_ connection: AppSocketConnection, client: String) {
        state.withLock { $0.connections[connection.id] = connection }
        act { $0.connect(connection.id, client: client, at: $1) }
    }

    func exit(_ id: String) {
        act { $0.disconnect(id, at: $1) }
        state.withLock { _ = $0.connections.removeValue(forKey: id) }
    }

    /// Lets the hall decide, and performs it.
    @discardableResult
    func act<Result: Sendable>(_ body: (inout Hall, Hall.Moment) -> Result) -> Result {
        let moment = Hall.Moment(now: clock.monotonic(), wall: clock.now(), matrix: matrix())
        let (result, isOurs) = state.withLock { state in
            let result = body(&state.hall, moment)
            defer { state.isPerforming = true }
            return (result, !state.isPerforming)
        }
        // Whoever performs already takes these effects, too, after the earlier ones.
        if isOurs { while perform() {} }
        return result
    }

    private enum Deed {
        case send(AppSocketConnection, String)
        case close(AppSocketConnection, UInt16, String)
        case keep(String, [UInt8]?)
        case rate
    }

    /// Performs what is decided; `false` when there was nothing.
    private func perform() -> Bool {
        let deeds = state.withLock { state -> [Deed] in
            let deeds = state.hall.takeEffects().compactMap { effect -> Deed? in
                switch effect {
                case .send(let id, let text): return state.connections[id].map { .send($0, text) }
                case .close(let id, let code, let reason):
                    return state.connections[id].map { .close($0, code, reason) }
                case .keep(let game, let bytes): return .keep(game, bytes)
                case .forget(let game): return .keep(game, nil)
                case .rate(let wish):
                    state.ratings.add(wish)
                    return .rate
                }
            }
            if deeds.isEmpty { state.isPerforming = false }
            return deeds
        }
        for deed in deeds {
            switch deed {
            case .send(let connection, let text): connection.send(text)
            case .close(let connection, let code, let reason): connection.close(code, reason)
            case .keep(let game, let bytes): keeper.put(game, bytes)
            case .rate: bell.ring()
            }
        }
        return !deeds.isEmpty
    }

    // MARK: By itself

    /// Brings kept games back, then drives the clock, keeps and rates until cancelled.
    func run() async {
        guard await restore() else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keeper.run() }
            group.addTask { await self.rateAll() }
            group.addTask { await self.drive() }
            if let share { group.addTask { await self.keepShare(share) } }
            await group.waitForAll()
        }
    }

    /// Gives signs of life, and takes over what others have left.
    private func keepShare(_ share: HallShare) async {
        var last = clock.monotonic()
        while !Task.isCancelled {
            try? await clock.sleep(for: HallShare.pace)
            if Task.isCancelled { break }
            // A process that stood still has lost its games to others.
            if clock.monotonic() - last >= HallShare.patience { act { hall, _ in hall.surrender() } }
            do {
                try await adoptKept()
                last = clock.monotonic()
            } catch {
                // The next try comes at once; a store that is away for everybody takes no game from anybody.
            }
        }
        await share.end()
    }

    private func drive() async {
        var looked: Duration?
        while !Task.isCancelled {
            let now = clock.monotonic()
            if looked.map({ now - $0 >= Self.pace }) ?? true {
                act { $0.look(at: $1) }
                looked = now
            }
            while act({ $0.tick(Self.slice, at: $1) }) { await Task.yield() }
            let due = state.withLock { $0.hall.nextDue } ?? .seconds(Int64.max / 4)
            try? await clock.sleep(untilMonotonic: min(due, clock.monotonic() + Self.pace))
        }
    }

    /// Takes in what the store kept of games: finished ones are rated, others wait for their players.
    ///
    /// - Returns: `false` when cancelled meanwhile.
    func restore() async -> Bool {
        while true {
            do {
                try await adoptKept()
                break
            } catch {
                try? await clock.sleep(for: Self.pause)
                if Task.isCancelled { return false }
            }
        }
        let waiters = state.withLock { state in
            defer { (state.isReady, state.waiters) = (true, []) }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
        return true
    }

    private func adoptKept() async throws(StoreError) {
        try await share?.beat(at: clock.now())
        let living = try await share?.living(at: clock.now())
        let now = clock.monotonic()
        var tables: [Table] = []
        for (name, bytes) in try await keeper.load() {
            if let living, KeptGame.owner(bytes).map({ living.contains($0) }) ?? false { continue }
            if let outcome = try await games.outcome(name) {
                // Rated before the end: brought into both accounts, where it is not yet.
                _ = try await games.settle(outcome)
                keeper.put(name, nil)
            } else if let table = KeptGame.table(bytes, now: now), table.id == name {
                if try await share?.take(name, bytes, table, now: now) ?? true { tables.append(table) }
            } else {
                keeper.put(name, nil)
            }
        }
        act { $0.adopt(tables, at: $1) }
    }

    // MARK: Ratings

    private func rateAll() async {
        await withDiscardingTaskGroup { group in
            await bell.answer {
                while let wish = state.withLock({ $0.ratings.next() }) {
                    group.addTask {
                        await self.rate(wish)
                        self.state.withLock { $0.ratings.done(wish) }
                        self.bell.ring()
                    }
                }
            }
        }
    }

    /// Rates whatever waits, one after the other: for tests and an orderly end.
    func rateWaiting() async {
        while let wish = state.withLock({ $0.ratings.next() }) {
            await rate(wish)
            state.withLock { $0.ratings.done(wish) }
        }
    }

    /// Rates a game, however long the store is away.
    private func rate(_ wish: RatingWish) async {
        while true {
            do {
                let outcome = try await games.rate(game: wish.game, players: wish.players, scores: wish.scores)
                act { $0.rated(wish.game, outcome, at: $1) }
                return
            } catch {
                // The game is kept until then, also over a restart.
                try? await clock.sleep(for: Self.pause)
                if Task.isCancelled { return }
            }
        }
    }
}
