import FreshetCore

extension TornTables {
    /// Crimes, a row for each slot, a row for each item of a reward.
    ///
    /// A fetch may show only a window of the crimes, so a crime that it does not show is not a crime that is gone.
    var crimes: [TableSpec] {
        [crimeTable, slotTable, rewardItemTable].map { spec in
            var spec = spec
            spec.isComplete = false
            return spec
        }
    }

    private var crimeTable: TableSpec {
        var spec = table(
            "crimes", "$.crimes[*]", key: ["faction_id", "id"],
            [
                Self.integer("faction_id", isRequired: true), Self.integer("id", isRequired: true),
                Self.integer("previous_crime_id"), Self.text("name", isRequired: true),
                Self.integer("difficulty", isRequired: true), Self.text("status", isRequired: true),
                Self.moment("created_at", isRequired: true), Self.moment("planning_at"), Self.moment("ready_at"),
                Self.moment("expired_at"), Self.moment("executed_at"),
                Self.integer("rewards_money", "$.rewards.money"), Self.integer("rewards_respect", "$.rewards.respect"),
                Self.integer("rewards_scope", "$.rewards.scope"),
                Self.text("rewards_payout_type", "$.rewards.payout.type", absent: [""]),
                Self.integer("rewards_payout_percentage", "$.rewards.payout.percentage"),
                Self.integer("rewards_payout_paid_by", "$.rewards.payout.paid_by"),
                Self.moment("rewards_payout_paid_at", "$.rewards.payout.paid_at"),
            ])
        spec.parent = [Self.factionSource]
        spec.exclude = ["$.slots", "$.rewards.items"]
        spec.indexes = [["status"], ["executed_at"]]
        (spec.partitionBy, spec.clusterBy) = ("created_at", ["faction_id", "status"])
        return spec
    }

    private var slotTable: TableSpec {
        var spec = table(
            "crime_slots", "$.crimes[*].slots[*]", key: ["faction_id", "crime_id", "slot_index"],
            [
                Self.integer("faction_id", isRequired: true), Self.integer("crime_id", isRequired: true),
                Self.text("name", isRequired: true), Self.integer("slot_index", isRequired: true),
                Self.text("position", absent: [""]),
                Self.integer("item_requirement_id", "$.item_requirement.id"),
                Self.boolean("item_requirement_is_reusable", "$.item_requirement.is_reusable"),
                Self.boolean("item_requirement_is_available", "$.item_requirement.is_available"),
                Self.integer("user_id", "$.user.id"), Self.moment("user_joined_at", "$.user.joined_at"),
                Self.float("user_progress", "$.user.progress"), Self.text("user_outcome", "$.user.outcome"),
                Self.integer("checkpoint_pass_rate"),
            ])
        // The path of the rows themselves is the row's place in its list: positions of one crime may repeat.
        spec.parent = [
            Self.factionSource, ("crime_id", "$.crimes[*].id"), ("name", "$.crimes[*].name"),
            ("slot_index", "$.crimes[*].slots[*]"),
        ]
        spec.indexes = [["crime_id"], ["user_id"]]
        spec.clusterBy = ["faction_id", "crime_id"]
        return spec
    }

    private var rewardItemTable: TableSpec {
        var spec = table(
            "crime_reward_items", "$.crimes[*].rewards.items[*]", key: ["faction_id", "crime_id", "reward_index"],
            [
                Self.integer("faction_id", isRequired: true), Self.integer("crime_id", isRequired: true),
                Self.text("name", isRequired: true), Self.integer("money"),
                Self.integer("reward_index", isRequired: true), Self.integer("item_id", "$.id", isRequired: true),
                Self.integer("quantity"),
            ])
        spec.parent = [
            Self.factionSource, ("crime_id", "$.crimes[*].id"), ("name", "$.crimes[*].name"),
            ("money", "$.crimes[*].rewards.money"), ("reward_index", "$.crimes[*].rewards.items[*]"),
        ]
        spec.indexes = [["crime_id"], ["item_id"]]
        spec.clusterBy = ["faction_id", "crime_id"]
        return spec
    }
}
