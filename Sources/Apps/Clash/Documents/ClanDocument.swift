import FreshetDocument

/// A clan as upstream shows it.
struct ClanDocument: Sendable {
    /// A member in the clan's list.
    struct Member: Sendable, Hashable {
        var tag: String
        var name: String
        var role: String?
        var townHall: Int?
        var experience: Int?
        var trophies: Int?
        var builderTrophies: Int?
        var donations: Int?
        var received: Int?
        var rank: Int?
        var leagueIcon: String?

        /// What moves when the player plays.
        var standing: Standing { Standing(trophies: trophies, donations: donations, received: received) }

        init?(_ value: JSONValue) {
            guard let tag = value.tag() else { return nil }
            self.tag = tag
            name = value.text("name") ?? ""
            role = value.text("role")
            townHall = value.int("townHallLevel")
            experience = value.int("expLevel")
            trophies = value.int("trophies")
            builderTrophies = value.int("builderBaseTrophies")
            donations = value.int("donations")
            received = value.int("donationsReceived")
            rank = value.int("clanRank")
            leagueIcon = value.leagueIcon
        }
    }

    /// The document.
    let root: JSONValue
    /// Without `#`.
    let tag: String
    /// In upstream's order, each once.
    let members: [Member]

    /// - Throws: ``JSONError``, or ``ClashShapeError`` when it is no clan.
    init(_ body: [UInt8]) throws {
        root = try JSONTape(body).root
        guard let tag = root.tag() else { throw ClashShapeError(missing: "$.tag") }
        self.tag = tag
        var seen: Set<String> = []
        members = root.list("memberList").compactMap(Member.init).filter { seen.insert($0.tag).inserted }
    }

    /// Whether the list names everybody: an empty list of a clan with members is a list left out.
    var isListComplete: Bool { !members.isEmpty || (root.int("members") ?? 0) == 0 }

    /// The member with a tag.
    var membersByTag: [String: Member] { Dictionary(members.map { ($0.tag, $0) }) { first, _ in first } }
}

/// A document that lacks what it must have.
struct ClashShapeError: Error, CustomStringConvertible {
    /// The JSONPath.
    let missing: String
    var description: String { "the document has no \(missing)" }
}
