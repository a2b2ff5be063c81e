import FreshetCore
import FreshetMock
import Testing

@testable import OecApp

@Suite struct `Ratings` {
    /// Ratings and games of both, the scores, the new ratings, the points that moved.
    static let vectors: [([Int], [Int], [Int])] = [
        ([1200, 0, 1200, 0], [9, 0], [1216, 1184, 16]), ([1200, 0, 1400, 0], [9, 0], [1224, 1376, 24]),
        ([1400, 0, 1200, 0], [9, 0], [1408, 1192, 8]), ([1000, 0, 1600, 0], [9, 0], [1031, 1569, 31]),
        ([2000, 50, 1200, 50], [9, 0], [2000, 1200, 0]), ([1200, 0, 1200, 1000], [0, 9], [1184, 1208, 8]),
        ([110, 0, 110, 0], [0, 9], [100, 126, 16]), ([2990, 200, 2990, 200], [9, 0], [2996, 2984, 6]),
        ([1200, 30, 1300, 100], [4, 5], [1191, 1306, 6]), ([1500, 0, 1200, 0], [4, 4], [1489, 1211, 11]),
    ]

    @Test(arguments: vectors)
    func `move as the seed moves them`(players: [Int], scores: [Int], result: [Int]) {
        let change = Elo.rate(
            Elo.Player(rating: players[0], games: players[1]), Elo.Player(rating: players[2], games: players[3]),
            scores: (scores[0], scores[1]))
        #expect([change.first, change.second, change.exchanged] == result)
    }

    @Test func `have names`() {
        let names = [2400, 2399, 2000, 1600, 1200, 800, 799].map(Elo.category)
        #expect(names == ["Master", "Expert", "Expert", "Advanced", "Intermediate", "Beginner", "Novice"])
    }
}

@Suite struct `A game` {
    private let matrix: ExportMatrix
    private let deal: Deal

    init() throws {
        var matrix = ExportMatrix(year: 2023)
        var row = ExportMatrix.Row()
        row.origin = .upstream
        let count = OecCatalogue.allCountries.count
        // A country's value is its place, but countries 4 and 5 are equal and the last has none.
        for product in OecCatalogue.allProducts.indices {
            let values: [Int64?] = (0..<count).map { $0 == count - 1 ? nil : $0 == 5 ? 400 : Int64($0 * 100) }
            matrix.set(row, values: values, product: product)
        }
        self.matrix = matrix
        deal = Deal(hand: Array(0..<10), products: Array(0..<9))
    }

    private func game(_ secrets: [String?] = ["a", "b"]) -> Game { Game(deal: deal, secrets: secrets, now: .zero) }

    @Test func `is dealt of what has values, the same hand to both`() throws {
        var random = SeededRandom(seed: 5)
        let dealt = try #require(Deal.make(matrix, using: &random))
        #expect(Set(dealt.hand).count == 10 && Set(dealt.products).count == 9)
        let game = Game(deal: dealt, secrets: ["a", "b"], now: .zero)
        #expect(game.hand(of: 0) == game.hand(of: 1))
        var few = ExportMatrix(year: 2023)
        for product in 0..<8 { few.set(matrix.rows[0], values: matrix.values(product: 0), product: product) }
        #expect(Deal.make(few, using: &random) == nil)
        few.set(matrix.rows[0], values: matrix.values(product: 0), product: 99)
        #expect(try Set(#require(Deal.make(few, using: &random)).products) == Set(0..<8).union([99]))
    }

