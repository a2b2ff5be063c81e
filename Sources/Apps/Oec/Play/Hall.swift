import FreshetCore

/// Everybody who is connected, waits or plays: a machine that is given the time and says what to do.
///
/// A game is found by its id, a player by the connection; no event looks at games that it does not concern.
struct Hall: Sendable {
    /// When something happens, and what counts then.
    struct Moment: Sendable {
        /// Monotonic.
        var now: Duration
        var wall: Timestamp
        var matrix: ExportMatrix
    }

    /// What is to be done, in order.
    enum Effect: Sendable, Hashable {
        case send(connection: String, text: String)
        case close(connection: String, code: UInt16, reason: String)
        /// The game's value in the store is to become this.
        case keep(game: String, bytes: [UInt8])
        /// The game's value in the store is to go.
        case forget(game: String)
        case rate(RatingWish)
    }

    /// How much one client, and all together, may have.
    struct Limits: Sendable {
        var connectionsPerClient = 256
        var games = 20_000
        /// Messages of a connection that may come at once, and each second.
        var burst = 60.0
        var messagesPerSecond = 10.0
    }

    /// Somebody who is connected.
    struct Member: Sendable {
        let client: String
        var player: Table.Player?
        var seat: (game: String, number: Int)?
        /// Messages that may still come, and when that was reckoned.
        var allowance: (left: Double, at: Duration)
    }

    let limits: Limits
    /// Names this process in the games that it keeps.
    let owner: String
    var dice: any RandomNumberGenerator & Sendable
    private(set) var members: [String: Member] = [:]
    private var clients: [String: Int] = [:]
    private(set) var tables: [String: Table] = [:]
    /// Running games by account.
    private var playing: [String: String] = [:]
    private(set) var lobby = Lobby()
    private var timers = HallTimers()
    private var told: DataNote?
    private var effects: [Effect] = []

    init(limits: Limits = Limits(), dice: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        (self.limits, self.dice) = (limits, dice)
        owner = String(Account.secret(using: &self.dice).prefix(16))
    }

    /// Games that are not over.
    var running: Int { playingTables }
    private var playingTables = 0

    /// When something happens by itself next.
    var nextDue: Duration? { timers.next }

    /// What is to be done since the last time.
    mutating func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    // MARK: Connections

    mutating func connect(_ id: String, client: String, at moment: Moment) {
        guard clients[client, default: 0] < limits.connectionsPerClient else {
            send(id, PlayText.error(.tooMany, "Too many connections from this address.", ref: nil))
            effects.append(.close(connection: id, code: 1008, reason: "too many connections from this address"))
            return
        }
        clients[client, default: 0] += 1
        members[id] = Member(client: client, allowance: (limits.burst, moment.now))
        send(id, PlayText.connected(DataNote(moment.matrix, at: moment.wall), at: moment.wall))
    }

    mutating func disconnect(_ id: String, at moment: Moment) {
        guard let member = members[id] else { return }
        leave(id, at: moment)
        members[id] = nil
        let left = (clients[member.client] ?? 1) - 1
        clients[member.client] = left > 0 ? left : nil
    }

    /// Whether a message of a connection is to be read; says so when it is not.
    mutating func admits(_ id: String, ref: [UInt8]?, at moment: Moment) -> Bool {
        guard var allowance = members[id]?.allowance else { return false }
        let seconds = Double((moment.now - allowance.at).microseconds) / 1e6
        allowance = (min(limits.burst, allowance.left + seconds * limits.messagesPerSecond), moment.now)
        let isAdmitted = allowance.left >= 1
        if isAdmitted { allowance.left -= 1 } else { refuse(id, .tooMany, ref: ref) }
        members[id]?.allowance = allowance
        return isAdmitted
    }

    mutating func refuse(_ id: String, _ fault: PlayFault, _ text: String? = nil, ref: [UInt8]?, game: String? = nil) {
        send(id, PlayText.error(fault, text, ref: ref, game: game))
    }

    mutating func heartbeat(_ id: String, _ timestamp: [UInt8]?, at moment: Moment) {
        send(id, PlayText.heartbeat(timestamp, at: moment.wall))
    }

    private mutating func send(_ id: String, _ text: String) { effects.append(.send(connection: id, text: text)) }

