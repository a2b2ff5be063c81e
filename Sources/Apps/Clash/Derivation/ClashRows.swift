import FreshetCore
import FreshetDocument

/// Makes the documents that rows are made of.
///
/// All moments are whole seconds since 1970 and all tags stand without `#`. A list that is left out leaves the rows of its table as
/// they are; the lists of tables that only grow hold what is new.
struct ClashRows: Sendable {
    let options: ClashOptions

    /// The document for a change; `nil` for a dataset without tables.
    func document(for change: DocumentChange) throws -> [UInt8]? {
        switch change.id.dataset {
        case ClashDatasets.clan: try clan(change)
        case ClashDatasets.player: try player(change)
        case ClashDatasets.war: try war(change)
        case ClashDatasets.leagueWar: try leagueWar(change)
        case ClashDatasets.leagueGroup: try leagueGroup(change)
        case ClashDatasets.warLog: try warLog(change)
        case ClashDatasets.raids: try raids(change)
        default: nil
        }
    }

    // MARK: Clans

    private func clan(_ change: DocumentChange) throws -> [UInt8] {
        let after = try ClanDocument(change.after)
        let before = try change.before.map(ClanDocument.init)
        return JSONWriter.object { json in
            json.objects("clans", [after.root]) { json, root in Self.write(root, tag: after.tag, to: &json) }
            // Nobody leaves because upstream forgot the list.
            if after.isListComplete {
                json.objects("memberships", after.members) { json, member in
                    json.field("player_tag", member.tag)
                    json.field("clan_tag", after.tag)
                }
            }
            // Rows that are made again tell of nothing that happened; without the version before, nobody was seen for the first time.
            if !change.isReplay || before != nil {
                snapshots(of: after, since: before, at: change.at, to: &json)
            }
        }
    }

    private func snapshots(
        of clan: ClanDocument, since before: ClanDocument?, at moment: Timestamp, to json: inout JSONWriter
    ) {
        let known = before?.membersByTag ?? [:]
        let changed = clan.members.filter { $0 != known[$0.tag] }
        json.objects("snapshots", changed) { json, member in
            let old = known[member.tag]
            let signs = Activity.signs(before: old?.standing, after: member.standing, policy: options.activity)
            json.field("player_tag", member.tag)
            json.field("clan_tag", clan.tag)
            json.seconds("seen_at", moment)
            json.field("name", member.name)
            json.field("role", member.role)
            json.field("town_hall", member.townHall)
            json.field("experience", member.experience)
            json.field("trophies", member.trophies)
            json.field("builder_trophies", member.builderTrophies)
            json.field("donations", member.donations)
            json.field("donations_received", member.received)
            json.field("activity", Self.words(signs))
        }
    }

    private static func write(_ root: JSONValue, tag: String, to json: inout JSONWriter) {
        json.field("tag", tag)
        json.field("name", root.text("name"))
        json.field("type", root.text("type"))
        json.field("level", root.int("clanLevel"))
        json.field("members", root.int("members"))
        json.field("points", root.int("clanPoints"))
        json.field("capital_points", root.int("clanCapitalPoints"))
        json.field("war_wins", root.int("warWins"))
        json.field("war_ties", root.int("warTies"))
        json.field("war_losses", root.int("warLosses"))
        json.field("war_win_streak", root.int("warWinStreak"))
        json.field("is_war_log_public", root["isWarLogPublic"]?.bool)
        json.field("war_league", root["warLeague"]?.text("name"))
        json.field("war_frequency", root.text("warFrequency"))
        json.field("required_trophies", root.int("requiredTrophies"))
        json.field("required_town_hall", root.int("requiredTownhallLevel"))
        json.field("location", root["location"]?.text("name"))
        json.field("deep_link", ClashTag.clanLink(tag))
    }

    /// The signs in words, or nothing.
    static func words(_ signs: [Activity.Sign]) -> String? {
        signs.isEmpty ? nil : signs.map(\.rawValue).joined(separator: ",")
    }

    // MARK: Players

    private func player(_ change: DocumentChange) throws -> [UInt8] {
        let after = try PlayerDocument(change.after)
        let before = try change.before.map(PlayerDocument.init)
        return JSONWriter.object { json in
            json.objects("players", [after]) { json, player in
                let snapshot = player.snapshot
                json.field("tag", player.tag)
                json.field("name", snapshot.name)
                json.field("clan_tag", snapshot.clanTag)
                json.field("role", snapshot.role)
                json.field("town_hall", snapshot.townHall)
                json.field("experience", snapshot.experience)
                json.field("best_trophies", player.root.int("bestTrophies"))
                json.field("war_stars", snapshot.warStars)
                json.field("war_preference", player.root.text("warPreference"))
                json.field("league_icon", player.root.leagueIcon)
                json.field("labels", json: player.root.raw("labels"))
                json.field("deep_link", ClashTag.playerLink(player.tag))
            }
            json.objects("clans", [after.clanTag].compactMap { $0 }) { json, clan in
                json.field("player_tag", after.tag)
                json.field("clan_tag", clan)
            }
            guard !change.isReplay || before != nil else { return }
            let isNew = after.snapshot != before?.snapshot
            json.objects("snapshots", isNew ? [after.snapshot] : []) { json, snapshot in
                let signs = Activity.signs(before: before?.standing, after: after.standing, policy: options.activity)
                json.field("player_tag", after.tag)
                json.seconds("seen_at", change.at)
                json.field("clan_tag", snapshot.clanTag)
                json.field("name", snapshot.name)
                json.field("role", snapshot.role)
                json.field("town_hall", snapshot.townHall)
                json.field("experience", snapshot.experience)
                json.field("trophies", snapshot.trophies)
                json.field("donations", snapshot.donations)
                json.field("donations_received", snapshot.received)
                json.field("war_stars", snapshot.warStars)
                json.field("attack_wins", snapshot.attackWins)
                json.field("activity", Self.words(signs))
            }
        }
    }
}
