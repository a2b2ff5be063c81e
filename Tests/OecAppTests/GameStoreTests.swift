import FreshetCore
import FreshetMemory
import FreshetMock
import FreshetTesting
import Testing

@testable import OecApp

@Suite struct `Players and results` {
    @Test func `a guest is proven by the secret that is told once`() async throws {
        let world = try OecWorld()
        let runner = try await world.runner()
        let made = try await world.ask(
            "POST", "/api/users/guest", runner, body: Array(#"{"name":" Ada 7 "}"#.utf8))
        #expect(made.json?["display_name"] == "Ada 7" && made.json?["elo_rating"] == 1200)
        let id = try #require(made.json?["id"]?.stringValue)
        let secret = try #require(made.json?["secret"]?.stringValue)
        let shown = try await world.ask("GET", "/api/users/{id}", runner, ["id": id])
        #expect(shown.json?["secret"] == nil && shown.json?["elo_category"] == "Intermediate")
        let account = try #require(try await GameStore(store: world.store, clock: world.clock).account(id))
        #expect(account.isProven(by: secret) && !account.isProven(by: secret + "x") && !account.isProven(by: ""))
        let kept = try #require(try await world.store.value("oec/account/\(id)"))
        #expect(!String(decoding: kept, as: UTF8.self).contains(secret))
        #expect(try await world.ask("GET", "/api/users/{id}", runner, ["id": "nobody"]).reply.status == 404)
    }

    @Test(arguments: [
        (#"{"name":"abcdefghijklmnopqrstu"}"#, "Name must be 20 characters or less"),
        (#"{"name":"<b>x</b>"}"#, "Name can only contain letters, numbers, and spaces"),
    ])
    func `a name that cannot be taken is refused`(body: String, detail: String) async throws {
        let world = try OecWorld()
        let answer = try await world.ask("POST", "/api/users/guest", world.runner(), body: Array(body.utf8))
        #expect(answer.reply.status == 400 && answer.json?["detail"] == .string(detail))
    }

    @Test func `names for guests fit the rules, and new guests are counted`() async throws {
        var random = SeededRandom(seed: 2)
        for _ in 0..<2_000 { #expect(Account.fault(in: Account.guestName(using: &random)) == nil) }
        let world = try OecWorld()
        let runner = try await world.runner()
        for _ in 0..<30 { #expect(try await world.ask("POST", "/api/users/guest", runner).reply.status == 200) }
        #expect(try await world.ask("POST", "/api/users/guest", runner).reply.status == 429)
        world.clock.advance(by: .seconds(61))
        #expect(try await world.ask("POST", "/api/users/guest", runner).reply.status == 200)
    }

    @Test func `a game is rated once, whoever tells of it again`() async throws {
        let world = try OecWorld()
        let store = GameStore(store: world.store, clock: world.clock)
        let (a, b) = (try await store.makeGuest(name: "A").account.id, try await store.makeGuest(name: "B").account.id)
        let first = try #require(try await store.rate(game: "g1", players: [a, b], scores: [9, 0]))
        #expect(first.change == Elo.Change(first: 1216, second: 1184, exchanged: 16))
        _ = try await store.rate(game: "g1", players: [a, b], scores: [0, 9])
        #expect(try await store.account(a)?.player == Elo.Player(rating: 1216, games: 1))
        #expect(try await store.account(b)?.losses == 1)
        // A true rematch with the same score counts.
        _ = try await store.rate(game: "g2", players: [a, b], scores: [9, 0])
        #expect(try await store.account(a)?.player.games == 2)
        // The computer's rating never moves.
        _ = try await store.rate(game: "g3", players: [a, nil], scores: [5, 4])
        #expect(try await store.account(a)?.player.games == 3)
    }

    @Test func `many told at once move a rating once`() async throws {
        let world = try OecWorld()
        let store = GameStore(store: world.store, clock: world.clock)
        let (a, b) = (try await store.makeGuest(name: "A").account.id, try await store.makeGuest(name: "B").account.id)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask { _ = try? await store.rate(game: "g", players: [a, b], scores: [3, 6]) }
            }
        }
        #expect(try await store.account(a)?.player == Elo.Player(rating: 1184, games: 1))
        #expect(try await store.account(b)?.player == Elo.Player(rating: 1216, games: 1))
    }

    @Test func `a result cannot be claimed`() async throws {
        let world = try OecWorld()
        let runner = try await world.runner()
        let store = GameStore(store: world.store, clock: world.clock)
        let (a, b) = (try await store.makeGuest(name: "A").account.id, try await store.makeGuest(name: "B").account.id)
        func claim(_ x: String, _ y: String, _ p: Int, _ q: Int) async throws -> (reply: AppReply, json: MockJSON?) {
            let body = "{\"player1_id\":\"\(x)\",\"player2_id\":\"\(y)\",\"player1_score\":\(p),\"player2_score\":\(q)}"
            return try await world.ask("POST", "/api/games/result", runner, body: Array(body.utf8))
        }
        #expect(try await claim(a, b, 9, 0).reply.status == 403)
        #expect(try await store.account(a)?.player == Elo.Player())
        _ = try await store.rate(game: "g", players: [a, b], scores: [9, 0])
        let told = try await claim(b, a, 0, 9)
        #expect(told.json?["player1_elo_change"] == -16 || told.json?["player1_elo_change"] == .number("-16"))
        #expect(told.json?["player2_elo_change"] == 16)
        #expect(try await claim(a, b, 9, 1).reply.status == 403)
        #expect(try await claim("x", b, 9, 0).reply.status == 404)
        #expect(try await store.account(a)?.player.games == 1)
    }

    @Test func `the leaderboard takes three games, and the best come first`() async throws {
        let world = try OecWorld()
        let store = GameStore(store: world.store, clock: world.clock)
        let (a, b) = (try await store.makeGuest(name: "A").account.id, try await store.makeGuest(name: "B").account.id)
        for game in 0..<3 { _ = try await store.rate(game: "g\(game)", players: [b, a], scores: [7, 2]) }
        _ = try await store.makeGuest(name: "New")
        let board = try await world.ask("GET", "/api/leaderboard", world.runner())
        #expect(board.json?.arrayValue?.compactMap { $0["display_name"]?.stringValue } == ["B", "A"])
        #expect(board.json?.arrayValue?.first?["win_rate"] == .number("100.0"))
    }

    @Test func `a room is opened by its owner alone and holds for a day`() async throws {
        let world = try OecWorld()
        let runner = try await world.runner()
        let made = try await GameStore(store: world.store, clock: world.clock).makeGuest(name: "A")
        let id = made.account.id
        func open(_ secret: String) async throws -> (reply: AppReply, json: MockJSON?) {
            let body = Array("{\"creator_id\":\"\(id)\",\"secret\":\"\(secret)\"}".utf8)
            return try await world.ask("POST", "/api/private-rooms", runner, body: body)
        }
        #expect(try await open("guess").reply.status == 403)
        let code = try #require(try await open(made.secret).json?["room_code"]?.stringValue)
        #expect(code.count == 6)
        #expect(try await open(made.secret).json?["room_code"]?.stringValue == code)
        let found = try await world.ask("GET", "/api/private-rooms/{code}", runner, ["code": code.lowercased()])
        #expect(found.json?["creator_id"]?.stringValue == id)
        let own = try await world.ask("GET", "/api/users/{id}/private-rooms", runner, ["id": id])
        #expect(own.json?.arrayValue?.count == 1)
        world.clock.advance(by: .seconds(86_401))
        #expect(try await world.ask("GET", "/api/private-rooms/{code}", runner, ["code": code]).reply.status == 404)
        #expect(try await world.ask("GET", "/api/private-rooms/{code}", runner, ["code": "?"]).reply.status == 404)
    }
}
