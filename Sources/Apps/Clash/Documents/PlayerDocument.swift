import FreshetDocument

/// A player as upstream shows it.
struct PlayerDocument: Sendable {
    /// The document.
    let root: JSONValue
    /// Without `#`.
    let tag: String

    /// - Throws: ``JSONError``, or ``ClashShapeError`` when it is no player.
    init(_ body: [UInt8]) throws {
        root = try JSONTape(body).root
        guard let tag = root.tag() else { throw ClashShapeError(missing: "$.tag") }
        self.tag = tag
    }

    /// The clan's tag without `#`; `nil` when the player is in none.
    var clanTag: String? { root["clan"]?.tag() }

    /// What moves when the player plays.
    var standing: Standing {
        Standing(
            trophies: root.int("trophies"), donations: root.int("donations"), received: root.int("donationsReceived"))
    }

    /// What a snapshot keeps; another one follows when it differs.
    var snapshot: PlayerSnapshot {
        PlayerSnapshot(
            clanTag: clanTag, name: root.text("name") ?? "", role: root.text("role"),
            townHall: root.int("townHallLevel"), experience: root.int("expLevel"), trophies: root.int("trophies"),
            donations: root.int("donations"), received: root.int("donationsReceived"),
            warStars: root.int("warStars"), attackWins: root.int("attackWins"))
    }
}

/// What a snapshot of a player keeps.
struct PlayerSnapshot: Sendable, Hashable {
    var clanTag: String?
    var name: String
    var role: String?
    var townHall: Int?
    var experience: Int?
    var trophies: Int?
    var donations: Int?
    var received: Int?
    var warStars: Int?
    var attackWins: Int?
}
