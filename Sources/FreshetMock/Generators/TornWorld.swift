/// The facts behind the generated Torn City documents: who is in which faction and how their crimes go.
///
/// Everything is a function of the seed, a number and the moment, so that no state is kept and all documents agree.
struct TornWorld: Sendable {
    /// What a kind of crime asks for.
    struct Scenario: Sendable {
        let name: String
        let difficulty: Int
        let positions: [String]
    }

    /// One organised crime.
    struct Crime: Sendable {
        let index: Int64
        let id: Int64
        let scenario: Scenario
        let status: String
        let created: Int64
        /// When the last slot was taken; `nil` while some are free.
        let planning: Int64?
        let ready: Int64?
        let expires: Int64
        let executed: Int64?
    }

    /// Kinds of crime, one for each difficulty.
    static let scenarios = [
        Scenario(name: "Mob Mentality", difficulty: 1, positions: ["Looter", "Looter", "Looter"]),
        Scenario(name: "Cash Me if You Can", difficulty: 2, positions: ["Thief", "Thief", "Lookout"]),
        Scenario(name: "Smoke and Mirrors", difficulty: 3, positions: ["Hustler", "Imitator", "Thief"]),
        Scenario(name: "Stage Fright", difficulty: 4, positions: ["Sniper", "Enforcer", "Muscle", "Lookout"]),
        Scenario(name: "Leave No Trace", difficulty: 5, positions: ["Negotiator", "Techie", "Imitator"]),
        Scenario(name: "Honey Trap", difficulty: 6, positions: ["Enforcer", "Muscle", "Muscle"]),
        Scenario(name: "Blast from the Past", difficulty: 7, positions: ["Picklock", "Bomber", "Engineer", "Muscle"]),
        Scenario(name: "Clinical Precision", difficulty: 8, positions: ["Assassin", "Cat Burglar", "Cleaner"]),
        Scenario(name: "Ace in the Hole", difficulty: 9, positions: ["Hacker", "Driver", "Muscle", "Imitator"]),
        Scenario(name: "Stacking the Deck", difficulty: 10, positions: ["Impersonator", "Hacker", "Driver"]),
    ]

    private static let day: Int64 = 86_400
    private static let seats: Int64 = 40

    let dice: ClashWorld
    /// When the first crime was created.
    let origin: Int64
    /// Seconds between one crime and the next.
    let spacing: Int64

    init(seed: UInt64, origin: Int64, spacing: Int64) {
        (dice, self.origin, self.spacing) = (ClashWorld(seed: seed), origin, spacing)
    }

    // MARK: Crimes

    /// How many crimes a faction has created by now.
    func crimeCount(now: Int64) -> Int64 { now < origin ? 0 : (now - origin) / spacing + 1 }

    /// A crime of a faction, as it stands now.
    func crime(_ faction: Int, _ index: Int64, now: Int64) -> Crime {
        let id = Int64(faction % 1_000) * 1_000_000 + index + 1
        let scenario = Self.scenarios[dice.constant(id, "scenario", 0...Self.scenarios.count - 1)]
        let created = origin + index * spacing + Int64(dice.constant(id, "late", 0...Int(max(spacing / 2, 1))))
        let filled = created + Int64(dice.constant(id, "fill", 2...40)) * 3_600
        let ready = filled + Int64(scenario.positions.count) * Self.day
        let expires = created + 14 * Self.day
        let isExpired = dice.hash(id, "expires") % 12 == 0
        let executed = ready + Int64(dice.constant(id, "wait", 0...300)) * 60
        let status: String
        if isExpired {
            status = now >= expires ? "Expired" : "Recruiting"
        } else if now >= executed {
            status = dice.hash(id, "outcome") % 100 < UInt64(95 - scenario.difficulty * 4) ? "Successful" : "Failure"
        } else {
            status = now >= filled ? "Planning" : "Recruiting"
        }
        let isFilled = !isExpired && now >= filled
        return Crime(
            index: index, id: id, scenario: scenario, status: status, created: created,
            planning: isFilled ? filled : nil, ready: isFilled ? ready : nil, expires: expires,
            executed: !isExpired && now >= executed ? executed : nil)
    }

    /// Who takes a slot, and when; `nil` while it is free.
    func participant(_ crime: Crime, slot: Int, faction: Int, now: Int64) -> (user: Int, joined: Int64)? {
        let number = crime.id * 8 + Int64(slot)
        let span = max(1, (crime.planning ?? crime.expires) - crime.created)
        // The last slot is the one whose taking began the planning.
        let share = slot == crime.scenario.positions.count - 1 ? 100 : dice.constant(number, "share", 5...95)
        let joined = crime.created + span * Int64(share) / 100
        guard joined <= now, crime.planning != nil || share < 100 else { return nil }
        let seats = dice.constant(Int64(faction), "size", 12...Int(Self.seats))
        // Neighbouring seats, so that nobody has two slots of one crime.
        let seat = (dice.constant(crime.id, "crew", 0...seats - 1) + slot) % seats
        return (user(faction, seat: seat), joined)
    }

    // MARK: Members

    /// The number of the player in a seat of a faction.
    func user(_ faction: Int, seat: Int) -> Int { 1_000_000 + faction % 10_000 * 100 + seat }

    /// The seats that are taken at a moment: a few players come and go by the week.
    func seats(_ faction: Int, now: Int64) -> [Int] {
        (0..<dice.constant(Int64(faction), "size", 12...Int(Self.seats))).filter { seat in
            let number = Int64(user(faction, seat: seat))
            let week = UInt64(bitPattern: (now + Int64(dice.hash(number, "week") % 604_800)) / 604_800)
            return seat < 3 || Mixer.combine(dice.hash(number, "stays"), week) % 16 != 0
        }
    }
}
