import FreshetCore
import FreshetMock
import Testing

@testable import OecApp

/// A hall, a clock that is moved by hand, and what everybody was told.
struct Parlour {
    var hall: Hall
    var now = Duration.seconds(1_000)
    var matrix: ExportMatrix
    private(set) var texts: [String: [String]] = [:]
    private(set) var closed: [String: UInt16] = [:]
    private(set) var kept: [String: [UInt8]] = [:]
    private(set) var rated: [RatingWish] = []

    init(limits: Hall.Limits = Hall.Limits(), matrix: ExportMatrix = Parlour.values()) {
        hall = Hall(limits: limits, dice: SeededRandom(seed: 11))
        self.matrix = matrix
    }

    /// Every product of one origin; a country's value depends on both places, and some are equal.
    static func values(_ origin: Origin = .upstream, products: Range<Int>? = nil) -> ExportMatrix {
        var matrix = ExportMatrix(year: 2023)
        var row = ExportMatrix.Row()
        (row.origin, row.updatedAt) = (origin, Timestamp(seconds: 1_800_000_000))
        row.freshUntil = Timestamp(seconds: 1_800_900_000)
        for product in products ?? OecCatalogue.allProducts.indices {
            let values: [Int64?] = OecCatalogue.allCountries.indices.map { country in
                country % 11 == 10 ? nil : Int64((product * 31 + country * 17) % 23) * 1_000_000_007
            }
            matrix.set(row, values: values, product: product)
        }
        return matrix
    }

    var moment: Hall.Moment {
        Hall.Moment(
            now: now, wall: Timestamp(seconds: 1_800_000_000) + (now - .seconds(1_000)), matrix: matrix)
    }

    /// Lets the hall do something, and takes in what follows.
    @discardableResult
    mutating func act<Result>(_ body: (inout Hall, Hall.Moment) -> Result) -> Result {
        let result = body(&hall, moment)
        for effect in hall.takeEffects() {
            switch effect {
            case .send(let id, let text): texts[id, default: []].append(text)
            case .close(let id, let code, _): closed[id] = code
            case .keep(let game, let bytes): kept[game] = bytes
            case .forget(let game): kept[game] = nil
            case .rate(let wish): rated.append(wish)
            }
        }
        return result
    }

    /// Moves the clock, and lets happen what is due.
    mutating func wait(_ time: Duration) {
        now += time
        while act({ $0.tick(3, at: $1) }) {}
    }

    mutating func connect(_ ids: String..., client: String = "10.0.0.1") {
        for id in ids { act { $0.connect(id, client: client, at: $1) } }
    }

    mutating func join(_ id: String, _ user: String, room: String? = nil) {
        let player = Table.Player(user: user, name: "Player \(user)", rating: 1_200)
        act { $0.join(id, player, secret: nil, room: room, ref: nil, at: $1) }
    }

    mutating func play(_ id: String, _ card: String, round: Int) {
        act { $0.play(id, country: card, round: round, ref: nil, at: $1) }
    }

    mutating func rejoin(_ id: String, _ game: String, _ secret: String) {
        act { $0.rejoin(id, game: game, secret: secret, ref: nil, at: $1) }
    }

    /// What a connection was told since the last time.
    mutating func take(_ id: String) -> [MockJSON] {
        defer { texts[id] = [] }
        return (texts[id] ?? []).compactMap { try? MockJSON(parsing: Array($0.utf8)) }
    }

    /// The last message of a type, of all that came since the last time.
    mutating func last(_ id: String, _ type: String) -> MockJSON? {
        take(id).last { $0["type"]?.stringValue == type }
    }

    /// The last message of a type, which must have come.
    mutating func told(_ id: String, _ type: String) throws -> MockJSON {
        let found = last(id, type)
        return try #require(found, "\(id) was not told \(type)")
    }

    /// The code of the last message, when that is an error.
    mutating func fault(_ id: String) -> String? {
        take(id).last.flatMap { $0["type"] == "error" ? $0["code"]?.stringValue : nil }
    }

    /// Two connections at one table: its id and the secrets of the seats.
    mutating func seat(_ a: String, _ b: String) throws -> (game: String, secrets: [String], hand: [String]) {
        connect(a, b)
        join(a, "user-\(a)")
        join(b, "user-\(b)")
        let found = try [a, b].map { id in try #require(take(id).first { $0["type"] == "game_found" }) }
        return (
            try #require(found[0]["game_id"]?.stringValue), found.compactMap { $0["seat_secret"]?.stringValue },
            found[0]["your_cards"]?.arrayValue?.compactMap { $0["country_code"]?.stringValue } ?? []
        )
    }

    /// Both play the first cards that they hold, and the next round begins or the game ends.
    mutating func round(_ a: String, _ b: String, of game: String) throws {
        let table = try #require(hall.tables[game]?.game)
        let (first, last) = (table.hand(of: 0)[0], try #require(table.hand(of: 1).last))
        play(a, OecCatalogue.allCountries[first].code, round: table.round + 1)
        play(b, OecCatalogue.allCountries[last].code, round: table.round + 1)
        wait(Game.showTime)
    }

    /// Takes over a game that was kept.
    mutating func adopt(_ bytes: [UInt8]) {
        let table = KeptGame.table(bytes, now: now)
        act { $0.adopt([table].compactMap { $0 }, at: $1) }
    }

    func scores(_ game: String) -> [Int] { hall.tables[game]?.game.scores ?? [] }
}

extension MockJSON {
    /// An element of an array.
    subscript(index: Int) -> MockJSON? {
        arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
    }
}
