extension TornReport {
    /// How each kind of crime pays.
    static let crimeOverview = TornReport(
        name: "crime_overview",
        summary: "A row for each kind of crime that a faction has carried out: success, respect, days and pay.",
        tables: ["crimes", "crime_slots"], order: "faction_id, difficulty, name"
    ) { sql in
        let days = "(\(sql.fraction(sql.seconds(from: "c.planning_at", to: "c.executed_at"))) / 86400)"
        // Pay is a quotient of sums over the crimes of which money and days are both known.
        let isPaid = "c.status = 'Successful' AND c.rewards_money IS NOT NULL AND \(days) > 0"
        return """
            SELECT
              c.faction_id, c.name, c.difficulty,
              COUNT(*) AS crimes,
              \(sql.count(where: "c.status = 'Successful'")) AS successful,
              \(sql.count(where: "c.status = 'Failure'")) AS failed,
              \(sql.fraction(sql.count(where: "c.status = 'Successful'"))) / COUNT(*) AS success_rate,
              \(sql.average("CASE WHEN c.status = 'Successful' THEN c.rewards_respect END")) AS average_respect,
              \(sql.average("CASE WHEN c.status = 'Successful' THEN c.rewards_money END")) AS average_money,
              \(sql.average(days)) AS average_days,
              MAX(s.positions) AS positions,
              \(sql.fraction("SUM(CASE WHEN \(isPaid) THEN c.rewards_money END)"))
                / SUM(CASE WHEN \(isPaid) THEN s.positions * \(days) END) AS pay_per_position_per_day
            FROM \(sql.live("crimes")) AS c
            LEFT JOIN (
              SELECT faction_id, crime_id, COUNT(*) AS positions
              FROM \(sql.live("crime_slots")) AS one_slot
              GROUP BY faction_id, crime_id
            ) AS s ON s.faction_id = c.faction_id AND s.crime_id = c.id
            WHERE c.status IN ('Successful', 'Failure')
            GROUP BY c.faction_id, c.name, c.difficulty
            """
    }

    /// What each crime brought, and to whom.
    ///
    /// Slots and reward items are summed up before they meet their crime, so that neither multiplies the money.
    static let crimeEarnings = TornReport(
        name: "crime_earnings",
        summary: "A row for each successful crime: its money, split between the faction and those who took part.",
        tables: ["crimes", "crime_slots", "crime_reward_items", "items"],
        order: "executed_at DESC, faction_id, crime_id"
    ) { sql in
        let shared = sql.quotient("c.rewards_money * c.rewards_payout_percentage", "100")
        return """
            SELECT
              c.faction_id, c.id AS crime_id, c.name, c.difficulty, c.executed_at,
              c.rewards_respect AS respect, c.rewards_money AS money,
              c.rewards_payout_type AS payout_type, c.rewards_payout_percentage AS payout_percentage,
              COALESCE(p.participants, 0) AS participants,
              \(shared) AS participants_money,
              c.rewards_money - \(shared) AS faction_money,
              \(sql.quotient(shared, "p.participants")) AS money_per_participant,
              COALESCE(r.quantity, 0) AS reward_items,
              CASE WHEN r.crime_id IS NULL THEN 0 WHEN r.unpriced = 0 THEN r.market_value END AS reward_items_value
            FROM \(sql.live("crimes")) AS c
            LEFT JOIN (
              SELECT faction_id, crime_id, COUNT(user_id) AS participants
              FROM \(sql.live("crime_slots")) AS one_slot
              GROUP BY faction_id, crime_id
            ) AS p ON p.faction_id = c.faction_id AND p.crime_id = c.id
            LEFT JOIN (
              SELECT
                i.faction_id, i.crime_id, SUM(i.quantity) AS quantity,
                SUM(i.quantity * t.market_price) AS market_value,
                \(sql.count(where: "i.quantity IS NULL OR t.market_price IS NULL")) AS unpriced
              FROM \(sql.live("crime_reward_items")) AS i
              LEFT JOIN \(itemNames(sql)) AS t ON t.id = i.item_id
              GROUP BY i.faction_id, i.crime_id
            ) AS r ON r.faction_id = c.faction_id AND r.crime_id = c.id
            WHERE c.status = 'Successful'
            """
    }