    /// Sends to whoever sits at a table.
    private mutating func tell(_ table: Table, _ text: (Int) -> String) {
        for (seat, connection) in table.connections.enumerated() {
            if let connection { send(connection, text(seat)) }
        }
    }

    // MARK: Waiting

    /// The running game that keeps a connection or an account from another; `nil` when there is none.
    func hindrance(_ id: String, user: String?) -> String? {
        if let seat = members[id]?.seat, tables[seat.game]?.ending == nil { return seat.game }
        return user.flatMap { playing[$0] }
    }

    /// Seats a player with another, or lets them wait; with the computer at once, whoever else waits.
    mutating func join(
        _ id: String, _ player: Table.Player, secret: String?, room: String?, isForComputer: Bool = false,
        ref: [UInt8]?, at moment: Moment
    ) {
        guard members[id] != nil, let user = player.user else { return }
        if let game = hindrance(id, user: user) { return refuse(id, .alreadyPlaying, ref: ref, game: game) }
        guard playingTables < limits.games else { return refuse(id, .tooManyGames, ref: ref) }
        if let earlier = lobby.connection(of: user), earlier != id {
            _ = lobby.leave(earlier)
            effects.append(.close(connection: earlier, code: 4001, reason: "the player waits on another connection"))
        }
        _ = lobby.leave(id)
        stand(id)
        members[id]?.player = player
        send(id, PlayText.playerCreated(player, secret: secret, room: room))
        let waiting = Lobby.Player(id: id, user: user, room: room)
        if isForComputer {
            // Nobody else is seated with them meanwhile: they come again when there are values.
            guard Deal.isPossible(moment.matrix) else { return refuse(id, .noData, ref: ref) }
            return begin([id, nil], room: nil, ref: ref, at: moment)
        }
        guard Deal.isPossible(moment.matrix) else {
            lobby.wait(waiting)
            return refuse(id, .noData, ref: ref)
        }
        if let opponent = lobby.join(waiting) { begin([opponent.id, id], room: waiting.room, ref: ref, at: moment) }
    }

    mutating func playComputer(_ id: String, ref: [UInt8]?, at moment: Moment) {
        guard lobby[id] != nil else { return refuse(id, .notWaiting, ref: ref) }
        guard playingTables < limits.games else { return refuse(id, .tooManyGames, ref: ref) }
        guard Deal.isPossible(moment.matrix) else { return refuse(id, .noData, ref: ref) }
        _ = lobby.leave(id)
        begin([id, nil], room: nil, ref: ref, at: moment)
    }

    mutating func leaveQueue(_ id: String, ref: [UInt8]?) {
        if lobby.leave(id) == nil { refuse(id, .notWaiting, ref: ref) }
    }

    private mutating func begin(_ seats: [String?], room: String?, ref: [UInt8]?, at moment: Moment) {
        guard let deal = Deal.make(moment.matrix, using: &dice) else { return }
        let secrets = seats.map { $0 == nil ? nil : Account.secret(using: &dice) }
        var table = Table(
            id: "game_" + Account.secret(using: &dice).prefix(20),
            game: Game(deal: deal, secrets: secrets, now: moment.now),
            players: seats.map { id in id.flatMap { members[$0]?.player } ?? .computer }, startedAt: moment.wall,
            room: room, connections: seats)
        playingTables += 1
        for player in table.players { if let user = player.user { playing[user] = table.id } }
        for (number, id) in seats.enumerated() { if let id { members[id]?.seat = (table.id, number) } }
        let data = DataNote(moment.matrix, at: moment.wall)
        tell(table) { PlayText.gameFound(table, seat: $0, secret: secrets[$0] ?? "", data, at: moment.wall) }
        announce([.began(round: 0)], of: &table, at: moment)
        put(table)
    }

    // MARK: Playing

    mutating func play(_ id: String, country: String, round: Int, ref: [UInt8]?, at moment: Moment) {
        act(id, ref: ref, at: moment) { game, seat throws(PlayFault) in
            if case .over = game.phase { throw .gameOver }
            guard round == game.round + 1 else { throw .staleRound }
            guard let card = OecCatalogue.country(country) else { throw .notInHand }
            do throws(Game.Refusal) {
                return try game.play(card, seat: seat, now: moment.now, values: moment.matrix)
            } catch {
                throw PlayFault(error)
            }
        }
    }

