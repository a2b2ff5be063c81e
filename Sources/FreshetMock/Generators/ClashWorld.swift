/// The facts behind the generated Clash of Clans documents: who is in which clan and how their numbers move with time.
///
/// Everything is a function of the seed, a tag's number and the step of time, so that clan and player documents agree and no
/// state is kept.
struct ClashWorld: Sendable {
    /// Members a clan has room for.
    static let seats: Int64 = 50
    /// Steps of a season; with each, everybody's donation counters begin at zero.
    static let seasonLength: Int64 = 480
    private static let memberBase = ClashTag.smallest * 60

    let seed: UInt64

    /// What moves in one player.
    struct Standing {
        let trophies: Int
        let donations: Int
        let received: Int
        let builderTrophies: Int
        let attackWins: Int
    }

    func hash(_ number: Int64, _ field: String) -> UInt64 {
        Mixer.combine(UInt64(bitPattern: number), Mixer.hash(field, seed: seed))
    }

    /// A number in the range that never changes for this tag and field.
    func constant(_ number: Int64, _ field: String, _ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(hash(number, field) % UInt64(range.count))
    }

    func pick<Value>(_ number: Int64, _ field: String, _ values: [Value]) -> Value {
        values[Int(hash(number, field) % UInt64(values.count))]
    }

    /// The player in one seat of a clan, whoever long ago; `nil` when the tag would be too long or is nobody's.
    func player(clan: Int64, seat: Int64) -> Int64? {
        let number = Self.memberBase + clan * Self.seats + seat
        guard let tag = ClashTag.tag(of: number), ClashTag.exists(tag) else { return nil }
        return number
    }

    /// The clan whose seat a player has, whether or not the player is in it now.
    func clan(ofPlayer player: Int64) -> Int64? {
        let clan = (player - Self.memberBase) / Self.seats
        guard player >= Self.memberBase, let tag = ClashTag.tag(of: clan), ClashTag.exists(tag) else { return nil }
        return clan
    }

    /// Whether the player is in the clan at this step: some seats are never taken, some players come and go.
    func isMember(_ player: Int64, step: Int64) -> Bool {
        guard let clan = clan(ofPlayer: player) else { return false }
        let seat = (player - Self.memberBase) % Self.seats
        let size = Int64(constant(clan, "size", 8...50))
        guard seat < size else { return false }
        // The first seat is the leader's, who stays.
        if seat == 0 { return true }
        let season = (step + Int64(hash(player, "season") % 24)) / 24
        return Mixer.combine(hash(player, "stays"), UInt64(bitPattern: season)) % 16 != 0
    }

    /// The members at this step, best trophies first.
    func members(clan: Int64, step: Int64) -> [(player: Int64, standing: Standing)] {
        (0..<Self.seats).compactMap { seat -> (player: Int64, standing: Standing)? in
            guard let player = player(clan: clan, seat: seat), isMember(player, step: step) else { return nil }
            return (player, standing(player, step: step))
        }
        .sorted { ($0.standing.trophies, $1.player) > ($1.standing.trophies, $0.player) }
    }

    /// The moving numbers.
    ///
    /// Two players in five are idle and never move; the others move every 1, 2, 4 or 8 steps. What is given and received counts from
    /// the season's beginning.
    func standing(_ player: Int64, step: Int64) -> Standing {
        let isIdle = hash(player, "idle") % 5 < 2
        let period = Int64(1) << Int64(hash(player, "period") % 4)
        let moves = isIdle ? 0 : (step + Int64(hash(player, "phase") % 8)) / period
        let season = Int(moves % 200)
        let wave = abs(season - 100)
        let phase = Int64(hash(player, "phase") % 8)
        let inSeason = isIdle ? 0 : Int(((step % Self.seasonLength) + phase) / period - phase / period)
        return Standing(
            trophies: constant(player, "trophies", 400...5_200) + wave * constant(player, "pace", 1...4),
            donations: inSeason * constant(player, "generous", 1...15),
            received: inSeason * constant(player, "needy", 1...9),
            builderTrophies: constant(player, "builder", 500...4_200) + wave,
            attackWins: constant(player, "wins", 0...80) + season / 4)
    }

    func role(_ player: Int64) -> String {
        let seat = (player - Self.memberBase) % Self.seats
        if seat == 0 { return "leader" }
        return pick(player, "role", ["coLeader", "admin", "admin", "member", "member", "member", "member"])
    }

    func name(_ number: Int64) -> String {
        let first = ["Red", "Iron", "Dark", "Sir", "El", "Lady", "Old", "Wild", "King", "★ Star", "Ünder", "Łow"]
        let second = ["wolf", "storm", "hammer", "raven", "baker", "knight", "fox", "クラン", "дракон", "thorn", "moon 🌙"]
        return
            "\(pick(number, "first", first)) \(pick(number, "second", second)) \(constant(number, "suffix", 1...999))"
    }
}
