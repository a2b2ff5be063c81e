import FreshetCore
import FreshetDocument

extension PlayText {
    static func roundCompleted(_ table: Table, _ number: Int, next: Duration, year: Int, at now: Timestamp) -> String {
        make("round_completed") { json in
            writeRound(table, number, year: year, at: now, to: &json)
            json.field("next_in_ms", milliseconds(next))
        }
    }

    /// The members of a finished round, in an open object; `number` from 0.
    private static func writeRound(
        _ table: Table, _ number: Int, year: Int, at now: Timestamp, to json: inout JSONWriter
    ) {
        let round = table.game.rounds[number]
        let winner = round.winners.count == 1 ? round.winners[0] : nil
        json.field("round_number", number + 1)
        json.key("product")
        write(product: round.product, to: &json)
        json.field("winner_id", winner.map { table.players[$0].id } ?? "tie")
        json.field("winner_name", winner.map { table.players[$0].name })
        json.field("is_tie", winner == nil)
        json.key("winner_player_ids")
        json.beginArray()
        for seat in round.winners { json.string(table.players[seat].id) }
        json.endArray()
        json.field("winner_country", winner.map { OecCatalogue.countries[round.cards[$0]].code } ?? "")
        writeValues(round, to: &json)
        json.key("players")
        let played = table.game.rounds[...number]
        players(table, to: &json) { seat, json in
            json.field("score", played.count { $0.winners.contains(seat) })
            json.field("is_round_winner", round.winners.contains(seat))
            json.key("card_played")
            json.beginObject()
            write(country: round.cards[seat], to: &json)
            let billions = round.lines.first { $0.country == round.cards[seat] }?.billions ?? "0.0"
            json.field("export_value", raw: billions.utf8)
            json.endObject()
        }
        json.key("data")
        DataNote(round, year: year, at: now).write(at: now, to: &json)
    }

    /// What the dealt countries export: as the seed tells it, and from the greatest to the least.
    private static func writeValues(_ round: Game.Round, to json: inout JSONWriter) {
        json.key("export_data")
        json.beginObject()
        for line in round.lines {
            json.field(OecCatalogue.countries[line.country].code, raw: (line.billions ?? "0.0").utf8)
        }
        json.endObject()
        json.key("values")
        json.beginArray()
        for line in round.lines.sorted(by: { $0.dollars ?? -1 > $1.dollars ?? -1 }) {
            json.beginObject()
            write(country: line.country, to: &json)
            json.field("usd", line.dollars.map { Int($0) })
            json.field("billions", raw: (line.billions ?? "0.0").utf8)
            json.key("played_by")
            json.beginArray()
            for (seat, card) in round.cards.enumerated() where card == line.country { json.int(seat) }
            json.endArray()
            json.endObject()
        }
        json.endArray()
    }

    private static func writeRounds(_ table: Table, year: Int, at now: Timestamp, to json: inout JSONWriter) {
        json.key("rounds")
        json.beginArray()
        for number in table.game.rounds.indices {
            json.beginObject()
            writeRound(table, number, year: year, at: now, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    // MARK: The end

    /// The end of a game, with what it moved if that is known.
    static func ended(_ table: Table, year: Int, at now: Timestamp) -> String {
        switch table.ending {
        case .forfeited(let loser)?: forfeited(table, by: loser, "opponent_disconnected")
        case .quit(let loser)?: forfeited(table, by: loser, "quit")
        case .played?:
            make("game_ended") { json in
                json.field("game_id", table.id)
                json.field("reason", "played")
                writeWinner(table, to: &json)
                json.field("is_draw", table.game.winner == nil)
                writeScores(table, to: &json)
                writeRounds(table, year: year, at: now, to: &json)
            }
        case .abandoned?, nil:
            make("game_abandoned") { json in
                json.field("game_id", table.id)
                json.field("reason", "nobody_is_left")
            }
        }
    }

    private static func forfeited(_ table: Table, by loser: Int, _ reason: String) -> String {
        make("game_forfeited") { json in
            json.field("game_id", table.id)
            json.field("reason", reason)
            writeWinner(table, to: &json)
            json.field("forfeiting_player_name", table.players[loser].name)
            writeScores(table, to: &json)
        }
    }

    private static func writeWinner(_ table: Table, to json: inout JSONWriter) {
        json.field("winner_id", table.game.winner.map { table.players[$0].id })
        json.field("winner_name", table.game.winner.map { table.players[$0].name })
    }

    private static func writeScores(_ table: Table, to json: inout JSONWriter) {
        let scores = table.game.scores
        json.key("final_scores")
        players(table, to: &json) { seat, json in json.field("score", scores[seat]) }
        json.key("elo")
        guard let outcome = table.outcome else { return json.null() }
        json.beginArray()
        for (seat, player) in table.players.enumerated() where player.user != nil {
            let after = seat == 0 ? outcome.change.first : outcome.change.second
            json.beginObject()
            json.field("player_id", player.id)
            json.field("before", outcome.before[seat])
            json.field("after", after)
            json.field("change", after - outcome.before[seat])
            json.endObject()
        }
        json.endArray()
    }

    // MARK: As it stands

    /// Everything that a page needs to show a game that it knows nothing of.
    static func state(_ table: Table, seat: Int, _ data: DataNote, now: Duration, at time: Timestamp) -> String {
        let game = table.game
        return make("game_state") { json in
            json.field("game_id", table.id)
            let isOver = table.ending != nil
            json.field("state", isOver ? "finished" : game.isHalted ? "paused" : "in_progress")
            json.field("phase", isOver ? "over" : game.isOpen ? "open" : "shown")
            json.field("seat", seat)
            json.field("current_round", game.round + 1)
            json.field("total_rounds", Deal.rounds)
            json.key("current_product")
            if let product = game.product { write(product: product, to: &json) } else { json.null() }
            writeHolders(table, to: &json)
            writeHand(game.hand(of: seat), to: &json)
            json.key("your_card")
            if let card = game.seats[seat].card {
                json.beginObject()
                write(country: card, to: &json)
                json.endObject()
            } else {
                json.null()
            }
            json.field("opponent_has_played", game.seats[1 - seat].card != nil)
            json.field("ends_in_ms", game.isHalted ? nil : game.deadline.map { milliseconds($0 - now) })
            json.field("round_ms", milliseconds(Game.roundTime))
            json.field("is_paused", game.isHalted)
            json.field("pause_reason", game.isHalted ? "opponent_disconnected" : nil)
            json.field("pause_remaining_ms", game.isHalted ? game.nextTick.map { milliseconds($0 - now) } : nil)
            if let room = table.room { json.field("room_code", room) }
            writeRounds(table, year: data.year, at: time, to: &json)
            json.key("data")
            data.write(at: time, to: &json)
            json.field("server_time", time.rfc3339)
        }
    }
}
