import FreshetCore

/// What the rows tell of several players at once: a constant number of questions, however many players.
struct ClashFacts: Sendable {
    /// The last activity, by player.
    var lastSeen: [String: Timestamp] = [:]
    /// Counts of war attacks of the last weeks, by player.
    var wars: [String: [WarReading]] = [:]
    /// Labels as JSON, by player.
    var labels: [String: [UInt8]] = [:]
    /// Since when each player is in the clan that was asked about.
    var joined: [String: Timestamp] = [:]
    /// Donation counters, by player.
    var points: [String: [DonationPoint]] = [:]
    /// Whether the store could not be asked: what stands here is not all there is.
    var isPartial = false
}

/// Asks the tables.
///
/// The statements are understood by SQLite and PostgreSQL alike.
struct ClashQuestions: Sendable {
    let tables: any TableStore
    let now: Timestamp

    /// Tags that cannot break out of a literal; whatever else upstream calls a tag is nobody's.
    static func quoted(_ tags: some Sequence<String>) -> String {
        tags.filter { ClashTag.normal($0) == $0 }.map { "'\($0)'" }.joined(separator: ", ")
    }

    private func literal(_ moment: Timestamp) -> String { "'\(Timestamp(seconds: moment.seconds).rfc3339)'" }

    private func ask(_ sql: String) async throws(StoreError) -> [[TableValue]] {
        try await tables.query(sql, limits: QueryLimits(time: .seconds(5), rows: 10_000)).rows
    }

    /// The last sign of activity of each player, whichever document showed it; the first sight where there was no sign since.
    ///
    /// Another document that shows a player for the first time is no sign: the player may have been away for days.
    func lastSeen(_ tags: [String]) async throws(StoreError) -> [String: Timestamp] {
        let list = Self.quoted(tags)
        guard !list.isEmpty else { return [:] }
        let rows = try await ask(
            """
            SELECT player_tag, COALESCE(MAX(sure), MIN(at)) FROM (
              SELECT player_tag, seen_at AS at, CASE WHEN activity <> 'first_sight' THEN seen_at END AS sure
              FROM clash_member_snapshots WHERE player_tag IN (\(list)) AND activity IS NOT NULL
              UNION ALL SELECT player_tag, seen_at, CASE WHEN activity <> 'first_sight' THEN seen_at END
              FROM clash_player_snapshots WHERE player_tag IN (\(list)) AND activity IS NOT NULL
              UNION ALL SELECT player_tag, attacked_at, attacked_at FROM clash_war_members
              WHERE player_tag IN (\(list)) AND attacked_at IS NOT NULL) AS seen
            GROUP BY player_tag
            """)
        return moments(rows)
    }

    /// Since when players are in a clan, as the clan or the player showed first.
    func joined(_ tags: [String], clan: String) async throws(StoreError) -> [String: Timestamp] {
        let (list, clan) = (Self.quoted(tags), Self.quoted([clan]))
        guard !list.isEmpty, !clan.isEmpty else { return [:] }
        let rows = try await ask(
            """
            SELECT player_tag, MIN(at) FROM (
              SELECT player_tag, _fetched_at AS at FROM clash_memberships
              WHERE player_tag IN (\(list)) AND clan_tag = \(clan) AND _deleted_at IS NULL
              UNION ALL SELECT player_tag, _fetched_at FROM clash_player_clans
              WHERE player_tag IN (\(list)) AND clan_tag = \(clan) AND _deleted_at IS NULL) AS joined
            GROUP BY player_tag
            """)
        return moments(rows)
    }

    /// Attacks of each player in the wars that ended within `window` or go on.
    func wars(_ tags: [String], window: Duration) async throws(StoreError) -> [String: [WarReading]] {
        let list = Self.quoted(tags)
        guard !list.isEmpty else { return [:] }
        let rows = try await ask(
            """
            SELECT m.player_tag, w.end_at, m.attacks_used, m.attacks_allowed
            FROM clash_war_members m
            JOIN clash_wars w ON w.clan_tag = m.clan_tag AND w.preparation_at = m.preparation_at
            WHERE m.player_tag IN (\(list)) AND w.end_at >= \(literal(now - window))
              AND w.start_at <= \(literal(now))
            ORDER BY m.player_tag, w.end_at
            """)
        var readings: [String: [WarReading]] = [:]
        for row in rows {
            guard let tag = row[0].text, let end = row[1].moment, let used = row[2].whole else { continue }
            // What is known of a war that goes on is known now.
            let reading = WarReading(at: min(end, now), used: used, allowed: row[3].whole)
            readings[tag, default: []].append(reading)
        }
        return readings
    }

