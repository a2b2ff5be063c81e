import FreshetCore

extension TornTables {
    /// A row for each member; whoever left stays, marked deleted, so that old crimes keep their names.
    var members: TableSpec {
        var spec = table(
            "members", "$.members[*]", key: ["faction_id", "id"],
            [
                Self.integer("faction_id", isRequired: true), Self.integer("id", isRequired: true),
                Self.text("name", isRequired: true), Self.integer("level", isRequired: true),
                Self.integer("days_in_faction", isRequired: true), Self.text("position"),
                Self.text("revive_setting"), Self.boolean("is_revivable"), Self.boolean("is_on_wall"),
                Self.boolean("is_in_oc"), Self.boolean("has_early_discharge"),
                Self.text("last_action_status", "$.last_action.status"),
                Self.moment("last_action_timestamp", "$.last_action.timestamp"),
                Self.text("last_action_relative", "$.last_action.relative"),
                Self.text("status_description", "$.status.description"),
                Self.text("status_details", "$.status.details", absent: ["", "None"]),
                Self.text("status_state", "$.status.state"), Self.moment("status_until", "$.status.until"),
                Self.integer("life_current", "$.life.current"), Self.integer("life_maximum", "$.life.maximum"),
            ])
        spec.parent = [Self.factionSource]
        spec.indexes = [["id"]]
        spec.clusterBy = ["faction_id"]
        return spec
    }

    /// A row for each fetch: how the faction stood then.
    var basic: TableSpec {
        var spec = table(
            "basic", "$.basic", key: ["id"],
            [
                Self.integer("id", isRequired: true), Self.text("name", isRequired: true), Self.text("tag"),
                Self.text("tag_image"), Self.integer("leader_id"), Self.integer("co_leader_id"),
                // The same under its name of before, as some answers still have it.
                Self.integer("co_leader_id_alias", "$['co-leader_id']"),
                Self.integer("respect"), Self.integer("days_old"), Self.integer("capacity"),
                Self.integer("members"), Self.boolean("is_enlisted"), Self.integer("rank_level", "$.rank.level"),
                Self.text("rank_name", "$.rank.name"), Self.integer("rank_division", "$.rank.division"),
                Self.integer("rank_position", "$.rank.position"), Self.integer("rank_wins", "$.rank.wins"),
                Self.integer("best_chain"),
            ])
        spec.clusterBy = ["id"]
        return spec
    }

    /// A row for each fetch: money and points of the faction.
    var currency: TableSpec {
        let rows = options.balanceRoute == .balance ? "$.balance.faction" : "$"
        var spec = table(
            "currency", rows, key: ["faction_id"],
            [
                Self.integer("faction_id", isRequired: true), Self.integer("points", isRequired: true),
                Self.integer("money", isRequired: true), Self.integer("scope"),
            ])
        spec.parent = [Self.factionSource]
        spec.clusterBy = ["faction_id"]
        return spec
    }

    /// A row for each fetch: what Torn's clock showed.
    var serverTime: TableSpec {
        table("server_time", "$", key: ["timestamp"], [Self.moment("timestamp", isRequired: true)])
    }
}
