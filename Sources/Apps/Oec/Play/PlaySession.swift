import FreshetCore

/// One connection of a player: reads messages, asks the store who that is, and tells the hall.
final class PlaySession: AppSocketSession {
    private let id: String
    private let client: String
    private let runner: OecRunner
    private var hall: HallService { runner.hall }

    init(_ connection: AppSocketConnection, client: String, runner: OecRunner) async {
        (id, self.client, self.runner) = (connection.id, client, runner)
        await runner.hall.ready()
        runner.hall.enter(connection, client: client)
    }

    func received(_ text: String) async {
        do {
            let message = try PlayMessage(text)
            let (id, ref) = (id, message.ref)
            guard hall.act({ $0.admits(id, ref: ref, at: $1) }) else { return }
            await obey(message.wish, ref)
        } catch {
            let id = id
            hall.act { hall, moment in
                if hall.admits(id, ref: error.ref, at: moment) {
                    hall.refuse(id, .badMessage, error.text, ref: error.ref)
                }
            }
        }
    }

    func closed() async { hall.exit(id) }

    private func obey(_ wish: PlayMessage.Wish, _ ref: [UInt8]?) async {
        let id = id
        switch wish {
        case .join(let join): await self.join(join, ref)
        case .computer: hall.act { $0.playComputer(id, ref: ref, at: $1) }
        case .leaveQueue: hall.act { hall, _ in hall.leaveQueue(id, ref: ref) }
        case .play(let country, let round):
            hall.act { $0.play(id, country: country, round: round, ref: ref, at: $1) }
        case .state: hall.act { $0.state(id, ref: ref, at: $1) }
        case .rejoin(let game, let secret): await rejoin(game, secret, ref)
        case .heartbeat(let timestamp): hall.act { $0.heartbeat(id, timestamp, at: $1) }
        case .quit: hall.act { $0.quit(id, ref: ref, at: $1) }
        case .leaving: hall.act { $0.leave(id, at: $1) }
        }
    }

    private func rejoin(_ game: String, _ secret: String, _ ref: [UInt8]?) async {
        let id = id
        if !hall.read({ $0.tables[game] != nil }), await hall.keeper.holds(game) {
            // Another process plays it, or had an end and is not followed yet.
            return refuse(.unavailable, ref)
        }
        hall.act { $0.rejoin(id, game: game, secret: secret, ref: ref, at: $1) }
    }

    // MARK: Who comes

    private func join(_ join: PlayMessage.Join, _ ref: [UInt8]?) async {
        let id = id
        // Before a guest is made for nothing.
        if let game = hall.read({ $0.hindrance(id, user: nil) }) { return refuse(.alreadyPlaying, ref, game: game) }
        do {
            var room: String?
            if let code = join.room {
                room = try await hall.games.room(code)?.code
                if room == nil { return refuse(.roomNotFound, ref) }
            }
            let (account, secret) = try await account(join)
            let player = Table.Player(user: account.id, name: account.name, rating: account.player.rating)
            hall.act {
                $0.join(
                    id, player, secret: secret, room: room, isForComputer: join.isForComputer, ref: ref, at: $1)
            }
        } catch let fault as PlayFault {
            refuse(fault, ref)
        } catch {
            refuse(.unavailable, ref)
        }
    }

    /// The player who is proven, or a new guest.
    ///
    /// - Throws: ``PlayFault``, or what the store throws.
    private func account(_ join: PlayMessage.Join) async throws -> (Account, String?) {
        if let user = join.user {
            guard let account = try await hall.games.account(user) else { throw PlayFault.unknownUser }
            guard account.isProven(by: join.secret ?? "") else { throw PlayFault.wrongSecret }
            return (account, nil)
        }
        let name = join.name?.trimmed
        if let name, !name.isEmpty, Account.fault(in: name) != nil { throw PlayFault.nameInvalid }
        guard runner.mayMakeGuest(client) else { throw PlayFault.tooMany }
        return try await hall.games.makeGuest(name: name.flatMap { $0.isEmpty ? nil : $0 })
    }

    private func refuse(_ fault: PlayFault, _ ref: [UInt8]?, game: String? = nil) {
        let id = id
        hall.act { hall, _ in hall.refuse(id, fault, ref: ref, game: game) }
    }
}

extension String {
    /// Without spaces around it.
    var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
