import FreshetCore
import FreshetDocument

/// A running game as the store keeps it: whole after each round, without cards that are down.
enum KeptGame {
    static func bytes(_ table: Table, owner: String, now: Duration) -> [UInt8] {
        let game = table.game
        var json = JSONWriter(reserving: 2_048)
        json.beginObject()
        json.field("v", 1)
        json.field("id", table.id)
        json.field("owner", owner)
        json.field("started_at", table.startedAt.rfc3339)
        json.field("room", table.room)
        json.key("seats")
        json.beginArray()
        for (player, seat) in zip(table.players, game.seats) {
            json.beginObject()
            json.field("user", player.user)
            json.field("name", player.name)
            json.field("elo", player.rating)
            json.field("proof", seat.proof)
            json.endObject()
        }
        json.endArray()
        json.key("hand")
        json.beginArray()
        for card in game.deal.hand { json.string(OecCatalogue.countries[card].code) }
        json.endArray()
        json.key("products")
        json.beginArray()
        for product in game.deal.products { json.string(OecCatalogue.products[product].id) }
        json.endArray()
        json.field("shown", game.isShown)
        json.field("left_ms", PlayText.milliseconds(game.left(at: now)))
        write(table.ending, to: &json)
        json.key("rounds")
        json.beginArray()
        for round in game.rounds { write(round, to: &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private static func write(_ ending: Game.Ending?, to json: inout JSONWriter) {
        switch ending {
        case nil: break
        case .played?: json.field("ending", "played")
        case .abandoned?: json.field("ending", "abandoned")
        case .forfeited?: json.field("ending", "forfeited")
        case .quit?: json.field("ending", "quit")
        }
        if let loser = ending?.loser { json.field("loser", loser) }
    }

    private static func write(_ round: Game.Round, to json: inout JSONWriter) {
        json.beginObject()
        json.key("cards")
        json.beginArray()
        for card in round.cards { json.string(OecCatalogue.countries[card].code) }
        json.endArray()
        json.key("winners")
        json.beginArray()
        for seat in round.winners { json.int(seat) }
        json.endArray()
        json.field("origin", round.origin?.rawValue)
        json.field("updated_at", round.updatedAt?.rfc3339)
        json.field("fresh_until", round.freshUntil?.rfc3339)
        // In the order of the hand.
        json.key("usd")
        json.beginArray()
        for line in round.lines { if let dollars = line.dollars { json.int(dollars) } else { json.null() } }
        json.endArray()
        json.key("billions")
        json.beginArray()
        for line in round.lines { if let text = line.billions { json.string(text) } else { json.null() } }
        json.endArray()
        json.endObject()
    }

    // MARK: Back

    /// The process that plays it.
    static func owner(_ bytes: [UInt8]) -> String? { (try? JSONTape(bytes).root)?["owner"]?.string }

    /// A game that goes on, everybody away; `nil` when the bytes are no game of this catalogue.
    static func table(_ bytes: [UInt8], now: Duration) -> Table? {
        guard let root = try? JSONTape(bytes).root, root["v"]?.int64 == 1, let id = root["id"]?.string,
            let started = root["started_at"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
            let seats = root["seats"]?.elements.map({ $0 }), seats.count == 2,
            let left = root["left_ms"]?.int64, let isShown = root["shown"]?.bool
        else { return nil }
        let hand = (root["hand"]?.elements.compactMap { $0.string.flatMap(OecCatalogue.country) }) ?? []
        let products = (root["products"]?.elements.compactMap { $0.string.flatMap(OecCatalogue.product) }) ?? []
        guard hand.count == Deal.cards, products.count == Deal.rounds else { return nil }
        var rounds: [Game.Round] = []
        for value in root["rounds"]?.elements.map({ $0 }) ?? [] {
            guard rounds.count < products.count, let round = round(value, products[rounds.count], hand) else {
                return nil
            }
            rounds.append(round)
        }
        guard !isShown || !rounds.isEmpty else { return nil }
        let players = seats.map { seat in
            seat["user"]?.string.map {
                Table.Player(
                    user: $0, name: seat["name"]?.string ?? $0, rating: seat["elo"]?.int64.map { Int($0) } ?? 1_200)
            } ?? .computer
        }
        let game = Game(
            deal: Deal(hand: hand, products: products), proofs: seats.map { $0["proof"]?.string }, rounds: rounds,
            left: .milliseconds(left), isShown: isShown, ending: ending(root), now: now)
        return Table(id: id, game: game, players: players, startedAt: started, room: root["room"]?.string)
    }

    private static func ending(_ root: JSONValue) -> Game.Ending? {
        let loser = root["loser"]?.int64.map { Int($0) } ?? 0
        return switch root["ending"]?.string {
        case "played": .played
        case "abandoned": .abandoned
        case "forfeited": .forfeited(by: loser)
        case "quit": .quit(by: loser)
        default: nil
        }
    }

    private static func round(_ value: JSONValue, _ product: Int, _ hand: [Int]) -> Game.Round? {
        let cards = value["cards"]?.elements.compactMap { $0.string.flatMap(OecCatalogue.country) } ?? []
        let winners = value["winners"]?.elements.compactMap { $0.int64.map { Int($0) } } ?? []
        let dollars = value["usd"]?.elements.map(\.int64) ?? []
        let billions = value["billions"]?.elements.map(\.string) ?? []
        guard cards.count == 2, winners.allSatisfy({ (0...1).contains($0) }), dollars.count == hand.count,
            billions.count == hand.count, cards.allSatisfy({ hand.contains($0) })
        else { return nil }
        let lines = hand.indices.map {
            Game.Line(country: hand[$0], dollars: dollars[$0], billions: billions[$0])
        }
        return Game.Round(
            product: product, cards: cards,
            values: cards.map { card in lines.first { $0.country == card }?.dollars ?? 0 }, winners: winners,
            lines: lines, origin: value["origin"]?.string.flatMap { Origin(rawValue: $0) },
            updatedAt: value["updated_at"]?.string.flatMap { Timestamp(rfc3339: $0) },
            freshUntil: value["fresh_until"]?.string.flatMap { Timestamp(rfc3339: $0) })
    }
}