    @Test func `gives a round to the greater exporter, and to both when they are equal`() throws {
        var game = game()
        #expect(try game.play(3, seat: 0, now: .seconds(1), values: matrix) == [.placed(seat: 0, byClock: false)])
        let news = try game.play(7, seat: 1, now: .seconds(2), values: matrix)
        guard case .resolved(let round) = try #require(news.last) else { return }
        #expect(round.winners == [1] && round.values == [300, 700] && round.cards == [3, 7])
        #expect(game.scores == [0, 1] && game.hand(of: 0).count == 9)
        #expect(game.tick(now: .seconds(7), values: matrix) == [.began(round: 1)])
        _ = try game.play(4, seat: 0, now: .seconds(8), values: matrix)
        _ = try game.play(5, seat: 1, now: .seconds(8), values: matrix)
        #expect(game.rounds.last?.winners == [0, 1] && game.scores == [1, 2])
    }

    @Test func `counts a value that upstream does not name as nothing`() throws {
        let last = OecCatalogue.allCountries.count - 1
        var game = Game(
            deal: Deal(hand: [last, 1], products: Array(0..<9)), secrets: ["a", "b"], now: .zero)
        _ = try game.play(last, seat: 0, now: .seconds(1), values: matrix)
        _ = try game.play(1, seat: 1, now: .seconds(1), values: matrix)
        #expect(game.rounds.last?.values == [0, 100] && game.scores == [0, 1])
    }

    @Test func `plays the first card of whoever is silent when the time is up`() throws {
        var game = game()
        _ = try game.play(9, seat: 1, now: .seconds(3), values: matrix)
        #expect(game.nextTick == .seconds(20))
        #expect(game.tick(now: .seconds(19), values: matrix).isEmpty)
        let news = game.tick(now: .seconds(20), values: matrix)
        #expect(news.first == .placed(seat: 0, byClock: true))
        #expect(game.rounds.first?.cards == [0, 9])
        // Nobody plays: it comes to its end all the same.
        let rest = game.tick(now: .seconds(9 * 25), values: matrix)
        #expect(rest.last == .ended(.played) && game.rounds.count == 9 && game.nextTick == nil)
    }

    @Test func `takes no card late, twice, from elsewhere, or between rounds`() throws {
        var game = game()
        #expect(throws: Game.Refusal.notInHand) { try game.play(40, seat: 0, now: .seconds(1), values: matrix) }
        #expect(throws: Game.Refusal.noSeat) { try game.play(1, seat: 2, now: .seconds(1), values: matrix) }
        _ = try game.play(3, seat: 0, now: .seconds(1), values: matrix)
        #expect(throws: Game.Refusal.alreadyPlayed) { try game.play(8, seat: 0, now: .seconds(1), values: matrix) }
        #expect(throws: Game.Refusal.notNow) { try game.play(8, seat: 1, now: .seconds(20), values: matrix) }
        _ = try game.play(8, seat: 1, now: .seconds(19), values: matrix)
        let before = game.scores
        #expect(throws: Game.Refusal.notNow) { try game.play(9, seat: 0, now: .seconds(20), values: matrix) }
        #expect(game.scores == before && game.rounds.count == 1 && game.round == 0)
        _ = game.tick(now: .seconds(24), values: matrix)
        #expect(throws: Game.Refusal.notInHand) { try game.play(3, seat: 0, now: .seconds(25), values: matrix) }
    }

    @Test func `tells nothing of a card before both are down`() throws {
        var game = game()
        let news = try game.play(7, seat: 0, now: .seconds(1), values: matrix)
        #expect(news == [.placed(seat: 0, byClock: false)])
        #expect(game.rounds.isEmpty)
    }

    @Test func `against the computer lets it think, then play its greatest`() throws {
        var game = game(["a", nil])
        #expect(throws: Game.Refusal.noSeat) { try game.play(1, seat: 1, now: .seconds(1), values: matrix) }
        #expect(game.nextTick == .seconds(2))
        #expect(game.tick(now: .seconds(2), values: matrix) == [.placed(seat: 1, byClock: false)])
        _ = try game.play(1, seat: 0, now: .seconds(4), values: matrix)
        #expect(game.rounds.first?.cards == [1, 9])
        _ = game.tick(now: .seconds(9), values: matrix)
        _ = game.tick(now: .seconds(11), values: matrix)
        _ = try game.play(2, seat: 0, now: .seconds(12), values: matrix)
        #expect(game.rounds.last?.cards == [2, 8])
    }