    mutating func quit(_ id: String, ref: [UInt8]?, at moment: Moment) {
        act(id, ref: ref, at: moment) { game, seat throws(PlayFault) in
            do throws(Game.Refusal) {
                return try game.quit(seat: seat, now: moment.now)
            } catch {
                throw PlayFault(error)
            }
        }
    }

    private mutating func act(
        _ id: String, ref: [UInt8]?, at moment: Moment,
        _ body: (inout Game, Int) throws(PlayFault) -> [Game.News]
    ) {
        guard let seat = members[id]?.seat, var table = tables[seat.game] else { return refuse(id, .noGame, ref: ref) }
        do {
            let news = try body(&table.game, seat.number)
            announce(news, of: &table, at: moment)
            put(table)
        } catch {
            refuse(id, error, ref: ref)
        }
    }

    mutating func state(_ id: String, ref: [UInt8]?, at moment: Moment) {
        guard let seat = members[id]?.seat, let table = tables[seat.game] else { return refuse(id, .noGame, ref: ref) }
        show(table, seat.number, to: id, at: moment)
    }

    private mutating func show(_ table: Table, _ seat: Int, to id: String, at moment: Moment) {
        let data = DataNote(moment.matrix, at: moment.wall)
        send(id, PlayText.state(table, seat: seat, data, now: moment.now, at: moment.wall))
    }

    /// A connection takes the seat that it has the secret of; whoever had it before is closed.
    mutating func rejoin(_ id: String, game: String, secret: String, ref: [UInt8]?, at moment: Moment) {
        guard members[id] != nil else { return }
        guard var table = tables[game] else { return refuse(id, .noGame, ref: ref) }
        guard let seat = table.game.seat(provenBy: secret) else { return refuse(id, .wrongSecret, ref: ref) }
        if let other = hindrance(id, user: nil), other != game || members[id]?.seat?.number != seat {
            return refuse(id, .alreadyPlaying, ref: ref, game: other)
        }
        var news: [Game.News] = []
        if table.ending == nil {
            do throws(Game.Refusal) {
                news = try table.game.rejoin(seat: seat, secret: secret, now: moment.now)
            } catch {
                return refuse(id, PlayFault(error), ref: ref)
            }
        }
        _ = lobby.leave(id)
        if members[id]?.seat.map({ $0.game != game }) ?? false { stand(id) }
        if let older = table.connections[seat], older != id {
            members[older]?.seat = nil
            effects.append(.close(connection: older, code: 4001, reason: "the seat was taken by another connection"))
        }
        table.connections[seat] = id
        members[id]?.seat = (game, seat)
        members[id]?.player = table.players[seat]
        show(table, seat, to: id, at: moment)
        if table.isTold { send(id, PlayText.ended(table, year: moment.matrix.year, at: moment.wall)) }
        announce(news, of: &table, at: moment)
        put(table)
    }

    /// A player is gone, whether the connection is or not.
    mutating func leave(_ id: String, at moment: Moment) {
        _ = lobby.leave(id)
        guard let seat = members[id]?.seat, var table = tables[seat.game] else { return }
        members[id]?.seat = nil
        table.connections[seat.number] = nil
        announce(table.game.leave(seat: seat.number, now: moment.now), of: &table, at: moment)
        put(table)
    }

    /// Leaves a game that is over.
    private mutating func stand(_ id: String) {
        guard let seat = members[id]?.seat else { return }
        members[id]?.seat = nil
        tables[seat.game]?.connections[seat.number] = nil
    }
}

// MARK: - What happens by itself

extension Hall {
    /// Lets happen what is due, of at most so many games.
    ///
    /// - Returns: Whether more is due.
    mutating func tick(_ most: Int, at moment: Moment) -> Bool {
        for _ in 0..<most {
            guard let entry = timers.take(now: moment.now) else { return false }
            guard var table = tables[entry.game], table.due == entry.due else { continue }
            table.due = nil
            if table.overSince == nil {
                // One step after the other, so that each is told of as it stood.
                while table.overSince == nil, let due = table.game.nextTick, due <= moment.now {
                    let news = table.game.tick(now: due, values: moment.matrix)
                    if news.isEmpty { break }
                    announce(news, of: &table, at: moment)
                }
            } else if !table.isTold {
                tellEnd(of: &table, at: moment)
            } else {
                for connection in table.connections { if let connection { members[connection]?.seat = nil } }
                tables[table.id] = nil
                continue
            }
            put(table)
        }
        return timers.next.map { $0 <= moment.now } ?? false
    }

