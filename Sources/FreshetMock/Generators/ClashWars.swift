/// War documents. A war lasts eight steps: two of rest, two of preparation, three of battle, one when it has ended.
extension ClashDocuments {
    private static let cycle: Int64 = 8

    private func phase(_ clan: Int64) -> (cycle: Int64, position: Int64) {
        let shifted = step + Int64(world.hash(clan, "war phase") % UInt64(Self.cycle))
        return (shifted / Self.cycle, shifted % Self.cycle)
    }

    /// The clan's current war, which may be none.
    func currentWar(_ clan: Int64, tag: String) -> MockJSON {
        let (cycle, position) = phase(clan)
        let states = ["notInWar", "notInWar", "preparation", "preparation", "inWar", "inWar", "inWar", "warEnded"]
        let state = states[Int(position)]
        guard state != "notInWar" else {
            let nobody: MockJSON = [
                "badgeUrls": badge(0), "clanLevel": 0, "attacks": 0, "stars": 0,
                "destructionPercentage": .number("0.0"),
            ]
            return ["state": "notInWar", "clan": nobody, "opponent": nobody]
        }
        let start = step - position + 4
        let size = 5
        let progress = state == "preparation" ? 0 : Int(min(position - 3, 3)) * 2
        let enemy = opponent(clan, cycle: cycle)
        return [
            "state": .string(state), "teamSize": .int(size), "attacksPerMember": 2, "battleModifier": "none",
            "preparationStartTime": time(start - 2), "startTime": time(start), "endTime": time(start + 3),
            "clan": side(clan, against: enemy, size: size, progress: progress, cycle: cycle),
            "opponent": side(enemy, against: clan, size: size, progress: progress, cycle: cycle),
        ]
    }

    /// The wars that have ended, newest first.
    func warLog(_ clan: Int64, tag: String, limit: Int) -> MockJSON {
        let last = phase(clan).cycle
        let items = (0..<Int64(min(max(limit, 0), 20))).map { back -> MockJSON in
            let cycle = last - 1 - back
            let own = Int(Mixer.combine(world.hash(clan, "stars"), UInt64(bitPattern: cycle)) % 16)
            let other = Int(Mixer.combine(world.hash(clan, "other stars"), UInt64(bitPattern: cycle)) % 16)
            let enemy = opponent(clan, cycle: cycle)
            return [
                "result": .string(own > other ? "win" : own < other ? "lose" : "tie"),
                "endTime": time((cycle + 1) * 8 - 1 - Int64(world.hash(clan, "war phase") % 8)), "teamSize": 5,
                "attacksPerMember": 2, "battleModifier": "none",
                "clan": summary(clan, stars: own, attacks: 10, experience: own * 10),
                "opponent": summary(enemy, stars: other, attacks: nil, experience: nil),
            ]
        }
        return ["items": .array(items), "paging": ["cursors": [:]]]
    }

    private func opponent(_ clan: Int64, cycle: Int64) -> Int64 {
        // Small enough that the opponent has members with tags of its own.
        let number = Mixer.combine(world.hash(clan, "opponent"), UInt64(bitPattern: cycle)) % 100_000_000
        let candidate = ClashTag.smallest + Int64(number)
        return ClashTag.tag(of: candidate).map(ClashTag.exists) == true ? candidate : candidate + 1
    }

    private func summary(_ clan: Int64, stars: Int, attacks: Int?, experience: Int?) -> MockJSON {
        var fields: [MockJSON.Member] = [
            .init("tag", .string(ClashTag.tag(of: clan) ?? "")), .init("name", .string(world.name(clan))),
            .init("badgeUrls", badge(clan)), .init("clanLevel", .int(level(clan))),
        ]
        if let attacks { fields.append(.init("attacks", .int(attacks))) }
        fields.append(.init("stars", .int(stars)))
        fields.append(.init("destructionPercentage", .number("\(Double(stars) * 6.5)")))
        if let experience { fields.append(.init("expEarned", .int(experience))) }
        return .object(fields)
    }

    /// One side with its members; the first `progress` of them have attacked.
    func side(_ clan: Int64, against enemy: Int64, size: Int, progress: Int, cycle: Int64) -> MockJSON {
        let own = team(clan, size)
        let other = team(enemy, size)
        var stars = 0
        let members = own.enumerated().map { index, player -> MockJSON in
            var fields: [MockJSON.Member] = [
                .init("tag", .string(ClashTag.tag(of: player) ?? "")), .init("name", .string(world.name(player))),
                .init("townhallLevel", .int(world.constant(player, "townHall", 5...17))),
                .init("mapPosition", .int(index + 1)),
            ]
            if index < progress {
                let attack = attack(
                    player, on: other[index % other.count], order: index * 2 + (clan < enemy ? 1 : 2), cycle: cycle)
                stars += attack["stars"]?.intValue ?? 0
                fields.append(.init("attacks", [attack]))
            }
            fields.append(.init("opponentAttacks", .int(index < progress ? 1 : 0)))
            if index < progress, index < other.count {
                fields.append(
                    .init(
                        "bestOpponentAttack",
                        attack(other[index], on: player, order: index * 2 + (clan < enemy ? 2 : 1), cycle: cycle)))
            }
            return .object(fields)
        }
        return [
            "tag": .string(ClashTag.tag(of: clan) ?? ""), "name": .string(world.name(clan)), "badgeUrls": badge(clan),
            "clanLevel": .int(level(clan)), "attacks": .int(min(progress, own.count)), "stars": .int(stars),
            "destructionPercentage": .number("\(Double(stars) * 6.6)"), "members": .array(members),
        ]
    }

    private func team(_ clan: Int64, _ size: Int) -> [Int64] {
        (0..<ClashWorld.seats).compactMap { world.player(clan: clan, seat: $0) }.prefix(size).map { $0 }
    }

    private func attack(_ attacker: Int64, on defender: Int64, order: Int, cycle: Int64) -> MockJSON {
        let chance = Mixer.combine(world.hash(attacker, "attack"), UInt64(bitPattern: cycle))
        let stars = Int(chance % 4)
        return [
            "attackerTag": .string(ClashTag.tag(of: attacker) ?? ""),
            "defenderTag": .string(ClashTag.tag(of: defender) ?? ""),
            "stars": .int(stars), "destructionPercentage": .int(stars == 3 ? 100 : 30 + Int(chance >> 8 % 69)),
            "order": .int(order), "duration": .int(60 + Int(chance >> 16 % 120)),
        ]
    }

    func time(_ step: Int64) -> MockJSON {
        let seconds = stepLength.asSeconds * Double(step)
        return .string(CivilTime(unixSeconds: Int64(seconds)).compact)
    }
}
