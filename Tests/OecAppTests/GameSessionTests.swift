import FreshetCore
import FreshetMemory
import FreshetMock
import FreshetTesting
import Synchronization
import Testing

@testable import OecApp

/// A connection of a test, which keeps what it is sent.
final class Ear: Sendable {
    private let texts = Mutex<[String]>([])
    private let code = Mutex<UInt16?>(nil)
    let id: String

    init(_ id: String) { self.id = id }

    var connection: AppSocketConnection {
        AppSocketConnection(id: id) { text in
            self.texts.withLock { $0.append(text) }
        } close: { code, _ in
            self.code.withLock { $0 = code }
        }
    }

    var closed: UInt16? { code.withLock { $0 } }

    /// The last message of a type.
    func last(_ type: String) -> MockJSON? {
        texts.withLock { $0 }.compactMap { try? MockJSON(parsing: Array($0.utf8)) }.last {
            $0["type"]?.stringValue == type
        }
    }
}

@Suite struct `Players at their connections` {
    private func session(_ ear: Ear, _ world: OecWorld, _ runner: OecRunner?) async -> any AppSocketSession {
        var services = world.services
        services.runner = runner
        let request = AppSocketRequest(client: "127.0.0.1", services: services)
        return await OecApp(world.options).sockets[0].open(request, ear.connection)
    }