    /// Crimes with the names of members and items.
    static let crimesNamed = TornReport(
        name: "crimes_named",
        summary: "A row for each slot of each crime, with the names of its member and of the item it needs.",
        tables: ["crimes", "crime_slots", "members", "items"],
        order: "created_at DESC, faction_id, crime_id, slot_index"
    ) { sql in
        """
        SELECT
          c.faction_id, c.id AS crime_id, c.name, c.difficulty, c.status,
          c.created_at, c.planning_at, c.ready_at, c.expired_at, c.executed_at,
          s.slot_index, s.position, s.checkpoint_pass_rate,
          s.user_id, m.name AS user_name, s.user_joined_at, s.user_progress, s.user_outcome,
          s.item_requirement_id AS item_id, t.name AS item_name,
          s.item_requirement_is_reusable AS item_is_reusable,
          s.item_requirement_is_available AS item_is_available
        FROM \(sql.live("crimes")) AS c
        LEFT JOIN \(sql.live("crime_slots")) AS s ON s.faction_id = c.faction_id AND s.crime_id = c.id
        LEFT JOIN (
          SELECT faction_id, id, MAX(name) AS name
          FROM \(sql.table("members")) AS one_member
          GROUP BY faction_id, id
        ) AS m ON m.faction_id = s.faction_id AND m.id = s.user_id
        LEFT JOIN \(itemNames(sql)) AS t ON t.id = s.item_requirement_id
        """
    }

    /// The flat table of slots times reward items, for queries that were written for it.
    static let crimesWide = TornReport(
        name: "crimes_wide",
        summary: "A row for each slot and reward item of each crime, as one flat table; do not add up its money.",
        tables: ["crimes", "crime_slots", "crime_reward_items"],
        order: "id, faction_id, slot_index, reward_index"
    ) { sql in
        """
        SELECT
          c._fetched_at AS server_timestamp,
          c.id, c.name, c.difficulty, c.status,
          c.created_at, c.planning_at, c.executed_at, c.ready_at, c.expired_at,
          s.position AS slots_position,
          s.item_requirement_id AS slots_item_requirement_id,
          s.item_requirement_is_reusable AS slots_item_requirement_is_reusable,
          s.item_requirement_is_available AS slots_item_requirement_is_available,
          s.user_id AS slots_user_id, s.user_joined_at AS slots_user_joined_at,
          s.user_progress AS slots_user_progress,
          \(sql.noNumber) AS slots_success_chance,
          s.checkpoint_pass_rate AS slots_crime_pass_rate,
          c.rewards_money, r.item_id AS rewards_items_id, r.quantity AS rewards_items_quantity,
          c.rewards_respect, c.rewards_payout_type, c.rewards_payout_percentage,
          c.rewards_payout_paid_by, c.rewards_payout_paid_at,
          c.faction_id, s.slot_index, r.reward_index
        FROM \(sql.live("crimes")) AS c
        LEFT JOIN \(sql.live("crime_slots")) AS s ON s.faction_id = c.faction_id AND s.crime_id = c.id
        LEFT JOIN \(sql.live("crime_reward_items")) AS r ON r.faction_id = c.faction_id AND r.crime_id = c.id
        """
    }

    /// Each item once, however many documents show it.
    static func itemNames(_ sql: SQLDialect) -> String {
        """
        (
          SELECT id, MAX(name) AS name, MAX(value_market_price) AS market_price
          FROM \(sql.live("items")) AS one_item
          GROUP BY id
        )
        """
    }
}
