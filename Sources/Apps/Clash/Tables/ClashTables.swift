import FreshetCore

/// The tables that documents of the app become.
enum ClashTables {
    // MARK: Clans

    static let clan: [TableSpec] = [clans, memberships, memberSnapshots]

    private static let clans = table(
        "clash_clans", "$.clans[*]", key: ["tag"],
        [
            text("tag", isRequired: true), text("name"), text("type"), integer("level"), integer("members"),
            integer("points"), integer("capital_points"), integer("war_wins"), integer("war_ties"),
            integer("war_losses"), integer("war_win_streak"), boolean("is_war_log_public"), text("war_league"),
            text("war_frequency"), integer("required_trophies"), integer("required_town_hall"), text("location"),
            text("deep_link"),
        ])

    /// Two columns and nothing that changes, so that the time a row has held is the time of the membership.
    private static let memberships: TableSpec = {
        var spec = table(
            "clash_memberships", "$.memberships[*]", key: ["player_tag", "clan_tag"],
            [text("player_tag", isRequired: true), text("clan_tag", isRequired: true)])
        spec.keepsHistory = true
        // A clan's list is whole: also when everybody has left.
        spec.maxDeletes = 1
        spec.indexes = [["player_tag"]]
        return spec
    }()

    private static let memberSnapshots = growing(
        "clash_member_snapshots", once: ["player_tag", "clan_tag", "seen_at"],
        [
            text("player_tag", isRequired: true), text("clan_tag", isRequired: true),
            moment("seen_at", isRequired: true), text("name"), text("role"), integer("town_hall"),
            integer("experience"), integer("trophies"), integer("builder_trophies"), integer("donations"),
            integer("donations_received"), text("activity"),
        ])

    // MARK: Players

    static let player: [TableSpec] = [players, playerClans, playerSnapshots]

    private static let players = table(
        "clash_players", "$.players[*]", key: ["tag"],
        [
            text("tag", isRequired: true), text("name"), text("clan_tag"), text("role"), integer("town_hall"),
            integer("experience"), integer("best_trophies"), integer("war_stars"), text("war_preference"),
            text("league_icon"), column("labels", .json), text("deep_link"),
        ], indexes: [["tag"], ["clan_tag"]])

    /// Memberships as players themselves show them, for clans that nobody follows.
    private static let playerClans: TableSpec = {
        var spec = table(
            "clash_player_clans", "$.clans[*]", key: ["player_tag", "clan_tag"],
            [text("player_tag", isRequired: true), text("clan_tag", isRequired: true)])
        spec.keepsHistory = true
        spec.maxDeletes = 1
        spec.indexes = [["player_tag"]]
        return spec
    }()

    private static let playerSnapshots = growing(
        "clash_player_snapshots", once: ["player_tag", "seen_at"],
        [
            text("player_tag", isRequired: true), moment("seen_at", isRequired: true), text("clan_tag"), text("name"),
            text("role"), integer("town_hall"), integer("experience"), integer("trophies"), integer("donations"),
            integer("donations_received"), integer("war_stars"), integer("attack_wins"), text("activity"),
        ])

    // MARK: Parts

    /// A table whose rows are updated; fetches that show a part only leave the others.
    static func table(
        _ name: String, _ rows: String, key: [String], isComplete: Bool = true, _ columns: [ColumnSpec],
        indexes: [[String]] = []
    ) -> TableSpec {
        var spec = TableSpec(name: name, rows: .path(rows))
        spec.primaryKey = key
        spec.disposition = .merge
        spec.columns = columns
        spec.nested = .json
        spec.isComplete = isComplete
        spec.indexes = indexes
        return spec
    }

    /// A table that only grows.
    private static func growing(_ name: String, once: [String], _ columns: [ColumnSpec]) -> TableSpec {
        var spec = TableSpec(name: name, rows: .path("$.snapshots[*]"))
        spec.disposition = .append
        spec.idempotency = .columns(once)
        spec.columns = columns
        spec.indexes = [["player_tag", "seen_at"]]
        return spec
    }

    static func integer(_ name: String, isRequired: Bool = false) -> ColumnSpec { column(name, .integer, isRequired) }
    static func float(_ name: String) -> ColumnSpec { column(name, .float) }
    static func boolean(_ name: String) -> ColumnSpec { column(name, .boolean) }
    static func text(_ name: String, isRequired: Bool = false) -> ColumnSpec { column(name, .text, isRequired) }

    /// Whole seconds since 1970.
    static func moment(_ name: String, isRequired: Bool = false) -> ColumnSpec {
        var column = column(name, .timestamp, isRequired)
        column.format = .unixSeconds
        return column
    }

    static func column(_ name: String, _ type: ColumnType, _ isRequired: Bool = false) -> ColumnSpec {
        var column = ColumnSpec(name: name, type: type)
        column.isRequired = isRequired
        return column
    }
}
