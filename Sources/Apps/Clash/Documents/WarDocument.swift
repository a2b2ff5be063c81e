import FreshetCore
import FreshetDocument

/// Where a war stands.
public enum WarState: String, Sendable, CaseIterable {
    /// No war.
    case notInWar
    /// The day before the battle.
    case preparation
    /// The battle.
    case inWar
    /// It is over.
    case warEnded
    /// The clan keeps its war log private.
    case `private`
}

/// A war as upstream shows it.
struct WarDocument: Sendable {
    /// One attack.
    struct Attack: Sendable, Hashable {
        var attacker: String
        var defender: String
        var stars: Int
        var destruction: Double
        var order: Int
        var duration: Int?

        init?(_ value: JSONValue) {
            guard let attacker = value.tag("attackerTag"), let defender = value.tag("defenderTag"),
                let order = value.int("order")
            else { return nil }
            (self.attacker, self.defender, self.order) = (attacker, defender, order)
            stars = value.int("stars") ?? 0
            destruction = value["destructionPercentage"]?.double ?? 0
            duration = value.int("duration")
        }
    }

    /// Somebody in the war.
    struct Member: Sendable, Hashable {
        var tag: String
        var name: String
        var townHall: Int?
        var position: Int?
        var attacks: [Attack]

        init?(_ value: JSONValue) {
            guard let tag = value.tag() else { return nil }
            self.tag = tag
            name = value.text("name") ?? ""
            townHall = value.int("townhallLevel") ?? value.int("townHallLevel")
            position = value.int("mapPosition")
            attacks = value.list("attacks").compactMap(Attack.init)
        }
    }

    /// One of the two clans.
    struct Side: Sendable, Hashable {
        var tag: String?
        var name: String?
        var stars: Int
        var destruction: Double
        var attacks: Int?
        var members: [Member]

        init(_ value: JSONValue?) {
            tag = value?.tag()
            name = value?.text("name")
            stars = value?.int("stars") ?? 0
            destruction = value?["destructionPercentage"]?.double ?? 0
            attacks = value?.int("attacks")
            members = (value?.list("members") ?? []).compactMap(Member.init)
        }
    }

    /// The document.
    let root: JSONValue
    /// As upstream says it; `nil` for a word that is not known.
    let state: WarState?
    /// When preparation began; tells one war of a clan from another.
    let preparation: Timestamp?
    /// When the battle begins.
    let start: Timestamp?
    /// When the battle ends.
    let end: Timestamp?
    /// The clan that was asked for.
    let clan: Side
    /// Its opponent.
    let opponent: Side

    /// - Throws: ``JSONError``.
    init(_ body: [UInt8]) throws {
        root = try JSONTape(body).root
        state = root.text("state").flatMap(WarState.init)
        preparation = root.moment("preparationStartTime")
        start = root.moment("startTime")
        end = root.moment("endTime")
        (clan, opponent) = (Side(root["clan"]), Side(root["opponent"]))
    }

    /// Attacks that each member has.
    var attacksAllowed: Int { root.int("attacksPerMember") ?? 2 }

    /// How it ended for the clan: `win`, `lose` or `tie`; `nil` while it lasts.
    var result: String? {
        guard state == .warEnded else { return nil }
        let (own, other) = ((clan.stars, clan.destruction), (opponent.stars, opponent.destruction))
        return own == other ? "tie" : own > other ? "win" : "lose"
    }

    /// What the clock makes of the state: battle and end come when they were announced, whether or not somebody has looked.
    func state(at now: Timestamp) -> WarState? {
        switch state {
        case .preparation, .inWar:
            if let end, now >= end { return .warEnded }
            if let start, now >= start { return .inWar }
            return state
        case .notInWar, .warEnded, .private, nil: return state
        }
    }

    /// When the state changes by itself; `nil` when nothing is announced.
    func nextMoment(after now: Timestamp) -> Timestamp? {
        guard state == .preparation || state == .inWar else { return nil }
        return [start, end].compactMap { $0 }.filter { $0 > now }.min()
    }
}
