import FreshetCore

extension ClashTables {
    // MARK: The current war

    static let war: [TableSpec] = [
        table(
            "clash_wars", "$.wars[*]", key: ["clan_tag", "preparation_at"], isComplete: false,
            [text("clan_tag", isRequired: true)] + warColumns(isPreparationRequired: true), indexes: [["end_at"]]),
        table(
            "clash_war_members", "$.members[*]", key: ["clan_tag", "preparation_at", "player_tag"], isComplete: false,
            [
                text("clan_tag", isRequired: true), moment("preparation_at", isRequired: true),
                text("player_tag", isRequired: true), text("name"), integer("map_position"), integer("town_hall"),
                integer("attacks_used"), integer("attacks_allowed"), integer("stars"), moment("attacked_at"),
            ], indexes: [["player_tag", "preparation_at"]]),
        table(
            "clash_war_attacks", "$.attacks[*]", key: ["clan_tag", "preparation_at", "attack_order"],
            isComplete: false,
            [
                text("clan_tag", isRequired: true), moment("preparation_at", isRequired: true),
                integer("attack_order", isRequired: true), boolean("is_own"),
            ] + attackColumns, indexes: [["attacker_tag"]]),
    ]

    static let warLog: [TableSpec] = [
        table(
            "clash_war_log", "$.wars[*]", key: ["clan_tag", "end_at"], isComplete: false,
            [
                text("clan_tag", isRequired: true), moment("end_at", isRequired: true), text("result"),
                integer("team_size"), integer("attacks_per_member"), integer("attacks"), integer("stars"),
                float("destruction"), integer("exp_earned"), text("opponent_tag"), text("opponent_name"),
                integer("opponent_stars"), float("opponent_destruction"),
            ])
    ]

    // MARK: Clan war leagues

    static let leagueGroup: [TableSpec] = [
        table(
            "clash_league_groups", "$.groups[*]", key: ["clan_tag", "season"], isComplete: false,
            [text("clan_tag", isRequired: true), text("season", isRequired: true), text("state"), integer("clans")]),
        table(
            "clash_league_rounds", "$.rounds[*]", key: ["clan_tag", "season", "war_tag"], isComplete: false,
            [
                text("clan_tag", isRequired: true), text("season", isRequired: true), integer("round"),
                text("war_tag", isRequired: true),
            ]),
    ]

    static let leagueWar: [TableSpec] = [
        table(
            "clash_league_wars", "$.wars[*]", key: ["war_tag"], isComplete: false,
            [text("war_tag", isRequired: true), text("clan_tag")] + warColumns(isPreparationRequired: false)),
        table(
            "clash_league_attacks", "$.attacks[*]", key: ["war_tag", "attack_order"], isComplete: false,
            [text("war_tag", isRequired: true), integer("attack_order", isRequired: true)] + attackColumns),
    ]

    // MARK: Capital raids

    static let raids: [TableSpec] = [
        table(
            "clash_raids", "$.raids[*]", key: ["clan_tag", "start_at"], isComplete: false,
            [
                text("clan_tag", isRequired: true), moment("start_at", isRequired: true), moment("end_at"),
                text("state"), integer("capital_loot"), integer("raids_completed"), integer("attacks"),
                integer("districts_destroyed"), integer("offensive_reward"), integer("defensive_reward"),
            ]),
        table(
            "clash_raid_members", "$.members[*]", key: ["clan_tag", "start_at", "player_tag"], isComplete: false,
            [
                text("clan_tag", isRequired: true), moment("start_at", isRequired: true),
                text("player_tag", isRequired: true), text("name"), integer("attacks"), integer("attack_limit"),
                integer("bonus_attack_limit"), integer("capital_looted"),
            ], indexes: [["player_tag"]]),
    ]

    // MARK: Parts

    private static func warColumns(isPreparationRequired: Bool) -> [ColumnSpec] {
        [
            moment("preparation_at", isRequired: isPreparationRequired), moment("start_at"), moment("end_at"),
            text("state"), text("result"), integer("team_size"), integer("attacks_per_member"), integer("attacks"),
            integer("stars"), float("destruction"), text("opponent_tag"), text("opponent_name"),
            integer("opponent_attacks"), integer("opponent_stars"), float("opponent_destruction"),
        ]
    }

    private static let attackColumns = [
        text("attacker_tag"), text("defender_tag"), integer("stars"), float("destruction"), integer("duration"),
    ]
}
