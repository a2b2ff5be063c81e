import FreshetCore
import FreshetDocument

extension ClashRows {
    /// The rows of a clan's current war; a document without a war says nothing of the wars before.
    func war(_ change: DocumentChange) throws -> [UInt8] {
        let war = try WarDocument(change.after)
        let before = try change.before.map(WarDocument.init)
        let tag = change.id.key
        return JSONWriter.object { json in
            let isWar = war.preparation != nil && war.state != .notInWar
            json.objects("wars", isWar ? [war] : []) { json, war in
                json.field("clan_tag", tag)
                Self.write(war, to: &json)
            }
            let known = before?.preparation == war.preparation ? before : nil
            let members = isWar ? Self.newMembers(war, since: known) : []
            json.objects("members", members) { json, member in
                json.field("clan_tag", tag)
                json.seconds("preparation_at", war.preparation)
                json.field("player_tag", member.tag)
                json.field("name", member.name)
                json.field("map_position", member.position)
                json.field("town_hall", member.townHall)
                json.field("attacks_used", member.attacks.count)
                json.field("attacks_allowed", war.attacksAllowed)
                json.field("stars", member.attacks.reduce(0) { $0 + $1.stars })
                // Attacks that the first look finds were made at a time that nobody knows.
                json.seconds("attacked_at", member.attacks.isEmpty || known == nil ? nil : change.at)
            }
            json.objects("attacks", isWar ? Self.newAttacks(war, since: known) : []) { json, attack in
                json.field("clan_tag", tag)
                json.seconds("preparation_at", war.preparation)
                json.field("attack_order", attack.order)
                json.field("is_own", war.clan.members.contains { $0.tag == attack.attacker })
                Self.write(attack, to: &json)
            }
        }
    }

    /// The rows of a war of a clan war league.
    func leagueWar(_ change: DocumentChange) throws -> [UInt8] {
        let war = try WarDocument(change.after)
        let before = try change.before.map(WarDocument.init)
        return JSONWriter.object { json in
            json.objects("wars", war.preparation == nil ? [] : [war]) { json, war in
                json.field("war_tag", change.id.key)
                json.field("clan_tag", war.clan.tag)
                Self.write(war, to: &json)
            }
            json.objects("attacks", Self.newAttacks(war, since: before)) { json, attack in
                json.field("war_tag", change.id.key)
                json.field("attack_order", attack.order)
                Self.write(attack, to: &json)
            }
        }
    }

    /// The rows of the group that a clan meets in a clan war league.
    func leagueGroup(_ change: DocumentChange) throws -> [UInt8] {
        let root = try JSONTape(change.after).root
        let season = root.text("season")
        return JSONWriter.object { json in
            json.objects("groups", season == nil ? [] : [root]) { json, root in
                json.field("clan_tag", change.id.key)
                json.field("season", season)
                json.field("state", root.text("state"))
                json.field("clans", root.list("clans").count)
            }
            let wars = root.list("rounds").enumerated().flatMap { index, round in
                // A round that is not drawn yet has the tag #0.
                round.list("warTags").compactMap(\.string).filter { $0 != "#0" }.map { (index + 1, $0) }
            }
            json.objects("rounds", season == nil ? [] : wars) { json, war in
                json.field("clan_tag", change.id.key)
                json.field("season", season)
                json.field("round", war.0)
                json.field("war_tag", ClashTag.bare(war.1))
            }
        }
    }

    /// The rows of the wars that a clan has fought.
    func warLog(_ change: DocumentChange) throws -> [UInt8] {
        let items = try JSONTape(change.after).root.list("items").filter { $0.moment("endTime") != nil }
        return JSONWriter.object { json in
            json.objects("wars", items) { json, item in
                let (own, other) = (item["clan"], item["opponent"])
                json.field("clan_tag", change.id.key)
                json.seconds("end_at", item.moment("endTime"))
                json.field("result", item.text("result"))
                json.field("team_size", item.int("teamSize"))
                json.field("attacks_per_member", item.int("attacksPerMember"))
                json.field("attacks", own?.int("attacks"))
                json.field("stars", own?.int("stars"))
                json.field("destruction", own?["destructionPercentage"]?.double)
                json.field("exp_earned", own?.int("expEarned"))
                json.field("opponent_tag", other?.tag())
                json.field("opponent_name", other?.text("name"))
                json.field("opponent_stars", other?.int("stars"))
                json.field("opponent_destruction", other?["destructionPercentage"]?.double)
            }
        }
    }

