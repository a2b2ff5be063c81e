import FreshetCore
import FreshetDocument

/// What clients are told, as JSON texts.
enum PlayText {
    static func make(_ type: String, _ write: (inout JSONWriter) -> Void = { _ in }) -> String {
        var json = JSONWriter(reserving: 1_024)
        json.beginObject()
        json.field("type", type)
        write(&json)
        json.endObject()
        return json.text
    }

    static func milliseconds(_ duration: Duration) -> Int { Int(max(0, duration.microseconds) / 1_000) }

    // MARK: Beside a game

    static func connected(_ data: DataNote, at now: Timestamp) -> String {
        make("connected") { json in
            json.field("protocol", 1)
            json.field("server_time", now.rfc3339)
            json.key("data")
            data.write(at: now, to: &json)
        }
    }

    static func dataUpdated(_ data: DataNote, at now: Timestamp) -> String {
        make("data_updated") { json in
            json.key("data")
            data.write(at: now, to: &json)
        }
    }

    static func error(_ fault: PlayFault, _ text: String? = nil, ref: [UInt8]?, game: String? = nil) -> String {
        make("error") { json in
            json.field("code", fault.rawValue)
            json.field("message", text ?? fault.text)
            if let game { json.field("game_id", game) }
            if let ref { json.field("ref", raw: ref) }
        }
    }

    static func heartbeat(_ timestamp: [UInt8]?, at now: Timestamp) -> String {
        make("heartbeat") { json in
            if let timestamp { json.field("timestamp", raw: timestamp) }
            json.field("server_time", now.rfc3339)
        }
    }

    static func playerCreated(_ player: Table.Player, secret: String?, room: String?) -> String {
        make("player_created") { json in
            json.field("player_id", player.id)
            json.field("user_id", player.id)
            if let secret { json.field("secret", secret) }
            json.field("name", player.name)
            json.field("elo_rating", player.rating)
            json.field("is_guest", true)
            json.field("status", room == nil ? "waiting_for_opponent" : "waiting_for_friend")
            if let room { json.field("room_code", room) }
        }
    }

    // MARK: Parts

    /// The members of a player (`P`), in an open object.
    static func write(_ player: Table.Player, to json: inout JSONWriter) {
        json.field("id", player.id)
        json.field("name", player.name)
        json.field("elo_rating", player.rating)
        json.field("is_cpu", player.user == nil)
        json.field("is_guest", player.user != nil)
        json.field("user_id", player.user)
    }

    /// An array of an object for each seat.
    static func players(
        _ table: Table, to json: inout JSONWriter, _ more: (Int, inout JSONWriter) -> Void
    ) {
        json.beginArray()
        for (seat, player) in table.players.enumerated() {
            json.beginObject()
            write(player, to: &json)
            more(seat, &json)
            json.endObject()
        }
        json.endArray()
    }

    /// `players`: `S` with the number of cards.
    static func writeHolders(_ table: Table, to json: inout JSONWriter) {
        let scores = table.game.scores
        json.key("players")
        players(table, to: &json) { seat, json in
            json.field("score", scores[seat])
            json.field("cards_remaining", table.game.hand(of: seat).count)
        }
    }

    /// The members of a card (`C`), in an open object.
    static func write(country place: Int, to json: inout JSONWriter) {
        let country = OecCatalogue.countries[place]
        json.field("country_code", country.code)
        json.field("country_name", country.name)
    }

    static func writeHand(_ cards: [Int], to json: inout JSONWriter) {
        json.key("your_cards")
        json.beginArray()
        for card in cards {
            json.beginObject()
            write(country: card, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    static func write(product place: Int, to json: inout JSONWriter) {
        let product = OecCatalogue.products[place]
        json.beginObject()
        json.field("id", product.slug)
        json.field("oec_id", product.id)
        json.field("name", product.name)
        json.field("category", product.category.rawValue)
        json.endObject()
    }

    // MARK: A game

    static func gameFound(_ table: Table, seat: Int, secret: String, _ data: DataNote, at now: Timestamp) -> String {
        make("game_found") { json in
            json.field("game_id", table.id)
            json.field("seat", seat)
            json.field("seat_secret", secret)
            json.key("players")
            players(table, to: &json) { _, _ in }
            writeHand(table.game.hand(of: seat), to: &json)
            json.field("total_rounds", Deal.rounds)
            if let room = table.room { json.field("room_code", room) }
            json.key("data")
            data.write(at: now, to: &json)
        }
    }

    static func roundStarted(_ table: Table, seat: Int, left: Duration, at now: Timestamp) -> String {
        make("round_started") { json in
            json.field("round_number", table.game.round + 1)
            json.field("total_rounds", Deal.rounds)
            json.key("product")
            write(product: table.game.deal.products[table.game.round], to: &json)
            writeHolders(table, to: &json)
            writeHand(table.game.hand(of: seat), to: &json)
            json.field("ends_in_ms", milliseconds(left))
            json.field("round_ms", milliseconds(Game.roundTime))
            json.field("server_time", now.rfc3339)
        }
    }

    /// Tells that a card is down, not which.
    static func cardPlayed(_ table: Table, seat: Int, byClock: Bool) -> String {
        make("card_played") { json in
            json.field("seat", seat)
            json.field("player_id", table.players[seat].id)
            json.field("by_clock", byClock)
        }
    }

    static func left(_ table: Table, seat: Int, grace: Duration, at now: Timestamp) -> String {
        make("opponent_disconnected") { json in
            json.field("player_id", table.players[seat].id)
            json.field("grace_seconds", milliseconds(grace) / 1_000)
            json.field("pause_expires_at", (now + grace).rfc3339)
        }
    }

    static func returned(_ table: Table, seat: Int, now: Duration) -> String {
        make("opponent_reconnected") { json in
            json.field("player_id", table.players[seat].id)
            json.field("player_name", table.players[seat].name)
            json.field("is_paused", table.game.isHalted)
            json.field("ends_in_ms", table.game.isHalted ? nil : table.game.deadline.map { milliseconds($0 - now) })
        }
    }
}