    @Test func `halts while a player is away, who comes back with their secret alone`() throws {
        var game = game()
        #expect(game.leave(seat: 0, now: .seconds(5)) == [.left(seat: 0, grace: .seconds(30))])
        #expect(throws: Game.Refusal.notNow) { try game.play(1, seat: 1, now: .seconds(6), values: matrix) }
        #expect(throws: Game.Refusal.wrongSecret) { try game.rejoin(seat: 0, secret: "b", now: .seconds(6)) }
        #expect(throws: Game.Refusal.wrongSecret) { try game.rejoin(seat: 0, secret: "", now: .seconds(6)) }
        #expect(game.tick(now: .seconds(30), values: matrix).isEmpty)
        #expect(try game.rejoin(seat: 0, secret: "a", now: .seconds(31)) == [.returned(seat: 0)])
        // Fifteen seconds of the round were left.
        #expect(game.nextTick == .seconds(46))
    }

    @Test func `is lost nine to nothing by whoever does not come back`() throws {
        var game = game()
        _ = try game.play(1, seat: 0, now: .seconds(1), values: matrix)
        _ = game.leave(seat: 1, now: .seconds(2))
        #expect(game.tick(now: .seconds(32), values: matrix) == [.ended(.forfeited(by: 1))])
        #expect(game.scores == [9, 0] && game.winner == 0)
        #expect(throws: Game.Refusal.over) { try game.rejoin(seat: 1, secret: "b", now: .seconds(33)) }
    }

    @Test func `counts for nothing when both leave, or nobody plays the computer`() {
        var both = game()
        _ = both.leave(seat: 0, now: .seconds(1))
        _ = both.leave(seat: 1, now: .seconds(2))
        #expect(both.tick(now: .seconds(40), values: matrix) == [.ended(.abandoned)])
        #expect(both.winner == nil)
        var alone = game(["a", nil])
        _ = alone.leave(seat: 0, now: .seconds(1))
        #expect(alone.tick(now: .seconds(40), values: matrix) == [.ended(.abandoned)])
    }

    @Test func `names no winner on a draw`() throws {
        var game = game()
        for round in 0..<9 {
            let now = Duration.seconds(round * 5 + 1)
            _ = game.tick(now: now, values: matrix)
            _ = try game.play(round, seat: 0, now: now, values: matrix)
            _ = try game.play(round, seat: 1, now: now, values: matrix)
        }
        _ = game.tick(now: .seconds(60), values: matrix)
        #expect(game.scores == [9, 9] && game.winner == nil && game.phase == .over(.played))
    }
}

@Suite struct `The lobby` {
    @Test func `seats whoever has waited longest, never a player with themself`() {
        var lobby = Lobby()
        #expect(lobby.join(.init(id: "1", user: "a")) == nil)
        #expect(lobby.join(.init(id: "2", user: "a")) == nil)
        #expect(lobby.count == 1 && lobby["1"] == nil && lobby["2"]?.user == "a")
        #expect(lobby.join(.init(id: "3", user: "b"))?.id == "2")
        #expect(lobby.count == 0)
    }

    @Test func `keeps rooms apart from the public and from each other`() {
        var lobby = Lobby()
        #expect(lobby.join(.init(id: "1", user: "a", room: "ABC123")) == nil)
        #expect(lobby.join(.init(id: "2", user: "b")) == nil)
        #expect(lobby.join(.init(id: "3", user: "c", room: "XYZ999")) == nil)
        #expect(lobby.join(.init(id: "4", user: "d", room: "abc123"))?.id == "1")
        #expect(lobby.leave("2")?.user == "b" && lobby.leave("2") == nil)
    }
}
