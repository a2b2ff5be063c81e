import Foundation
import FreshetDocument
import FreshetMock
import FreshetSQLite
import Testing

/// The export game from outside: real connections to the real server.
@Suite(.serialized) struct GameTests {
    private static func config(_ url: String) -> String { "apps: { oec: { base_url: \"\(url)\" } }\nroot_app: oec" }

    /// A server that has every value, and the upstream that it will not ask again today.
    private func withTables(_ body: (Mirror, MockUpstream) async throws -> Void) async throws {
        try await withMock(OecGenerator(seed: 3)) { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try await eventually("every value is there", within: .seconds(60)) {
                try await mirror.get("/apps/oec/health").json.integer("origins.upstream") == 132
            }
            try await body(mirror, mock)
            try await mirror.stop()
        }
    }

    /// What a player saw of a game.
    private struct Seen: Sendable {
        var seat = 0
        var user = ""
        var played: [String] = []
        /// The product of each round, and the winners that were told.
        var products: [String] = []
        var winners: [[String]] = []
        var end: JSONValue?
    }

    /// Joins and plays to the end, the cards in an order of its own.
    private static func play(_ client: GameClient, _ pick: Int) async throws -> Seen {
        var seen = Seen()
        try await client.send("join_game")
        while let message = await client.next() {
            switch message.text("type") {
            case "data_updated": break
            case "player_created": seen.user = message.text("user_id") ?? ""
            case "game_found": seen.seat = message.integer("seat") ?? 0
            case "round_started":
                let cards = message.list("your_cards").compactMap { $0.text("country_code") }
                let round = try #require(message.integer("round_number"))
                let card = cards[pick % cards.count]
                seen.played.append(card)
                seen.products.append(try #require(message.text("product.id")))
                try await client.send("play_card", "\"country_code\":\"\(card)\",\"round_number\":\(round)")
            case "card_played": #expect(message["country_code"] == nil)
            case "round_completed":
                seen.winners.append(message.list("winner_player_ids").compactMap(\.string))
            case "game_ended":
                seen.end = message
                return seen
            default: Issue.record("unexpected: \(message.rawText.prefix(300))")
            }
        }
        throw WireError.closed
    }

    /// What the routes serve, in whole dollars, by product and country.
    private func served(_ mirror: Mirror) async throws -> [String: [String: Int]] {
        var codes: [String: String] = [:]
        for country in try await mirror.get("/apps/oec/countries").json.list("countries") {
            codes[country.text("id") ?? ""] = country.text("code")
        }
        var values: [String: [String: Int]] = [:]
        for product in try await mirror.get("/products").json.list("products") {
            let slug = try #require(product.text("slug"))
            for member in try await mirror.get("/apps/oec/exports/\(slug)").json["exports"]?.members.map({ $0 }) ?? [] {
                let billions = try #require(Double(member.value.rawText))
                values[slug, default: [:]][codes[member.key.string ?? ""] ?? ""] = Int((billions * 1e9).rounded())
            }
        }
        return values
    }

    @Test func `forty games at once end with the scores that the served values give, without one upstream call`()
        async throws
    {
        try await withTables { mirror, mock in
            let values = try await served(mirror)
            mock.resetCounters()
            let seats = try await withThrowingTaskGroup(of: Seen.self) { group in
                for number in 0..<80 {
                    // Thirty guests a minute from one address.
                    let client = try await GameClient.open(mirror.url, from: "127.0.13.\(number / 25 + 1)")
                    group.addTask { try await Self.play(client, number) }
                }
                return try await group.reduce(into: [Seen]()) { $0.append($1) }
            }
            #expect(mock.counters().total == 0, "games asked the upstream")
            let games = Dictionary(grouping: seats) { $0.end?.text("game_id") ?? "" }
            #expect(games.count == 40 && games.values.allSatisfy { $0.count == 2 })
            for pair in games.values.map({ $0.sorted { $0.seat < $1.seat } }) {
                try check(pair, values)
            }
            // Each was rated once.
            for seen in seats {
                let user = try await mirror.get("/apps/oec/api/users/\(seen.user)").json
                #expect(user.integer("games_played") == 1)
                let own = seen.end?.list("elo").first { $0.text("player_id") == seen.user }
                #expect(user.integer("elo_rating") == own?.integer("after"))
            }
            #expect(try await mirror.get("/apps/oec/health").json.integer("active_games") == 0)
        }
    }

    private func check(_ pair: [Seen], _ values: [String: [String: Int]]) throws {
        var scores = [0, 0]
        for round in 0..<9 {
            let product = pair[0].products[round]
            #expect(pair[1].products[round] == product)
            let amounts = pair.map { values[product]?[$0.played[round]] ?? 0 }
            let winners = (0...1).filter { amounts[$0] == amounts.max() }
            for seat in winners { scores[seat] += 1 }
            for seen in pair { #expect(seen.winners[round] == winners.map { pair[$0].user }) }
        }
        for seen in pair {
            let end = try #require(seen.end)
            #expect(end.list("final_scores").map { $0.integer("score") } == scores)
            let winner = scores[0] == scores[1] ? nil : pair[scores[0] > scores[1] ? 0 : 1].user
            #expect(end.text("winner_id") == winner)
        }
    }

    /// Two players at one table, in the order of the seats, and what each was told of it.
    private func seat(_ mirror: Mirror) async throws -> (clients: [GameClient], found: [JSONValue], users: [JSONValue])
    {
        let clients = [try await GameClient.open(mirror.url), try await GameClient.open(mirror.url)]
        var users: [JSONValue] = []
        for (client, name) in zip(clients, ["Ada", "Bob"]) {
            try await client.send("join_game", "\"name\":\"\(name)\"")
            users.append(try await client.next("player_created"))
        }
        let found = [try await clients[0].next("game_found"), try await clients[1].next("game_found")]
        return (clients, found, users)
    }

    private func rejoin(_ mirror: Mirror, _ found: JSONValue) async throws -> (GameClient, JSONValue) {
        let client = try await GameClient.open(mirror.url)
        let (game, secret) = (found.text("game_id") ?? "", found.text("seat_secret") ?? "")
        try await client.send("rejoin_game", "\"game_id\":\"\(game)\",\"seat_secret\":\"\(secret)\"")
        return (client, try await client.next("game_state"))
    }

    /// Plays the same card on both sides and returns what was told of the round.
    private func round(_ clients: [GameClient], _ number: Int, card: String) async throws -> [JSONValue] {
        for client in clients {
            try await client.send("play_card", "\"country_code\":\"\(card)\",\"round_number\":\(number)")
        }
        return [try await clients[0].next("round_completed"), try await clients[1].next("round_completed")]
    }

    @Test func `a game outlives kill -9 and an orderly end, for who has the secret of the seat`() async throws {
        try await withTables { mirror, _ in
            var (clients, found, users) = try await seat(mirror)
            let cards = found[0].list("your_cards").compactMap { $0.text("country_code") }
            _ = try await round(clients, 1, card: cards[0])
            // Again, while the values are shown.
            try await clients[1].send("play_card", "\"country_code\":\"\(cards[1])\",\"round_number\":1")
            #expect(try await clients[1].next("error").text("code") == "not_now")
            for number in 2...3 {
                // Twice on the way: a power cut, then an orderly end.
                let told = try await clients[0].next("round_started")
                #expect(told.integer("round_number") == number)
                try await eventually("the round is in the store", within: .seconds(5)) {
                    try await mirror.withStoreCopy { store in
                        let kept = try await store.value("oec/game/\(found[0].text("game_id") ?? "")")
                        let text = String(decoding: kept ?? [], as: UTF8.self)
                        let rounds = text.components(separatedBy: "\"cards\"").count - 1
                        return rounds == number - 1 && text.contains("\"shown\":false")
                    }
                }
                if number == 2 { try await mirror.kill9() } else { try await mirror.stop() }
                if number == 3 { #expect(await clients[0].closeCode() == 1001) }
                try await mirror.start()
                // Nobody else gets the seat.
                let thief = try await GameClient.open(mirror.url)
                try await thief.send(
                    "rejoin_game",
                    "\"game_id\":\"\(found[0].text("game_id") ?? "")\",\"seat_secret\":\"\(users[0].text("user_id") ?? "")\""
                )
                #expect(try await thief.next("error").text("code") == "wrong_secret")
                await thief.close()
                var states: [JSONValue] = []
                for seat in 0...1 {
                    let (client, state) = try await rejoin(mirror, found[seat])
                    clients[seat] = client
                    states.append(state)
                }
                #expect(states.map { $0.text("state") } == ["paused", "in_progress"])
                #expect(states[1].integer("current_round") == number && states[1].text("phase") == "open")
                #expect(
                    states[1].list("rounds").count == number - 1 && states[1].list("your_cards").count == 11 - number)
                #expect(states[1].list("players").map { $0.integer("score") } == [number - 1, number - 1])
                let done = try await round(clients, number, card: cards[number - 1])
                #expect(done[0].rawText == done[1].rawText && done[0].text("winner_id") == "tie")
            }
            // Bob gives up; the rating is in the store before both are told, whatever comes then.
            try await clients[1].send("quit_game")
            let end = try await clients[0].next("game_forfeited")
            #expect(end.list("elo").map { $0.integer("after") } == [1_216, 1_184])
            try await mirror.kill9()
            try await mirror.start()
            for (user, rating) in zip(users, [1_216, 1_184]) {
                let shown = try await mirror.get("/api/users/\(user.text("user_id") ?? "")").json
                #expect(shown.integer("elo_rating") == rating && shown.integer("games_played") == 1)
            }
            let forged =
                "{\"player1_id\":\"\(users[1].text("user_id") ?? "")\",\"player2_id\":\"\(users[0].text("user_id") ?? "")\","
                + "\"player1_score\":9,\"player2_score\":0}"
            #expect(try await mirror.send("POST", "/api/games/result", body: forged).status == 403)
            let health = try await mirror.get("/apps/oec/health").json
            #expect(health.integer("active_games") == 0)
        }
    }
}