    /// The rows of a clan's capital raids.
    func raids(_ change: DocumentChange) throws -> [UInt8] {
        let items = try JSONTape(change.after).root.list("items").filter { $0.moment("startTime") != nil }
        return JSONWriter.object { json in
            json.objects("raids", items) { json, item in
                json.field("clan_tag", change.id.key)
                json.seconds("start_at", item.moment("startTime"))
                json.seconds("end_at", item.moment("endTime"))
                json.field("state", item.text("state"))
                json.field("capital_loot", item.int("capitalTotalLoot"))
                json.field("raids_completed", item.int("raidsCompleted"))
                json.field("attacks", item.int("totalAttacks"))
                json.field("districts_destroyed", item.int("enemyDistrictsDestroyed"))
                json.field("offensive_reward", item.int("offensiveReward"))
                json.field("defensive_reward", item.int("defensiveReward"))
            }
            let members = items.flatMap { item in item.list("members").map { (item, $0) } }
            json.objects("members", members.filter { $0.1.tag() != nil }) { json, entry in
                let (item, member) = entry
                json.field("clan_tag", change.id.key)
                json.seconds("start_at", item.moment("startTime"))
                json.field("player_tag", member.tag())
                json.field("name", member.text("name"))
                json.field("attacks", member.int("attacks"))
                json.field("attack_limit", member.int("attackLimit"))
                json.field("bonus_attack_limit", member.int("bonusAttackLimit"))
                json.field("capital_looted", member.int("capitalResourcesLooted"))
            }
        }
    }

    // MARK: Parts

    /// What a war has whichever way it was fetched.
    private static func write(_ war: WarDocument, to json: inout JSONWriter) {
        json.seconds("preparation_at", war.preparation)
        json.seconds("start_at", war.start)
        json.seconds("end_at", war.end)
        json.field("state", war.root.text("state"))
        json.field("result", war.result)
        json.field("team_size", war.root.int("teamSize"))
        json.field("attacks_per_member", war.root.int("attacksPerMember"))
        json.field("attacks", war.clan.attacks)
        json.field("stars", war.clan.stars)
        json.field("destruction", war.clan.destruction)
        json.field("opponent_tag", war.opponent.tag)
        json.field("opponent_name", war.opponent.name)
        json.field("opponent_attacks", war.opponent.attacks)
        json.field("opponent_stars", war.opponent.stars)
        json.field("opponent_destruction", war.opponent.destruction)
    }

    private static func write(_ attack: WarDocument.Attack, to json: inout JSONWriter) {
        json.field("attacker_tag", attack.attacker)
        json.field("defender_tag", attack.defender)
        json.field("stars", attack.stars)
        json.field("destruction", attack.destruction)
        json.field("duration", attack.duration)
    }

    /// The own members of whom a fetch says something new.
    private static func newMembers(_ war: WarDocument, since before: WarDocument?) -> [WarDocument.Member] {
        let known = Dictionary(before?.clan.members.map { ($0.tag, $0) } ?? []) { first, _ in first }
        return war.clan.members.filter { $0 != known[$0.tag] }
    }

    /// Attacks of both sides that a fetch shows first, in their order.
    private static func newAttacks(_ war: WarDocument, since before: WarDocument?) -> [WarDocument.Attack] {
        func all(_ war: WarDocument?) -> [WarDocument.Attack] {
            [war?.clan, war?.opponent].flatMap { $0?.members.flatMap(\.attacks) ?? [] }
        }
        let known = Set(all(before))
        return all(war).filter { !known.contains($0) }.sorted { $0.order < $1.order }
    }
}
