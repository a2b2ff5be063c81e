import FreshetCore

/// One game of two seats, nine rounds: a machine that is given the time and says what happened.
///
/// The clock is the server's. A card that is down stays down and hidden until both are; who is silent has a card played for them;
/// a seat whose player is gone halts the game for a while and then loses it.
public struct Game: Sendable {
    /// How long a round is open.
    public static let roundTime = Duration.seconds(20)
    /// How long the values of a round are shown.
    public static let showTime = Duration.seconds(5)
    /// How long the computer thinks.
    public static let thinkTime = Duration.seconds(2)
    /// How long a player may be away.
    public static let grace = Duration.seconds(30)

    /// Where a game stands.
    public enum Phase: Sendable, Hashable {
        /// Cards are played until this moment, monotonic.
        case open(until: Duration)
        /// The values are shown until this moment.
        case shown(until: Duration)
        /// It is over.
        case over(Ending)
    }

    /// How a game ended.
    public enum Ending: Sendable, Hashable {
        /// All rounds were played.
        case played
        /// This seat's player did not come back.
        case forfeited(by: Int)
        /// Nobody came back; it counts for nothing.
        case abandoned
    }

    /// A finished round.
    public struct Round: Sendable, Hashable {
        /// The product's place in the catalogue.
        public var product: Int
        /// The countries that were played, by seat.
        public var cards: [Int]
        /// What they export in whole dollars, by seat; what upstream does not name counts as nothing.
        public var values: [Int64]
        /// Whether the values are made up.
        public var isFallback: Bool
        /// The seats that got a point: both on a tie.
        public var winners: [Int]
    }

    /// What happened, in order.
    public enum News: Sendable, Hashable {
        /// A round has begun.
        case began(round: Int)
        /// A seat has a card down; which one is told with the round's end.
        case placed(seat: Int, byClock: Bool)
        /// Both cards are down.
        case resolved(Round)
        /// A player is gone; the clock stands for at most this long.
        case left(seat: Int, grace: Duration)
        /// A player is back.
        case returned(seat: Int)
        /// The game is over.
        case ended(Ending)
    }

    /// Why a wish was refused; nothing has changed then.
    public enum Refusal: Error, Sendable, Hashable {
        /// No card is taken now: the values are shown, or a player is away.
        case notNow
        /// The seat has a card down already.
        case alreadyPlayed
        /// The card is not in the seat's hand, or was played before.
        case notInHand
        /// The game is over.
        case over
        /// There is no such seat, or it is the computer's.
        case noSeat
        /// The secret is not the seat's.
        case wrongSecret
    }

    /// One side of the table.
    struct Seat: Sendable {
        var secret: String?
        var hand: [Int]
        var score = 0
        var card: Int?
        var goneSince: Duration?
        var isComputer: Bool { secret == nil }
    }

    let deal: Deal
    private(set) var seats: [Seat]
    /// Where it stands.
    public private(set) var phase: Phase
    /// The round that is open or shown, from 0.
    public private(set) var round = 0
    /// What was played.
    public private(set) var rounds: [Round] = []
    private var roundBegan: Duration
    /// What was left of the phase when a player went away.
    private var halted: Duration?

    /// Begins a game.
    ///
    /// - Parameters:
    ///   - deal: The cards and products.
    ///   - secrets: What proves that somebody is the player of a seat; `nil` for the computer.
    ///   - now: The time, monotonic.
    public init(deal: Deal, secrets: [String?], now: Duration) {
        self.deal = deal
        seats = secrets.map { Seat(secret: $0, hand: deal.hand) }
        (phase, roundBegan) = (.open(until: now + Self.roundTime), now)
    }

    /// Points by seat.
    public var scores: [Int] {
        if case .over(.forfeited(let loser)) = phase { return loser == 0 ? [0, Deal.rounds] : [Deal.rounds, 0] }
        return seats.map(\.score)
    }

    /// The seat that has more points; `nil` on a draw, and while it is played.
    public var winner: Int? {
        guard case .over(let ending) = phase, ending != .abandoned else { return nil }
        return scores[0] == scores[1] ? nil : scores[0] > scores[1] ? 0 : 1
    }

    /// The cards that a seat still holds.
    public func hand(of seat: Int) -> [Int] { seats[seat].hand }

    /// The product of the round; `nil` when the game is over.
    public var product: Int? {
        if case .over = phase { return nil }
        return deal.products[round]
    }

    /// Whether the clock stands because a player is away.
    public var isHalted: Bool { halted != nil }

    // MARK: Players

    /// Plays a card; a round whose time is up takes none, whether or not ``tick(now:values:)`` has closed it.
    ///
    /// - Parameters:
    ///   - country: The card's place in the catalogue.
    ///   - seat: Whose.
    ///   - now: The time, monotonic.
    ///   - values: What counts.
    /// - Returns: What happened.
    /// - Throws: ``Refusal``; nothing has changed then.
    public mutating func play(
        _ country: Int, seat: Int, now: Duration, values: ExportMatrix
    ) throws(Refusal) -> [News] {
        guard seats.indices.contains(seat), !seats[seat].isComputer else { throw .noSeat }
        if case .over = phase { throw .over }
        guard case .open(let until) = phase, halted == nil, now < until else { throw .notNow }
        guard seats[seat].card == nil else { throw .alreadyPlayed }
        guard seats[seat].hand.contains(country) else { throw .notInHand }
        place(country, seat: seat)
        return [.placed(seat: seat, byClock: false)] + resolve(now: now, values: values)
    }