    /// The labels that players' own documents show, as JSON.
    func labels(_ tags: [String]) async throws(StoreError) -> [String: [UInt8]] {
        let list = Self.quoted(tags)
        guard !list.isEmpty else { return [:] }
        let rows = try await ask(
            "SELECT tag, labels FROM clash_players WHERE tag IN (\(list)) AND labels IS NOT NULL")
        return Dictionary(
            rows.compactMap { row in row[0].text.flatMap { tag in row[1].json.map { (tag, $0) } } }
        ) { first, _ in first }
    }

    /// The donation counters that judging needs, oldest first: the newest eight changes, the oldest, and each after a reset.
    ///
    /// A look counts once, whichever document brought it.
    func points(_ tags: [String], window: Duration) async throws(StoreError) -> [String: [DonationPoint]] {
        let list = Self.quoted(tags)
        guard !list.isEmpty else { return [:] }
        let (columns, since) = ("player_tag, seen_at, donations, donations_received, trophies", literal(now - window))
        let condition = "player_tag IN (\(list)) AND seen_at >= \(since) AND donations IS NOT NULL"
        let rows = try await ask(
            """
            WITH looks AS (
              SELECT \(columns) FROM clash_member_snapshots WHERE \(condition)
              UNION ALL SELECT \(columns) FROM clash_player_snapshots WHERE \(condition)),
            steps AS (
              SELECT \(columns), LAG(donations) OVER w AS gave, LAG(donations_received) OVER w AS took,
                LAG(trophies) OVER w AS had
              FROM looks WINDOW w AS (PARTITION BY player_tag ORDER BY seen_at)),
            changes AS (
              SELECT player_tag, seen_at, donations, donations_received,
                CASE WHEN gave > donations OR took > donations_received THEN 1 ELSE 0 END AS fell
              FROM steps
              WHERE gave IS NULL OR gave <> donations OR took <> donations_received OR had <> trophies),
            ranked AS (
              SELECT player_tag, seen_at, donations, donations_received, fell,
                ROW_NUMBER() OVER (PARTITION BY player_tag ORDER BY seen_at DESC) AS newest,
                ROW_NUMBER() OVER (PARTITION BY player_tag ORDER BY seen_at) AS oldest
              FROM changes)
            SELECT player_tag, seen_at, donations, donations_received FROM ranked
            WHERE newest <= 8 OR oldest = 1 OR fell = 1 ORDER BY player_tag, seen_at
            """)
        var points: [String: [DonationPoint]] = [:]
        for row in rows {
            guard let tag = row[0].text, let at = row[1].moment, let given = row[2].whole else { continue }
            points[tag, default: []].append(DonationPoint(at: at, donations: given, received: row[3].whole ?? 0))
        }
        return points
    }

    /// Players who have been in a clan within `window` and are no more.
    func formerMembers(of clan: String, window: Duration) async throws(StoreError) -> [(tag: String, name: String)] {
        let clan = Self.quoted([clan])
        guard !clan.isEmpty else { return [] }
        let rows = try await ask(
            """
            SELECT player_tag, MAX(name) FROM clash_member_snapshots
            WHERE clan_tag = \(clan) AND seen_at >= \(literal(now - window)) GROUP BY player_tag ORDER BY player_tag
            """)
        return rows.compactMap { row in row[0].text.map { ($0, row[1].text ?? "") } }
    }

    private func moments(_ rows: [[TableValue]]) -> [String: Timestamp] {
        Dictionary(
            rows.compactMap { row in row[0].text.flatMap { tag in row[1].moment.map { (tag, $0) } } }
        ) { first, _ in first }
    }
}

extension TableValue {
    /// A text.
    var text: String? { if case .text(let text) = self { text } else { nil } }

    /// A whole number.
    var whole: Int? {
        switch self {
        case .integer(let number): Int(clamping: number)
        case .decimal(let text): Int(text)
        default: nil
        }
    }

    /// A moment; expressions of SQLite give it as text.
    var moment: Timestamp? {
        switch self {
        case .timestamp(let seconds, let nanoseconds):
            Timestamp(microseconds: seconds * 1_000_000 + Int64(nanoseconds / 1_000))
        case .text(let text): Timestamp(rfc3339: text)
        default: nil
        }
    }

    /// JSON.
    var json: [UInt8]? {
        switch self {
        case .json(let text), .text(let text): Array(text.utf8)
        default: nil
        }
    }
}