    /// Tells of values of another origin, and seats those who waited for values.
    mutating func look(at moment: Moment) {
        let data = DataNote(moment.matrix, at: moment.wall)
        if let told, data.isOther(than: told) {
            let text = PlayText.dataUpdated(data, at: moment.wall)
            for id in members.keys { send(id, text) }
        }
        told = data
        guard lobby.count > 1, Deal.isPossible(moment.matrix) else { return }
        for (first, second) in lobby.pairs() {
            begin([first.id, second.id], room: first.room, ref: nil, at: moment)
        }
    }

    /// A game was rated, or cannot be.
    mutating func rated(_ game: String, _ outcome: GameStore.Outcome?, at moment: Moment) {
        effects.append(.forget(game: game))
        guard var table = tables[game] else { return }
        table.outcome = outcome
        if !table.isTold { tellEnd(of: &table, at: moment) }
        put(table)
    }

    /// Takes over games that were kept; everybody is away.
    mutating func adopt(_ kept: [Table], at moment: Moment) {
        for var table in kept where tables[table.id] == nil {
            if table.ending == nil {
                playingTables += 1
                for player in table.players { if let user = player.user { playing[user] = table.id } }
            } else {
                close(&table, at: moment)
            }
            put(table)
        }
    }

    /// Gives every game up, since another process may have taken it over meanwhile; who comes back finds it there.
    mutating func surrender() {
        for id in members.keys {
            _ = lobby.leave(id)
            members[id]?.seat = nil
            effects.append(.close(connection: id, code: 4002, reason: "the games were given up; connect again"))
        }
        (tables, playing, playingTables, timers) = ([:], [:], 0, HallTimers())
    }

    private mutating func announce(_ news: [Game.News], of table: inout Table, at moment: Moment) {
        for item in news {
            let (table, game) = (table, table.game)
            switch item {
            case .began:
                let left = game.left(at: moment.now)
                tell(table) { PlayText.roundStarted(table, seat: $0, left: left, at: moment.wall) }
                effects.append(.keep(game: table.id, bytes: KeptGame.bytes(table, owner: owner, now: moment.now)))
            case .placed(let seat, let byClock):
                tell(table) { _ in PlayText.cardPlayed(table, seat: seat, byClock: byClock) }
            case .resolved:
                let text = PlayText.roundCompleted(
                    table, game.rounds.count - 1, next: game.left(at: moment.now), year: moment.matrix.year,
                    at: moment.wall)
                tell(table) { _ in text }
                effects.append(.keep(game: table.id, bytes: KeptGame.bytes(table, owner: owner, now: moment.now)))
            case .left(let seat, let grace):
                tell(table, except: seat) { PlayText.left(table, seat: seat, grace: grace, at: moment.wall) }
            case .returned(let seat):
                tell(table, except: seat) { PlayText.returned(table, seat: seat, now: moment.now) }
            case .ended: break
            }
        }
        if case .ended? = news.last {
            for player in table.players { if let user = player.user { playing[user] = nil } }
            playingTables -= 1
            close(&table, at: moment)
        }
    }

    private mutating func tell(_ table: Table, except seat: Int, _ text: () -> String) {
        if let connection = table.connections[1 - seat] { send(connection, text()) }
    }

    /// A game is over: it is rated first, or told of at once when it counts for nothing.
    private mutating func close(_ table: inout Table, at moment: Moment) {
        table.overSince = moment.now
        if let wish = table.rating {
            effects.append(.keep(game: table.id, bytes: KeptGame.bytes(table, owner: owner, now: moment.now)))
            effects.append(.rate(wish))
        } else {
            effects.append(.forget(game: table.id))
            tellEnd(of: &table, at: moment)
        }
    }

    private mutating func tellEnd(of table: inout Table, at moment: Moment) {
        table.isTold = true
        let text = PlayText.ended(table, year: moment.matrix.year, at: moment.wall)
        tell(table) { _ in text }
    }

    /// Puts a table back, and into the timers when its time is another.
    private mutating func put(_ table: Table) {
        var table = table
        if let due = table.nextDue, due != table.due {
            timers.add(HallTimers.Entry(due: due, game: table.id))
            table.due = due
        }
        tables[table.id] = table
    }
}