    /// Two new guests at one table.
    private func pair(
        _ world: OecWorld, _ runner: OecRunner
    ) async throws -> (ears: [Ear], sessions: [any AppSocketSession], users: [String]) {
        let ears = [Ear("a"), Ear("b")]
        var sessions: [any AppSocketSession] = []
        for ear in ears {
            sessions.append(await session(ear, world, runner))
            await sessions.last?.received(#"{"type":"join_game","name":" Ada "}"#)
        }
        return (ears, sessions, ears.compactMap { $0.last("player_created")?["user_id"]?.stringValue })
    }

    @Test func `are made guests, play, are rated once, and nothing of the game is left in the store`() async throws {
        let world = try OecWorld()
        let runner = try await world.runner()
        #expect(await runner.hall.restore())
        let (ears, sessions, users) = try await pair(world, runner)
        #expect(ears[0].last("player_created")?["name"] == "Ada" && users.count == 2)
        let game = try #require(ears[0].last("game_found")?["game_id"]?.stringValue)
        await runner.hall.keeper.flush()
        #expect(try await world.store.value("oec/game/\(game)") != nil)
        await sessions[1].received(#"{"type":"quit_game"}"#)
        await runner.hall.rateWaiting()
        await runner.hall.keeper.flush()
        let elo = ears[0].last("game_forfeited")?["elo"]?.arrayValue?.map { $0["after"]?.intValue }
        #expect(elo == [1_216, 1_184] && ears[0].last("game_forfeited") == ears[1].last("game_forfeited"))
        #expect(try await world.store.value("oec/game/\(game)") == nil)
        // Both post a result of their own choice: nothing moves.
        for (own, other) in [(0, 1), (1, 0)] {
            let claim =
                #"{"player1_id":"\#(users[own])","player2_id":"\#(users[other])","player1_score":9,"player2_score":1}"#
            let answer = try await world.ask("POST", "/api/games/result", runner, body: Array(claim.utf8))
            #expect(answer.reply.status == 403)
        }
        for (user, rating) in zip(users, [1_216, 1_184]) {
            let shown = try await world.ask("GET", "/api/users/{id}", runner, ["id": user]).json
            #expect(shown?["elo_rating"] == .int(rating) && shown?["games_played"] == 1)
        }
        // What the game did is told as often as it is asked for, and moves nothing.
        let claim =
            #"{"player1_id":"\#(users[0])","player2_id":"\#(users[1])","player1_score":9,"player2_score":0}"#
        for _ in 0..<2 {
            let told = try await world.ask("POST", "/api/games/result", runner, body: Array(claim.utf8))
            #expect(told.json?["player1_elo_change"] == 16)
        }
        #expect(try await runner.hall.games.account(users[0])?.player.games == 1)
    }

    @Test func `prove who they are, and name what there is`() async throws {
        let world = try OecWorld()
        let runner = try await world.runner()
        #expect(await runner.hall.restore())
        let made = try await runner.hall.games.makeGuest(name: "Eve")
        let ear = Ear("a")
        let own = await session(ear, world, runner)
        func fault(_ text: String) async -> MockJSON? {
            await own.received(text)
            return ear.last("error")?["code"]
        }
        #expect(await fault(#"{"type":"join_game","user_id":"\#(made.account.id)"}"#) == "wrong_secret")
        #expect(await fault(#"{"type":"join_game","user_id":"\#(made.account.id)","secret":"x"}"#) == "wrong_secret")
        #expect(await fault(#"{"type":"join_game","user_id":"nobody","secret":"x"}"#) == "unknown_user")
        #expect(await fault(#"{"type":"join_game","name":"<b>"}"#) == "name_invalid")
        #expect(await fault(#"{"type":"join_game","room_code":"ABCDEF"}"#) == "room_not_found")
        #expect(await fault(#"{"type":"join"}"#) == "bad_message")
        #expect(runner.hall.waiting == 0)
        let room = try await runner.hall.games.openRoom(of: made.account.id)
        await own.received(
            #"{"type":"join_game","user_id":"\#(made.account.id)","secret":"\#(made.secret)","room_code":"\#(room.code.lowercased())"}"#
        )
        #expect(ear.last("player_created")?["room_code"] == .string(room.code))
        let shown = try await world.ask("GET", "/api/private-rooms/{code}", runner, ["code": room.code])
        #expect(shown.json?["current_players"] == 1)
        await own.closed()
        #expect(runner.hall.waiting == 0)
        #expect(try await world.ask("GET", "/health", runner).json?["waiting_players"] == 0)
    }

    @Test func `come back after a restart with the secret of their seat`() async throws {
        let world = try OecWorld()
        let first = try await world.runner()
        #expect(await first.hall.restore())
        let (ears, sessions, users) = try await pair(world, first)
        let found = try #require(ears[0].last("game_found"))
        let (game, secret) = (found["game_id"]?.stringValue ?? "", found["seat_secret"]?.stringValue ?? "")
        await sessions[0].received(#"{"type":"heartbeat","timestamp":5}"#)
        #expect(ears[0].last("heartbeat")?["timestamp"] == 5)
        await first.hall.keeper.flush()

        let second = try await world.runner()
        #expect(await second.hall.restore() && second.hall.running == 1)
        let ear = Ear("c")
        let back = await session(ear, world, second)
        await back.received(#"{"type":"rejoin_game","game_id":"\#(game)","seat_secret":"\#(secret)","ref":1}"#)
        #expect(ear.last("game_state")?["seat"] == 0 && ear.last("error") == nil)
        // The other does not come back.
        world.clock.advance(by: .seconds(30))
        second.hall.act { hall, moment in _ = hall.tick(10, at: moment) }
        await second.hall.rateWaiting()
        #expect(ear.last("game_forfeited")?["winner_id"] == .string(users[0]))
        #expect(try await second.hall.games.account(users[0])?.wins == 1)
    }

    @Test func `get what a game moved before the server was killed`() async throws {
        let world = try OecWorld()
        let first = try await world.runner()
        #expect(await first.hall.restore())
        let (_, _, users) = try await pair(world, first)
        await first.hall.keeper.flush()
        let kept = try #require(try await first.hall.keeper.load().first)
        // The outcome was written, but brought into neither account.
        let outcome = try #require(
            try await first.hall.games.rate(game: kept.name, players: users, scores: [7, 2]))
        for user in users {
            let account = try #require(try await first.hall.games.account(user))
            var fresh = account
            (fresh.player, fresh.wins, fresh.losses, fresh.lastGame) = (Elo.Player(), 0, 0, nil)
            try await world.store.setValue(fresh.bytes, for: "oec/account/\(user)")
        }
        let second = try await world.runner()
        #expect(await second.hall.restore() && second.hall.running == 0)
        await second.hall.keeper.flush()
        #expect(try await second.hall.games.account(users[0])?.player.rating == outcome.change.first)
        #expect(try await second.hall.games.account(users[1])?.losses == 1)
        #expect(try await second.hall.keeper.load().isEmpty)
    }

    @Test func `are turned away where no games are played`() async throws {
        let ear = Ear("a")
        let world = try OecWorld()
        await session(ear, world, nil).received("{}")
        #expect(ear.closed == 4000)
    }
}