    /// A player is gone: the clock stands.
    public mutating func leave(seat: Int, now: Duration) -> [News] {
        guard seats.indices.contains(seat), !seats[seat].isComputer, seats[seat].goneSince == nil else { return [] }
        switch phase {
        case .over: return []
        case .open(let until), .shown(let until): halted = halted ?? max(.zero, until - now)
        }
        seats[seat].goneSince = now
        return [.left(seat: seat, grace: Self.grace)]
    }

    /// A player is back, and proves it.
    ///
    /// - Throws: ``Refusal/wrongSecret`` for anybody else.
    public mutating func rejoin(seat: Int, secret: String, now: Duration) throws(Refusal) -> [News] {
        guard seats.indices.contains(seat), let own = seats[seat].secret else { throw .noSeat }
        guard Self.isEqual(own, secret) else { throw .wrongSecret }
        if case .over = phase { throw .over }
        guard let since = seats[seat].goneSince else { return [] }
        guard now - since < Self.grace else { throw .over }
        seats[seat].goneSince = nil
        if let left = halted, seats.allSatisfy({ $0.goneSince == nil }) {
            halted = nil
            switch phase {
            case .open:
                phase = .open(until: now + left)
                roundBegan = now + left - Self.roundTime
            case .shown: phase = .shown(until: now + left)
            case .over: break
            }
        }
        return [.returned(seat: seat)]
    }

    /// Compares in a time that tells nothing of where the texts differ.
    static func isEqual(_ a: String, _ b: String) -> Bool {
        guard a.utf8.count == b.utf8.count else { return false }
        return zip(a.utf8, b.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    // MARK: The clock

    /// When something happens by itself next, monotonic; `nil` when it is over.
    public var nextTick: Duration? {
        if halted != nil { return seats.compactMap(\.goneSince).min().map { $0 + Self.grace } }
        switch phase {
        case .over: return nil
        case .shown(let until): return until
        case .open(let until):
            let thinks = seats.contains { $0.isComputer && $0.card == nil }
            return thinks ? min(until, roundBegan + Self.thinkTime) : until
        }
    }

    /// Lets happen what is due by now.
    public mutating func tick(now: Duration, values: ExportMatrix) -> [News] {
        var news: [News] = []
        while let due = nextTick, due <= now {
            let step = advance(at: due, values: values)
            if step.isEmpty { break }
            news += step
        }
        return news
    }

    private mutating func advance(at now: Duration, values: ExportMatrix) -> [News] {
        if halted != nil { return giveUp(now: now) }
        switch phase {
        case .over: return []
        case .shown:
            if rounds.count == Deal.rounds { return end(.played) }
            round += 1
            (phase, roundBegan) = (.open(until: now + Self.roundTime), now)
            return [.began(round: round)]
        case .open(let until):
            var news: [News] = []
            for seat in seats.indices where seats[seat].card == nil {
                if seats[seat].isComputer {
                    place(best(of: seats[seat].hand, values), seat: seat)
                } else if now >= until, let first = seats[seat].hand.first {
                    place(first, seat: seat)
                } else {
                    continue
                }
                news.append(.placed(seat: seat, byClock: !seats[seat].isComputer))
            }
            return news + resolve(now: now, values: values)
        }
    }

    private mutating func giveUp(now: Duration) -> [News] {
        let gone = seats.indices.filter { seats[$0].goneSince.map { now - $0 >= Self.grace } ?? false }
        guard let loser = gone.first else { return [] }
        // Nobody wins against a computer that nobody plays with, or when both have left.
        let isAlone = seats.contains(where: \.isComputer) || seats.allSatisfy { $0.goneSince != nil }
        return end(isAlone ? .abandoned : .forfeited(by: loser))
    }

    private mutating func end(_ ending: Ending) -> [News] {
        (phase, halted) = (.over(ending), nil)
        return [.ended(ending)]
    }

    // MARK: A round

    private mutating func place(_ country: Int, seat: Int) {
        seats[seat].card = country
        seats[seat].hand.removeAll { $0 == country }
    }

    /// The greatest exporter of the hand, the first of equals.
    private func best(of hand: [Int], _ values: ExportMatrix) -> Int {
        let product = deal.products[round]
        func value(_ country: Int) -> Int64 { values.value(product: product, country: country) ?? 0 }
        return hand.reduce(hand[0]) { value($1) > value($0) ? $1 : $0 }
    }

    private mutating func resolve(now: Duration, values: ExportMatrix) -> [News] {
        let cards = seats.compactMap(\.card)
        guard cards.count == seats.count else { return [] }
        let product = deal.products[round]
        let amounts = cards.map { values.value(product: product, country: $0) ?? 0 }
        let most = amounts.max() ?? 0
        let winners = amounts.indices.filter { amounts[$0] == most }
        for seat in seats.indices { seats[seat].card = nil }
        for seat in winners { seats[seat].score += 1 }
        let finished = Round(
            product: product, cards: cards, values: amounts, isFallback: values.rows[product].isFallback,
            winners: winners)
        rounds.append(finished)
        phase = .shown(until: now + Self.showTime)
        return [.resolved(finished)]
    }
}
