extension TornReport {
    /// What crimes need.
    static let requiredItems = TornReport(
        name: "required_items",
        summary: "A row for each item that a position of a crime needs: how many open slots lack it, at what cost.",
        tables: ["crimes", "crime_slots", "items"], order: "faction_id, difficulty, name, position, item_id"
    ) { sql in
        let isOpen = "c.status IN ('Recruiting', 'Planning')"
        let lacks = "\(isOpen) AND NOT s.item_requirement_is_available"
        return """
            SELECT
              c.faction_id, c.name, c.difficulty, s.position,
              s.item_requirement_id AS item_id, t.name AS item_name,
              \(sql.any("s.item_requirement_is_reusable")) AS is_reusable,
              COUNT(*) AS slots,
              \(sql.count(where: isOpen)) AS open_slots,
              \(sql.count(where: lacks)) AS lacking,
              t.market_price,
              \(sql.count(where: lacks)) * t.market_price AS cost_of_lacking
            FROM \(sql.live("crimes")) AS c
            JOIN \(sql.live("crime_slots")) AS s ON s.faction_id = c.faction_id AND s.crime_id = c.id
            LEFT JOIN \(itemNames(sql)) AS t ON t.id = s.item_requirement_id
            WHERE s.item_requirement_id IS NOT NULL
            GROUP BY c.faction_id, c.name, c.difficulty, s.position, s.item_requirement_id, t.name, t.market_price
            """
    }

    /// What members do and can.
    ///
    /// Taking part is counted in crimes of the member's faction; pass rates are the member's own and counted over all
    /// factions. Those of expired crimes are zero and say nothing.
    static func memberInformation(passRate: Int) -> TornReport {
        TornReport(
            name: "member_information",
            summary: "A row for each member: crimes in 30 and 7 days, best pass rates, what to try at most.",
            tables: ["members", "crimes", "crime_slots"], order: "faction_id, name, id"
        ) { sql in
            let levels = 1...10
            let best = levels.map {
                "MAX(CASE WHEN c.difficulty = \($0) THEN s.checkpoint_pass_rate END) AS best_\($0)"
            }
            let recommended = levels.reversed().map { "WHEN b.best_\($0) >= \(passRate) THEN \($0)" }
            return """
                SELECT
                  m.faction_id, m.id, m.name, m.level, m.position, m.days_in_faction, m.is_in_oc,
                  m.last_action_timestamp,
                  COALESCE(p.crimes_30d, 0) AS crimes_30d,
                  COALESCE(p.crimes_7d, 0) AS crimes_7d,
                  \(sql.fraction("COALESCE(p.crimes_30d, 0)")) / NULLIF(f.crimes_30d, 0) AS participation_30d,
                  \(sql.fraction("COALESCE(p.crimes_7d, 0)")) / NULLIF(f.crimes_7d, 0) AS participation_7d,
                  \(levels.map { "b.best_\($0) AS best_pass_rate_\($0)" }.joined(separator: ",\n  ")),
                  CASE \(recommended.joined(separator: "\n    ")) END AS recommended_difficulty
                FROM \(sql.live("members")) AS m
                LEFT JOIN (
                  SELECT s.user_id, \(best.joined(separator: ",\n    "))
                  FROM \(sql.live("crime_slots")) AS s
                  JOIN \(sql.live("crimes")) AS c ON c.faction_id = s.faction_id AND c.id = s.crime_id
                  WHERE s.user_id IS NOT NULL AND c.status <> 'Expired'
                  GROUP BY s.user_id
                ) AS b ON b.user_id = m.id
                LEFT JOIN (
                  SELECT s.faction_id, s.user_id, \(executed(sql))
                  FROM \(sql.live("crime_slots")) AS s
                  JOIN \(sql.live("crimes")) AS c ON c.faction_id = s.faction_id AND c.id = s.crime_id
                  WHERE s.user_id IS NOT NULL
                  GROUP BY s.faction_id, s.user_id
                ) AS p ON p.faction_id = m.faction_id AND p.user_id = m.id
                LEFT JOIN (
                  SELECT c.faction_id, \(executed(sql))
                  FROM \(sql.live("crimes")) AS c
                  GROUP BY c.faction_id
                ) AS f ON f.faction_id = m.faction_id
                """
        }
    }

    /// Crimes carried out within the last 30 and 7 days.
    private static func executed(_ sql: SQLDialect) -> String {
        [30, 7].map { days in
            let age = sql.seconds(from: "c.executed_at", to: sql.now)
            return "COUNT(DISTINCT CASE WHEN c.status IN ('Successful', 'Failure') AND \(age) "
                + "BETWEEN 0 AND \(days * 86_400) THEN c.id END) AS crimes_\(days)d"
        }.joined(separator: ",\n    ")
    }
}
