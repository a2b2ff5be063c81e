import FreshetCore
import FreshetMock
import Testing

@testable import OecApp

@Suite struct `The hall` {
    @Test func `seats two with the same cards, each with a secret of their own`() throws {
        var parlour = Parlour()
        parlour.connect("a", "b")
        #expect(parlour.take("a").map { $0["type"] } == ["connected"])
        parlour.join("a", "1")
        #expect(parlour.take("a").map { $0["type"] } == ["player_created"])
        #expect(parlour.hall.lobby.count == 1 && parlour.hall.running == 0)
        parlour.join("b", "2")
        let (a, b) = (parlour.take("a"), Array(parlour.take("b").dropFirst(2)))
        #expect(a.map { $0["type"] } == ["game_found", "round_started"])
        #expect(a[0]["your_cards"] == b[0]["your_cards"] && b[1]["round_number"] == 1)
        #expect(a[0]["seat"] == 0 && b[0]["seat"] == 1 && a[0]["seat_secret"] != b[0]["seat_secret"])
        #expect(b[1]["ends_in_ms"] == 20_000 && parlour.hall.running == 1 && parlour.hall.lobby.count == 0)
        // What comes next is known to the server alone.
        let products = try #require(parlour.hall.tables.values.first).game.deal.products.dropFirst()
        for product in products { #expect(!"\(a)\(b)".contains(OecCatalogue.allProducts[product].id)) }
    }

    @Test func `plays nine rounds, rates once, and tells the end when that is done`() throws {
        var parlour = Parlour()
        let (game, _, _) = try parlour.seat("a", "b")
        for _ in 0..<9 { try parlour.round("a", "b", of: game) }
        let table = try #require(parlour.hall.tables[game]?.game)
        // Reckoned again from the values.
        var scores = [0, 0]
        for round in table.rounds {
            let values = round.cards.map { parlour.matrix.value(product: round.product, country: $0) ?? 0 }
            for seat in 0...1 where values[seat] == values.max() { scores[seat] += 1 }
        }
        #expect(table.scores == scores && table.phase == .over(.played) && scores[0] + scores[1] >= 9)
        #expect(parlour.rated == [RatingWish(game: game, players: ["user-a", "user-b"], scores: scores)])
        #expect(parlour.take("a").allSatisfy { $0["type"] != "game_ended" })
        parlour.act { $0.rated(game, Self.outcome(game, scores), at: $1) }
        let end = try parlour.told("b", "game_ended")
        #expect(end["final_scores"]?.arrayValue?.map { $0["score"]?.intValue } == scores)
        #expect(end["elo"]?[0]?["change"] == 16 && end["rounds"]?.arrayValue?.count == 9)
        #expect(parlour.kept.isEmpty && parlour.hall.running == 0)
        parlour.wait(.seconds(61))
        #expect(parlour.hall.tables.isEmpty && parlour.rated.count == 1)
    }

    private static func outcome(_ game: String, _ scores: [Int]) -> GameStore.Outcome {
        GameStore.Outcome(
            game: game, players: ["user-a", "user-b"], scores: scores, before: [1_200, 1_200],
            change: Elo.Change(first: 1_216, second: 1_184, exchanged: 16))
    }

    @Test func `tells the end without ratings when the store is away, and does not wait for it`() throws {
        var parlour = Parlour()
        let (game, _, _) = try parlour.seat("a", "b")
        parlour.act { $0.quit("a", ref: nil, at: $1) }
        #expect(parlour.take("b").isEmpty)
        parlour.wait(.seconds(3))
        let end = try parlour.told("b", "game_forfeited")
        #expect(end["elo"] == .null && end["reason"] == "quit" && end["winner_id"] == "user-b")
        // The game stays in the store until it is rated.
        #expect(parlour.kept[game] != nil)
        parlour.act { $0.rated(game, nil, at: $1) }
        #expect(parlour.kept.isEmpty && parlour.take("b").isEmpty)
    }

    @Test func `plays for the silent until the end`() throws {
        var parlour = Parlour()
        let (game, _, _) = try parlour.seat("a", "b")
        parlour.wait(.seconds(19))
        #expect(parlour.hall.tables[game]?.game.rounds.isEmpty == true)
        parlour.wait(.seconds(1))
        let news = parlour.take("a")
        #expect(news.suffix(3).map { $0["type"] } == ["card_played", "card_played", "round_completed"])
        #expect(news.suffix(3).first?["by_clock"] == true)
        // A server that stood still for minutes tells every step.
        parlour.wait(.seconds(300))
        let rest = parlour.take("b")
        #expect(rest.filter { $0["type"] == "round_completed" }.map { $0["round_number"]?.intValue } == Array(1...9))
        #expect(rest.filter { $0["type"] == "round_started" }.count == 8)
        #expect(parlour.rated.count == 1)
    }

    @Test func `leaves the computer's card hidden, and counts nothing for who gives up against it`() throws {
        var parlour = Parlour()
        parlour.connect("a")
        parlour.act { $0.playComputer("a", ref: nil, at: $1) }
        #expect(parlour.fault("a") == "not_waiting")
        parlour.join("a", "1")
        parlour.act { $0.playComputer("a", ref: nil, at: $1) }
        let found = try parlour.told("a", "round_started")
        #expect(found["players"]?[1]?["is_cpu"] == true && found["players"]?[1]?["user_id"] == .null)
        parlour.wait(Game.thinkTime)
        let told = parlour.take("a")
        #expect(told.map { $0["type"] } == ["card_played"] && told[0]["country_code"] == nil)
        #expect(told[0]["seat"] == 1)
        parlour.act { $0.quit("a", ref: nil, at: $1) }
        #expect(parlour.last("a", "game_abandoned") != nil && parlour.rated.isEmpty && parlour.kept.isEmpty)
        // The player may begin anew at once.
        parlour.join("a", "1")
        #expect(parlour.hall.lobby.count == 1)
    }

    @Test func `seats nobody with who wants the computer`() throws {
        var parlour = Parlour()
        parlour.connect("a", "b")
        parlour.join("b", "2")
        let player = Table.Player(user: "1", name: "A", rating: 1_200)
        parlour.act { $0.join("a", player, secret: nil, room: nil, isForComputer: true, ref: nil, at: $1) }
        #expect(try parlour.told("a", "game_found")["players"]?[1]?["is_cpu"] == true)
        #expect(parlour.hall.lobby["b"] != nil && parlour.last("b", "game_found") == nil)
        parlour.matrix = ExportMatrix(year: 2023)
        parlour.connect("c")
        parlour.act {
            $0.join(
                "c", Table.Player(user: "3", name: "C", rating: 1_200), secret: nil, room: nil, isForComputer: true,
                ref: nil, at: $1)
        }
        #expect(parlour.fault("c") == "no_data" && parlour.hall.lobby["c"] == nil)
    }

    @Test func `keeps rooms from the public and players from themselves`() {
        var parlour = Parlour()
        parlour.connect("a", "b", "c", "d", "e")
        parlour.join("a", "1", room: "ABC123")
        parlour.join("b", "2")
        parlour.join("c", "3", room: "XYZ999")
        #expect(parlour.hall.running == 0 && parlour.hall.lobby.count == 3)
        #expect(parlour.hall.lobby.count(in: "abc123") == 1)
        // The same player, elsewhere: the older connection is closed, nobody plays.
        parlour.join("d", "2")
        #expect(parlour.closed["b"] == 4001 && parlour.hall.running == 0 && parlour.hall.lobby.count == 3)
        parlour.join("e", "5", room: "abc123")
        #expect(parlour.hall.running == 1 && parlour.hall.lobby.count(in: "ABC123") == 0)
        #expect(parlour.last("e", "game_found")?["players"]?[0]?["id"] == "1")
    }

    @Test func `takes a player back within the grace, who then has the seat alone`() throws {
        var parlour = Parlour()
        let (game, secrets, hand) = try parlour.seat("a", "b")
        parlour.wait(.seconds(5))
        parlour.act { $0.disconnect("a", at: $1) }
        let left = try parlour.told("b", "opponent_disconnected")
        #expect(left["grace_seconds"] == 30 && left["player_id"] == "user-a")
        parlour.play("b", hand[0], round: 1)
        #expect(parlour.fault("b") == "not_now")
        parlour.wait(.seconds(29))
        parlour.connect("a2", "a3")
        parlour.rejoin("a2", game, secrets[0])
        let state = try parlour.told("a2", "game_state")
        #expect(state["state"] == "in_progress" && state["seat"] == 0 && state["ends_in_ms"] == 15_000)
        #expect(parlour.last("b", "opponent_reconnected")?["ends_in_ms"] == 15_000)
        // From a third connection: the second is closed and plays no more.
        parlour.rejoin("a3", game, secrets[0])
        #expect(parlour.closed["a2"] == 4001)
        parlour.play("a2", hand[0], round: 1)
        #expect(parlour.fault("a2") == "no_game")
        parlour.act { $0.disconnect("a2", at: $1) }
        #expect(parlour.hall.tables[game]?.game.isHalted == false)
        parlour.play("a3", hand[0], round: 1)
        #expect(parlour.last("a3", "card_played")?["seat"] == 0)
    }

    @Test func `gives the game to who stays, and to nobody when none does`() throws {
        var parlour = Parlour()
        let (game, secrets, _) = try parlour.seat("a", "b")
        parlour.act { $0.leave("a", at: $1) }
        parlour.wait(.seconds(30))
        #expect(parlour.rated == [RatingWish(game: game, players: ["user-a", "user-b"], scores: [0, 9])])
        parlour.connect("late")
        parlour.rejoin("late", game, secrets[0])
        #expect(parlour.last("late", "game_state")?["state"] == "finished" && parlour.scores(game) == [0, 9])

        let other = try parlour.seat("c", "d").game
        parlour.act { $0.disconnect("c", at: $1) }
        parlour.act { $0.leave("d", at: $1) }
        parlour.wait(.seconds(30))
        #expect(parlour.hall.tables[other]?.ending == .abandoned && parlour.rated.count == 1)
        #expect(parlour.kept[other] == nil)
    }

    @Test func `bounds how long a game can be held up`() throws {
        var parlour = Parlour()
        let (game, secrets, _) = try parlour.seat("a", "b")
        var graces: [Int?] = []
        for step in 0..<6 {
            parlour.act { $0.leave("a", at: $1) }
            graces.append(parlour.last("b", "opponent_disconnected")?["grace_seconds"]?.intValue)
            parlour.wait(step < 4 ? .seconds(29) : .seconds(4))
            parlour.rejoin("a", game, secrets[0])
        }
        #expect(graces == [30, 30, 30, 30, 5, 5])
    }

    @Test func `tells of data of another origin, and seats who waited for data`() throws {
        var parlour = Parlour(matrix: ExportMatrix(year: 2023))
        parlour.connect("a", "b")
        parlour.act { $0.look(at: $1) }
        parlour.join("a", "1")
        #expect(parlour.fault("a") == "no_data")
        parlour.join("b", "2")
        #expect(parlour.fault("b") == "no_data" && parlour.hall.lobby.count == 2)
        parlour.matrix = Parlour.values(.fallback)
        parlour.act { $0.look(at: $1) }
        let told = parlour.take("a")
        #expect(told.map { $0["type"] } == ["data_updated", "game_found", "round_started"])
        #expect(told[0]["data"]?["origin"] == "fallback" && told[0]["data"]?["fallback_products"] == 132)
        #expect(told[1]["data"]?["note"]?.stringValue?.contains("made up") == true)
        parlour.act { $0.look(at: $1) }
        #expect(parlour.take("a").isEmpty)
        parlour.matrix = Parlour.values()
        parlour.act { $0.look(at: $1) }
        let real = try #require(try parlour.told("b", "data_updated")["data"])
        #expect(real["origin"] == "upstream" && real["note"] == .null && real["is_stale"] == false)
    }

    @Test func `counts what one address and one connection may have`() throws {
        var limits = Hall.Limits()
        (limits.connectionsPerClient, limits.games, limits.burst, limits.messagesPerSecond) = (2, 1, 3, 1)
        var parlour = Parlour(limits: limits)
        parlour.connect("a", "b", "c")
        #expect(parlour.closed["c"] == 1008 && parlour.fault("c") == "too_many")
        parlour.act { $0.disconnect("c", at: $1) }
        parlour.connect("d", "e", client: "10.0.0.2")
        #expect(parlour.closed["e"] == nil)
        parlour.act { $0.disconnect("a", at: $1) }
        parlour.connect("f")
        #expect(parlour.closed["f"] == nil)
        for (id, user) in [("b", "1"), ("d", "2"), ("e", "3")] { parlour.join(id, user) }
        #expect(parlour.fault("e") == "too_many_games")
        let admitted = (0..<5).map { _ in parlour.act { $0.admits("f", ref: nil, at: $1) } }
        #expect(admitted == [true, true, true, false, false] && parlour.fault("f") == "too_many")
        parlour.now += .seconds(2)
        #expect((0..<3).map { _ in parlour.act { $0.admits("f", ref: nil, at: $1) } } == [true, true, false])
    }

    @Test func `one game at a time`() throws {
        var parlour = Parlour()
        let (game, secrets, _) = try parlour.seat("a", "b")
        parlour.join("a", "other")
        let refused = try #require(parlour.take("a").last)
        #expect(refused["code"] == "already_playing" && refused["game_id"] == .string(game))
        parlour.connect("c")
        parlour.join("c", "user-a")
        #expect(parlour.fault("c") == "already_playing")
        let other = try parlour.seat("d", "e")
        parlour.rejoin("d", game, secrets[0])
        #expect(parlour.fault("d") == "already_playing")
        parlour.rejoin("a", other.game, other.secrets[0])
        #expect(parlour.fault("a") == "already_playing" && parlour.hall.running == 2)
    }

    @Test func `the timers give the earliest first, and only what is due`() {
        var (timers, random) = (HallTimers(), SeededRandom(seed: 3))
        let dues = (0..<500).map { _ in Duration.milliseconds(Int.random(in: 0..<1_000, using: &random)) }
        for (index, due) in dues.enumerated() { timers.add(.init(due: due, game: "\(index)")) }
        var taken: [Duration] = []
        while let entry = timers.take(now: .milliseconds(500)) { taken.append(entry.due) }
        #expect(taken == dues.filter { $0 <= .milliseconds(500) }.sorted())
        #expect(timers.next == dues.filter { $0 > .milliseconds(500) }.min())
    }

    @Test func `games of one player are rated in order, others beside each other`() {
        var queue = RatingQueue()
        func wish(_ game: String, _ a: String, _ b: String?) -> RatingWish {
            RatingWish(game: game, players: [a, b], scores: [9, 0])
        }
        for item in [wish("1", "a", "b"), wish("2", "b", "c"), wish("3", "c", nil), wish("4", "d", nil)] {
            queue.add(item)
        }
        #expect(queue.next()?.game == "1")
        // 3 waits for 2, which waits for 1.
        #expect(queue.next()?.game == "4" && queue.next() == nil && queue.count == 4)
        queue.done(wish("1", "a", "b"))
        #expect(queue.next()?.game == "2" && queue.next() == nil)
        queue.done(wish("2", "b", "c"))
        #expect(queue.next()?.game == "3")
    }
}
