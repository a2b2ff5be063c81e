/// Clan war leagues: eight clans with neighbouring numbers meet in seven rounds of four wars.
///
/// A league lasts sixteen steps of thirty-two: each round has one step of preparation and one of battle, the last two steps are the
/// end. In the other sixteen there is no group.
extension ClashDocuments {
    private static let cycle: Int64 = 32
    private static let size: Int64 = 8
    private static let rounds = 7
    /// Above every clan and player of the world, so that a war's tag is nobody else's.
    private static let firstWar: Int64 = 1 << 45

    /// Which league it is, and how many of its steps have passed; `nil` between leagues.
    private var league: (season: Int64, position: Int64)? {
        let position = step % Self.cycle
        return position < 16 ? (step / Self.cycle, position) : nil
    }

    /// The group of a clan; `nil` when it is in none.
    func leagueGroup(_ clan: Int64) -> MockJSON? {
        guard let league, world.hash(clan - clan % Self.size, "league") % 3 != 0 else { return nil }
        let first = clan - clan % Self.size
        let drawn = min(Self.rounds, Int(league.position) / 2 + 2)
        let rounds = (0..<Self.rounds).map { round -> MockJSON in
            let tags = (0..<4).map { pair -> MockJSON in
                guard round < drawn else { return "#0" }
                return .string(ClashTag.tag(of: war(first, round: round, pair: pair)) ?? "#0")
            }
            return ["warTags": .array(tags)]
        }
        let state = league.position == 0 ? "preparation" : league.position < 14 ? "inWar" : "ended"
        let clans = (0..<Self.size).map { index -> MockJSON in
            let number = first + index
            let members = (0..<10).compactMap { world.player(clan: number, seat: $0) }.map { player -> MockJSON in
                [
                    "tag": .string(ClashTag.tag(of: player) ?? ""), "name": .string(world.name(player)),
                    "townHallLevel": .int(world.constant(player, "townHall", 5...17)),
                ]
            }
            return [
                "tag": .string(ClashTag.tag(of: number) ?? ""), "name": .string(world.name(number)),
                "clanLevel": .int(level(number)), "badgeUrls": badge(number), "members": .array(members),
            ]
        }
        return [
            "state": .string(state), "season": .string(seasonName), "clans": .array(clans), "rounds": .array(rounds),
        ]
    }

    /// The war with a number; `nil` when there is none.
    func leagueWar(_ number: Int64) -> MockJSON? {
        guard let league, number >= Self.firstWar else { return nil }
        let index = number - Self.firstWar
        let (first, round, pair) = (index / 32 * Self.size, Int(index % 32) / 4, Int(index % 4))
        guard round < Self.rounds, round < Int(league.position) / 2 + 2 else { return nil }
        let begin = step - league.position + Int64(round) * 2
        let state = step <= begin ? "preparation" : step == begin + 1 ? "inWar" : "warEnded"
        let (one, two) = pairing(round: round, pair: pair)
        let (home, guest) = (first + Int64(one), first + Int64(two))
        let progress = state == "preparation" ? 0 : state == "inWar" ? 3 : 5
        return [
            "state": .string(state), "teamSize": 5, "attacksPerMember": 1, "battleModifier": "none",
            "preparationStartTime": time(begin), "startTime": time(begin + 1), "endTime": time(begin + 2),
            "warStartTime": time(begin + 1),
            "clan": side(home, against: guest, size: 5, progress: progress, cycle: Int64(round)),
            "opponent": side(guest, against: home, size: 5, progress: progress, cycle: Int64(round)),
        ]
    }

    private func war(_ first: Int64, round: Int, pair: Int) -> Int64 {
        Self.firstWar + first / Self.size * 32 + Int64(round * 4 + pair)
    }

    /// The circle method: everybody meets everybody once.
    private func pairing(round: Int, pair: Int) -> (Int, Int) {
        func seat(_ place: Int) -> Int { place == 0 ? 0 : (place - 1 + round) % 7 + 1 }
        return (seat(pair), seat(7 - pair))
    }

    // MARK: Capital raids

    /// The raid seasons of a clan, newest first: of every eight steps the first three are a raid.
    func raids(_ clan: Int64, limit: Int) -> MockJSON {
        let current = step / 8
        let items = (0..<Int64(min(max(limit, 0), 20))).map { raid(clan, current - $0) }
        return ["items": .array(items), "paging": ["cursors": [:]]]
    }

    private func raid(_ clan: Int64, _ season: Int64) -> MockJSON {
        let passed = step - season * 8
        let isOver = passed >= 3
        let players = (0..<12).compactMap { world.player(clan: clan, seat: $0) }
        let members = players.map { player -> MockJSON in
            let drive = Int(Mixer.combine(world.hash(player, "raid"), UInt64(bitPattern: season)) % 7)
            let attacks = isOver ? drive : min(drive, Int(passed + 1) * 2)
            return [
                "tag": .string(ClashTag.tag(of: player) ?? ""), "name": .string(world.name(player)),
                "attacks": .int(attacks), "attackLimit": 5, "bonusAttackLimit": .int(drive > 5 ? 1 : 0),
                "capitalResourcesLooted": .int(attacks * world.constant(player, "loot", 900...4_000)),
            ]
        }
        let attacks = members.reduce(0) { $0 + ($1["attacks"]?.intValue ?? 0) }
        let loot = members.reduce(0) { $0 + ($1["capitalResourcesLooted"]?.intValue ?? 0) }
        return [
            "state": .string(isOver ? "ended" : "ongoing"), "startTime": time(season * 8),
            "endTime": time(season * 8 + 3), "capitalTotalLoot": .int(loot), "raidsCompleted": .int(attacks / 20),
            "totalAttacks": .int(attacks), "enemyDistrictsDestroyed": .int(attacks / 3),
            "offensiveReward": .int(isOver ? attacks * 2 : 0), "defensiveReward": .int(isOver ? 100 : 0),
            "members": .array(members.filter { ($0["attacks"]?.intValue ?? 0) > 0 }), "attackLog": [],
            "defenseLog": [],
        ]
    }

    // MARK: Seasons

    /// The season's month, as leagues name it.
    private var seasonName: String {
        let time = CivilTime(unixSeconds: Int64(stepLength.asSeconds * Double(step)))
        return "\(time.year)-\(time.month < 10 ? "0" : "")\(time.month)"
    }

    /// The season that the gold pass names; donation counters begin at zero with it.
    var goldPass: MockJSON {
        let start = step - step % ClashWorld.seasonLength
        return ["startTime": time(start), "endTime": time(start + ClashWorld.seasonLength)]
    }
}
