import FreshetCore
import FreshetMock
import Testing

@testable import OecApp

/// Each attempt is refused, and scores, cards and the round stay as they were.
@Suite struct `Whoever cheats` {
    private var parlour = Parlour()
    private let game: String
    private let secrets: [String]
    private let hand: [String]

    init() throws {
        (game, secrets, hand) = try parlour.seat("a", "b")
    }

    private func table() throws -> Game { try #require(parlour.hall.tables[game]?.game) }

    @Test mutating func `peeks in vain: nothing holds the card before both are down`() throws {
        _ = parlour.take("b")
        parlour.play("a", hand[6], round: 1)
        parlour.act { $0.state("b", ref: nil, at: $1) }
        parlour.connect("b2")
        parlour.rejoin("b2", game, secrets[1])
        for var message in parlour.take("b") + parlour.take("b2") {
            // What both hold is no news: the card must stand nowhere else.
            if case .object(let members) = message {
                message = .object(members.filter { $0.name != "your_cards" })
            }
            #expect(!message.text.contains("\"\(hand[6])\""), "\(message.text)")
            if message["type"] == "game_state" { #expect(message["opponent_has_played"] == true) }
        }
        // Their own card is told to them alone.
        parlour.act { $0.state("a", ref: nil, at: $1) }
        #expect(parlour.last("a", "game_state")?["your_card"]?["country_code"] == .string(hand[6]))
    }

    @Test mutating func `cannot replace a card, nor play twice`() throws {
        parlour.play("a", hand[0], round: 1)
        for card in [hand[1], hand[0]] {
            parlour.play("a", card, round: 1)
            #expect(parlour.fault("a") == "already_played")
        }
        #expect(try table().hand(of: 0).count == 9 && table().rounds.isEmpty)
        parlour.play("b", hand[1], round: 1)
        #expect(try table().rounds.first?.cards.map { OecCatalogue.allCountries[$0].code } == [hand[0], hand[1]])
    }

    @Test mutating func `cannot play while the values are shown, whichever round they name`() throws {
        parlour.play("a", hand[0], round: 1)
        parlour.play("b", hand[1], round: 1)
        let (scores, before) = (parlour.scores(game), try table())
        for (round, fault) in [(1, "not_now"), (2, "stale_round"), (0, "stale_round"), (-1, "stale_round")] {
            parlour.play("a", hand[2], round: round)
            #expect(parlour.fault("a") == fault)
        }
        #expect(try parlour.scores(game) == scores && table().round == 0 && table().rounds == before.rounds)
        parlour.wait(Game.showTime)
        #expect(try table().round == 1 && table().hand(of: 0).count == 9)
    }

    @Test mutating func `cannot play again what was sent before`() throws {
        try parlour.round("a", "b", of: game)
        let scores = parlour.scores(game)
        parlour.play("a", hand[0], round: 1)
        #expect(parlour.fault("a") == "stale_round")
        parlour.play("a", hand[0], round: 2)
        #expect(parlour.fault("a") == "not_in_hand")
        #expect(try parlour.scores(game) == scores && table().rounds.count == 1)
    }

    @Test mutating func `cannot play a card that was not dealt, nor in a game of others`() throws {
        let foreign = try #require(OecCatalogue.allCountries.first { !hand.contains($0.code) }?.code)
        for card in [foreign, "XX", "", "🂡"] {
            parlour.play("a", card, round: 1)
            #expect(parlour.fault("a") == "not_in_hand")
        }
        parlour.connect("z")
        parlour.play("z", hand[0], round: 1)
        #expect(parlour.fault("z") == "no_game")
        parlour.act { $0.state("z", ref: nil, at: $1) }
        #expect(parlour.fault("z") == "no_game")
        parlour.act { $0.quit("z", ref: nil, at: $1) }
        #expect(parlour.fault("z") == "no_game")
        #expect(try table().hand(of: 0).count == 10 && table().phase != .over(.abandoned))
    }

    @Test mutating func `cannot take a seat with what everybody knows`() throws {
        let known = parlour.take("b").map(\.text).joined()
        #expect(!known.contains(secrets[0]))
        parlour.connect("z")
        for secret in ["user-a", game, "", "seat", String(secrets[0].reversed())] {
            parlour.rejoin("z", game, secret)
            #expect(parlour.fault("z") == "wrong_secret")
        }
        parlour.rejoin("z", "game_other", secrets[0])
        #expect(parlour.fault("z") == "no_game")
        // The opponent's own secret gives the opponent's own seat, which they have.
        parlour.rejoin("b", game, secrets[0])
        #expect(parlour.fault("b") == "already_playing")
        #expect(parlour.closed.isEmpty && parlour.hall.tables[game]?.connections == ["a", "b"])
        let kept = String(decoding: try #require(parlour.kept[game]), as: UTF8.self)
        #expect(!kept.contains(secrets[0]) && !kept.contains(secrets[1]))
    }

    @Test mutating func `cannot play late, nor hold the clock by leaving`() throws {
        parlour.now += .seconds(20)
        // The timers have not come to it yet.
        parlour.play("a", hand[0], round: 1)
        #expect(parlour.fault("a") == "not_now")
        parlour.wait(.zero)
        #expect(try table().rounds.count == 1)
        parlour.play("a", hand[1], round: 1)
        #expect(parlour.fault("a") == "not_now")
    }

    @Test mutating func `cannot play on in a game that is over`() throws {
        parlour.act { $0.quit("a", ref: nil, at: $1) }
        for id in ["a", "b"] {
            parlour.play(id, hand[0], round: 1)
            #expect(parlour.fault(id) == "game_over")
            parlour.act { $0.quit(id, ref: nil, at: $1) }
            #expect(parlour.fault(id) == "game_over")
        }
        #expect(parlour.scores(game) == [0, 9] && parlour.rated.count == 1)
    }

    @Test(arguments: [
        ("", "bad_message"), ("[]", "bad_message"), ("{}", "bad_message"), (#"{"type":"win"}"#, "bad_message"),
        (#"{"type":"play_card","country_code":"DE"}"#, "bad_message"),
        (#"{"type":"play_card","country_code":7,"round_number":1}"#, "bad_message"),
        (#"{"type":"play_card","country_code":"DE","round_number":1e99}"#, "bad_message"),
        (#"{"type":"rejoin_game","game_id":"x"}"#, "bad_message"),
    ])
    func `is told what is wrong with a message`(text: String, code: String) {
        #expect(throws: PlayMessage.Fault.self) { try PlayMessage(text) }
    }

    @Test func `a reference is given back as it came, unless it is long`() throws {
        #expect(try PlayMessage(#"{"type":"quit_game","ref":"a\n1"}"#).ref == Array(#""a\n1""#.utf8))
        #expect(try PlayMessage(#"{"type":"quit_game","ref":12.50}"#).ref == Array("12.50".utf8))
        #expect(try PlayMessage(#"{"type":"quit_game","ref":{"a":1}}"#).ref == nil)
        let long = String(repeating: "x", count: 200)
        #expect(try PlayMessage(#"{"type":"quit_game","ref":"\#(long)"}"#).ref == nil)
        let error = PlayText.error(.notNow, ref: Array("12.50".utf8))
        #expect(error.contains(#""code":"not_now""#) && error.contains(#""ref":12.50"#))
    }
}
