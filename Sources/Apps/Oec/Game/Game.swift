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
    /// How long a player may be away in one game in all; beyond, ``shortGrace`` is left each time.
    public static let patience = Duration.seconds(120)
    /// How long a player may be away whose patience is used up.
    public static let shortGrace = Duration.seconds(5)
    /// The least that is left of a round or its end when a game goes on.
    public static let least = Duration.seconds(2)

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
        /// This seat's player gave up.
        case quit(by: Int)
        /// Nobody came back, or nobody plays the computer any more; it counts for nothing.
        case abandoned

        /// The seat that lost without having been beaten.
        var loser: Int? {
            switch self {
            case .forfeited(let seat), .quit(let seat): seat
            case .played, .abandoned: nil
            }
        }
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
        /// SHA-256 of what proves that somebody is this seat's player; `nil` is the computer.
        var proof: String?
        var hand: [Int]
        var score = 0
        var card: Int?
        var goneSince: Duration?
        /// How long the player was away before.
        var away = Duration.zero
        var isComputer: Bool { proof == nil }
        /// How long the player may be away now.
        var grace: Duration { max(Game.shortGrace, min(Game.grace, Game.patience - away)) }
        /// When the game is lost.
        var goneUntil: Duration? { goneSince.map { $0 + grace } }
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
        seats = secrets.map { Seat(proof: $0.map(Account.proof), hand: deal.hand) }
        (phase, roundBegan) = (.open(until: now + Self.roundTime), now)
    }

    /// Goes on with a game that was kept: every player is away from now on, and no card is down.
    ///
    /// - Parameters:
    ///   - deal: The cards and products.
    ///   - proofs: By seat; `nil` is the computer.
    ///   - rounds: What was played.
    ///   - left: What was left of the round, or of the time for which the last one's values are shown.
    ///   - isShown: Whether the last round's values are shown.
    ///   - ending: How it ended, when it did.
    ///   - now: The time, monotonic.
    init(
        deal: Deal, proofs: [String?], rounds: [Round], left: Duration, isShown: Bool, ending: Ending?, now: Duration
    ) {
        (self.deal, self.rounds, roundBegan) = (deal, rounds, now)
        seats = proofs.indices.map { seat in
            var kept = Seat(proof: proofs[seat], hand: deal.hand)
            kept.hand.removeAll { card in rounds.contains { $0.cards[seat] == card } }
            kept.score = rounds.count { $0.winners.contains(seat) }
            kept.goneSince = kept.isComputer ? nil : now
            return kept
        }
        round = isShown || rounds.count == Deal.rounds ? rounds.count - 1 : rounds.count
        let until = now + left
        // A game whose last round was played is decided, whoever comes back.
        if let ending = ending ?? (rounds.count == Deal.rounds ? .played : nil) {
            phase = .over(ending)
        } else {
            (phase, halted) = (isShown ? .shown(until: until) : .open(until: until), left)
        }
    }

    /// Points by seat.
    public var scores: [Int] {
        if case .over(let ending) = phase, let loser = ending.loser {
            return loser == 0 ? [0, Deal.rounds] : [Deal.rounds, 0]
        }
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

    /// Whether cards are played, or would be if the clock went on.
    var isOpen: Bool {
        if case .open = phase { return true }
        return false
    }

    /// Whether the values of a round are shown, or would be if the clock went on.
    var isShown: Bool {
        if case .shown = phase { return true }
        return false
    }

    /// When the round closes, or the next begins; means nothing while the game is halted, `nil` when it is over.
    var deadline: Duration? {
        switch phase {
        case .open(let until), .shown(let until): until
        case .over: nil
        }
    }

    /// What is left of the phase.
    func left(at now: Duration) -> Duration { halted ?? deadline.map { max(.zero, $0 - now) } ?? .zero }

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
        return [.left(seat: seat, grace: seats[seat].grace)]
    }

    /// A player gives up: the other has won, nine to nothing; a game against the computer counts for nothing.
    public mutating func quit(seat: Int, now: Duration) throws(Refusal) -> [News] {
        guard seats.indices.contains(seat), !seats[seat].isComputer else { throw .noSeat }
        if case .over = phase { throw .over }
        return end(seats.contains(where: \.isComputer) ? .abandoned : .quit(by: seat))
    }

    /// A player is back, and proves it.
    ///
    /// - Throws: ``Refusal/wrongSecret`` for anybody else.
    public mutating func rejoin(seat: Int, secret: String, now: Duration) throws(Refusal) -> [News] {
        guard seats.indices.contains(seat), let own = seats[seat].proof else { throw .noSeat }
        guard Self.isEqual(own, Account.proof(secret)) else { throw .wrongSecret }
        if case .over = phase { throw .over }
        guard let since = seats[seat].goneSince else { return [] }
        guard now - since < seats[seat].grace else { throw .over }
        seats[seat].away += now - since
        seats[seat].goneSince = nil
        if let left = halted.map({ max($0, Self.least) }), seats.allSatisfy({ $0.goneSince == nil }) {
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

    /// The seat whose player has this secret.
    func seat(provenBy secret: String) -> Int? {
        let proof = Account.proof(secret)
        return seats.indices.first { seats[$0].proof.map { Self.isEqual($0, proof) } ?? false }
    }

    /// Compares in a time that tells nothing of where the texts differ.
    static func isEqual(_ a: String, _ b: String) -> Bool {
        guard a.utf8.count == b.utf8.count else { return false }
        return zip(a.utf8, b.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    // MARK: The clock

    /// When something happens by itself next, monotonic; `nil` when it is over.
    public var nextTick: Duration? {
        if halted != nil { return seats.compactMap(\.goneUntil).min() }
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
        let gone = seats.indices.filter { seats[$0].goneUntil.map { now >= $0 } ?? false }
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
        let finished = Round(product: product, cards: cards, values: amounts, winners: winners, deal.hand, values)
        rounds.append(finished)
        phase = .shown(until: now + Self.showTime)
        return [.resolved(finished)]
    }
}
