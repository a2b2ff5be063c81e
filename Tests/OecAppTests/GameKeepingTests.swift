import FreshetCore
import FreshetMemory
import FreshetMock
import FreshetTesting
import Testing

@testable import OecApp

@Suite struct `Games that are kept` {
    @Test func `come back whole, with everybody away`() throws {
        var parlour = Parlour()
        let (game, secrets, _) = try parlour.seat("a", "b")
        for _ in 0..<4 { try parlour.round("a", "b", of: game) }
        let before = try #require(parlour.hall.tables[game])
        let bytes = try #require(parlour.kept[game])
        #expect(bytes.count < 8_000)
        var later = Parlour()
        later.now = .seconds(90_000)
        let table = try #require(KeptGame.table(bytes, now: later.now))
        #expect(table.players == before.players && table.game.deal == before.game.deal)
        #expect(table.game.rounds == before.game.rounds && table.game.scores == before.game.scores)
        #expect(table.game.round == 4 && table.game.hand(of: 0) == before.game.hand(of: 0))
        later.act { $0.adopt([table], at: $1) }
        #expect(later.hall.running == 1)
        // The same player is in that game still.
        later.connect("a", "b")
        later.join("a", "user-a")
        #expect(later.fault("a") == "already_playing")
        later.wait(.seconds(29))
        later.rejoin("a", game, secrets[0])
        #expect(later.last("a", "game_state")?["state"] == "paused")
        later.rejoin("b", game, secrets[1])
        #expect(later.last("b", "game_state")?["state"] == "in_progress")
        for _ in 0..<5 { try later.round("a", "b", of: game) }
        #expect(later.rated.map(\.scores) == [later.scores(game)])
    }

    @Test func `count for nothing when nobody comes back, and are lost by who does not`() throws {
        var parlour = Parlour()
        let (game, secrets, _) = try parlour.seat("a", "b")
        let bytes = try #require(parlour.kept[game])
        for comesBack in [false, true] {
            var later = Parlour()
            later.adopt(bytes)
            later.connect("b")
            if comesBack { later.rejoin("b", game, secrets[1]) }
            later.wait(.seconds(30))
            #expect(later.rated.map(\.scores) == (comesBack ? [[0, 9]] : []))
            #expect(later.hall.tables[game]?.ending == (comesBack ? .forfeited(by: 0) : .abandoned))
        }
    }

    @Test func `are rated when they were decided, whoever comes back`() throws {
        var parlour = Parlour()
        let (game, _, _) = try parlour.seat("a", "b")
        for _ in 0..<8 { try parlour.round("a", "b", of: game) }
        for (seat, id) in ["a", "b"].enumerated() {
            let hand = parlour.hall.tables[game]?.game.hand(of: seat) ?? []
            parlour.play(id, OecCatalogue.allCountries[hand[0]].code, round: 9)
        }
        #expect(parlour.rated.isEmpty && parlour.hall.running == 1)
        let bytes = try #require(parlour.kept[game])
        var later = Parlour()
        later.adopt(bytes)
        #expect(later.rated.map(\.scores) == [parlour.scores(game)] && later.hall.running == 0)
        // So is one that was lost.
        var lost = Parlour()
        let other = try lost.seat("c", "d").game
        lost.act { $0.quit("d", ref: nil, at: $1) }
        let table = try KeptGame.table(#require(lost.kept[other]), now: .zero)
        #expect(table?.ending == .quit(by: 1) && table?.rating == lost.rated.first)
    }

    @Test(arguments: ["", "{}", #"{"v":2}"#, #"{"v":1,"id":"x","seats":[]}"#, "\u{0}\u{1}"])
    func `that cannot be read are none`(text: String) {
        #expect(KeptGame.table(Array(text.utf8), now: .zero) == nil)
    }

    // MARK: With a store

    @Test func `follow each other into the store, the latest of each`() async throws {
        let store = MemoryStore()
        let keeper = GameKeeper(store: store, clock: ManualClock())
        for step in 0..<5 {
            keeper.put("g1", Array("\(step)".utf8))
            keeper.put("g2", step == 3 ? nil : Array("x\(step)".utf8))
        }
        keeper.put("g3", [1])
        keeper.put("g3", nil)
        #expect(keeper.waiting == 3)
        await keeper.flush()
        let kept = try await keeper.load()
        #expect(kept.map(\.name) == ["g1", "g2"] && kept.map(\.value) == [Array("4".utf8), Array("x4".utf8)])
    }

    @Test func `of a process that ended go to one other, those of a living one to nobody`() async throws {
        let (store, clock) = (MemoryStore(), ManualClock())
        let halls = (0..<3).map { _ in
            HallService(store: store, isShared: true, clock: clock) { Parlour.values() }
        }
        _ = await halls[0].restore()
        halls[0].act { hall, moment in
            for id in ["a", "b"] {
                hall.connect(id, client: "10.0.0.1", at: moment)
                let player = Table.Player(user: id, name: "Player \(id)", rating: 1_200)
                hall.join(id, player, secret: nil, room: nil, ref: nil, at: moment)
            }
        }
        await halls[0].keeper.flush()
        _ = await halls[1].restore()
        #expect(halls.map(\.running) == [1, 0, 0], "the first lives")
        clock.advance(by: HallShare.patience)
        for hall in halls[1...] { _ = await hall.restore() }
        #expect(halls.map(\.running) == [1, 1, 0], "the second has taken it, and lives")
        // The first was not dead but stood still: it finds out and lets go.
        halls[0].act { hall, _ in hall.surrender() }
        #expect(halls.map(\.running) == [0, 1, 0])
        let kept = try await halls[1].keeper.load().map(\.value)
        #expect(kept.map { KeptGame.owner($0) } == [halls[1].read(\.owner)])
    }
}
