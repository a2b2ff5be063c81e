/// Builds documents of the shape of the Clash of Clans API.
struct ClashDocuments {
    let world: ClashWorld
    /// Which step of time it is.
    let step: Int64
    /// How long one step lasts.
    let stepLength: Duration

    private static let assets = "https://api-assets.clashofclans.com"

    // MARK: Clans

    func clan(_ number: Int64, tag: String) -> MockJSON {
        let members = world.members(clan: number, step: step)
        let isPublic = isWarLogPublic(number)
        var fields: [MockJSON.Member] = [
            .init("tag", .string(tag)), .init("name", .string(world.name(number))),
            .init("type", .string(world.pick(number, "type", ["open", "inviteOnly", "closed"]))),
            .init("description", .string("Clan number \(number % 100_000): war twice a week, \"be kind\" & donate.")),
            .init("location", location(number)),
            .init("isFamilyFriendly", .bool(world.hash(number, "family") % 2 == 0)),
            .init("badgeUrls", badge(number)), .init("clanLevel", .int(level(number))),
            .init("clanPoints", .int(members.reduce(0) { $0 + $1.standing.trophies } / 2)),
            .init("clanBuilderBasePoints", .int(members.reduce(0) { $0 + $1.standing.builderTrophies } / 2)),
            .init("clanCapitalPoints", .int(world.constant(number, "capital", 0...3_000))),
            .init(
                "capitalLeague",
                ["id": .int(85_000_000 + world.constant(number, "capitalLeague", 0...12)), "name": "Gold League II"]),
            .init("requiredTrophies", .int(world.constant(number, "required", 0...13) * 200)),
            .init("warFrequency", .string(world.pick(number, "wars", ["always", "oncePerWeek", "never", "unknown"]))),
            .init("warWinStreak", .int(world.constant(number, "streak", 0...9))),
            .init("warWins", .int(world.constant(number, "warWins", 0...400) + Int(step / 8))),
        ]
        // A private war log hides ties and losses: the fields are absent, not null.
        if isPublic {
            fields.append(.init("warTies", .int(world.constant(number, "ties", 0...9))))
            fields.append(.init("warLosses", .int(world.constant(number, "losses", 0...200))))
        }
        fields += [
            .init("isWarLogPublic", .bool(isPublic)),
            .init(
                "warLeague",
                ["id": .int(48_000_000 + world.constant(number, "warLeague", 0...18)), "name": "Crystal League I"]),
            .init("members", .int(members.count)), .init("memberList", memberList(members)),
            .init("labels", [label(number, "label1"), label(number, "label2")]),
            .init("requiredBuilderBaseTrophies", 0),
            .init("requiredTownhallLevel", .int(world.constant(number, "townhall", 1...15))),
            .init("clanCapital", capital(number)),
            .init("chatLanguage", ["id": 75_000_000, "name": "English", "languageCode": "EN"]),
        ]
        return .object(fields)
    }

    func memberPage(_ number: Int64, limit: Int?) -> MockJSON {
        let members = world.members(clan: number, step: step)
        let count = min(limit ?? members.count, members.count)
        return ["items": memberList(Array(members.prefix(max(0, count)))), "paging": ["cursors": [:]]]
    }

    private func memberList(_ members: [(player: Int64, standing: ClashWorld.Standing)]) -> MockJSON {
        .array(
            members.enumerated().map { index, member in
                let (player, standing) = member
                return [
                    "tag": .string(ClashTag.tag(of: player) ?? ""), "name": .string(world.name(player)),
                    "role": .string(world.role(player)), "townHallLevel": .int(townHall(player)),
                    "expLevel": .int(world.constant(player, "exp", 20...250)), "league": league(standing.trophies),
                    "trophies": .int(standing.trophies), "builderBaseTrophies": .int(standing.builderTrophies),
                    "clanRank": .int(index + 1), "previousClanRank": .int(world.constant(player, "rank", 1...50)),
                    "donations": .int(standing.donations), "donationsReceived": .int(standing.received),
                    "playerHouse": [
                        "elements": [["type": "ground", "id": 82_000_000], ["type": "walls", "id": 82_000_048]]
                    ],
                    "builderBaseLeague": builderLeague(standing.builderTrophies),
                ]
            })
    }

    func isWarLogPublic(_ number: Int64) -> Bool { world.hash(number, "warlog") % 5 != 0 }

    // MARK: Players

    func player(_ number: Int64, tag: String) -> MockJSON {
        let standing = world.standing(number, step: step)
        var fields: [MockJSON.Member] = [
            .init("tag", .string(tag)), .init("name", .string(world.name(number))),
            .init("townHallLevel", .int(townHall(number))),
            .init("expLevel", .int(world.constant(number, "exp", 20...250))),
            .init("trophies", .int(standing.trophies)),
            .init("bestTrophies", .int(5_600 + world.constant(number, "best", 0...400))),
            .init("warStars", .int(world.constant(number, "stars", 0...2_000))),
            .init("attackWins", .int(standing.attackWins)),
            .init("defenseWins", .int(world.constant(number, "defence", 0...20))),
            .init("builderHallLevel", .int(world.constant(number, "builderHall", 2...10))),
            .init("builderBaseTrophies", .int(standing.builderTrophies)),
            .init("bestBuilderBaseTrophies", .int(4_400 + world.constant(number, "bestBuilder", 0...300))),
        ]
        if let clan = world.clan(ofPlayer: number), world.isMember(number, step: step),
            let clanTag = ClashTag.tag(of: clan)
        {
            fields.append(.init("role", .string(world.role(number))))
            fields.append(
                .init(
                    "clan",
                    [
                        "tag": .string(clanTag), "name": .string(world.name(clan)), "clanLevel": .int(level(clan)),
                        "badgeUrls": badge(clan),
                    ]))
        }
        fields += [
            .init("warPreference", .string(world.pick(number, "war", ["in", "out"]))),
            .init("donations", .int(standing.donations)), .init("donationsReceived", .int(standing.received)),
            .init("clanCapitalContributions", .int(world.constant(number, "gold", 0...2_000_000))),
            .init("league", league(standing.trophies)),
            .init("builderBaseLeague", builderLeague(standing.builderTrophies)),
            .init("achievements", achievements(number)),
            .init("playerHouse", ["elements": [["type": "ground", "id": 82_000_000]]]),
            .init("labels", [label(number, "label1")]),
            .init("troops", units(number, ["Barbarian", "Archer", "Giant", "Dragon"])),
            .init("heroes", units(number, ["Barbarian King", "Archer Queen"])), .init("heroEquipment", []),
            .init("spells", units(number, ["Lightning Spell", "Healing Spell"])),
        ]
        return .object(fields)
    }

    private func achievements(_ number: Int64) -> MockJSON {
        .array(
            ["Bigger Coffers", "Get those Goblins!", "Nice and Tidy"].map { name in
                [
                    "name": .string(name), "stars": .int(world.constant(number, name, 0...3)),
                    "value": .int(world.constant(number, name + "v", 0...500)), "target": 500,
                    "info": "Reach the target of this achievement", "completionInfo": nil, "village": "home",
                ]
            })
    }

    private func units(_ number: Int64, _ names: [String]) -> MockJSON {
        .array(
            names.map { name in
                [
                    "name": .string(name), "level": .int(world.constant(number, name, 1...12)), "maxLevel": 12,
                    "village": "home",
                ]
            })
    }

    // MARK: Parts

    private func townHall(_ player: Int64) -> Int { world.constant(player, "townHall", 5...17) }

    func level(_ clan: Int64) -> Int { world.constant(clan, "level", 1...30) }

    private func location(_ number: Int64) -> MockJSON {
        if world.hash(number, "location") % 3 == 0 {
            return ["id": 32_000_006, "name": "International", "isCountry": false]
        }
        let (name, code) = world.pick(
            number, "country", [("Canada", "CA"), ("Finland", "FI"), ("Japan", "JP"), ("Brazil", "BR")])
        return [
            "id": .int(32_000_007 + world.constant(number, "country", 0...250)), "name": .string(name),
            "isCountry": true,
            "countryCode": .string(code),
        ]
    }

    func badge(_ number: Int64) -> MockJSON {
        let id = Mixer.hex(world.hash(number, "badge"))
        return [
            "small": "\(Self.assets)/badges/70/\(id).png", "large": "\(Self.assets)/badges/512/\(id).png",
            "medium": "\(Self.assets)/badges/200/\(id).png",
        ]
    }

    private func label(_ number: Int64, _ field: String) -> MockJSON {
        let (id, name) = world.pick(
            number, field, [(56_000_000, "Clan Wars"), (56_000_004, "Trophy Pushing"), (56_000_010, "Friendly")])
        return [
            "id": .int(id), "name": .string(name),
            "iconUrls": [
                "small": "\(Self.assets)/labels/64/\(id).png", "medium": "\(Self.assets)/labels/128/\(id).png",
            ],
        ]
    }

    private func league(_ trophies: Int) -> MockJSON {
        let names = [
            "Unranked", "Bronze League I", "Silver League I", "Gold League I", "Crystal League I", "Master League I",
            "Champion League I", "Titan League I", "Legend League",
        ]
        let index = min(trophies / 640, names.count - 1)
        let id = 29_000_000 + index * 3
        return [
            "id": .int(id), "name": .string(names[index]),
            "iconUrls": [
                "small": "\(Self.assets)/leagues/72/\(id).png", "tiny": "\(Self.assets)/leagues/36/\(id).png",
                "medium": "\(Self.assets)/leagues/288/\(id).png",
            ],
        ]
    }

    private func builderLeague(_ trophies: Int) -> MockJSON {
        let index = min(trophies / 130, 40)
        return ["id": .int(44_000_000 + index), "name": "\(index < 20 ? "Wood" : "Steel") League \(index % 5 + 1)"]
    }

    private func capital(_ number: Int64) -> MockJSON {
        let names = ["Capital Peak", "Barbarian Camp", "Wizard Valley", "Balloon Lagoon"]
        let districts = names.enumerated().map { index, name -> MockJSON in
            [
                "id": .int(70_000_000 + index), "name": .string(name),
                "districtHallLevel": .int(world.constant(number, name, 1...5)),
            ]
        }
        return ["capitalHallLevel": .int(world.constant(number, "hall", 1...10)), "districts": .array(districts)]
    }
}
