import FreshetCore
import FreshetDocument

/// What the app tells when a document changes; a first load tells nothing.
enum ClashEvents {
    /// The types.
    static let memberJoined = "clash.member.joined"
    static let memberLeft = "clash.member.left"
    static let memberRole = "clash.member.role_changed"
    static let warState = "clash.war.state_changed"
    static let raidState = "clash.raid.state_changed"
    static let invited = "clash.user.invited"

    /// The events of a change.
    static func events(for change: DocumentChange) throws -> [NewEvent] {
        guard let before = change.before, !change.isReplay else { return [] }
        switch change.id.dataset {
        case ClashDatasets.clan:
            return try clan(ClanDocument(before), ClanDocument(change.after), change)
        case ClashDatasets.war: return try war(WarDocument(before), WarDocument(change.after), change)
        case ClashDatasets.raids:
            return try raid(JSONTape(before).root, JSONTape(change.after).root, change)
        default: return []
        }
    }

    private static func clan(_ before: ClanDocument, _ after: ClanDocument, _ change: DocumentChange) -> [NewEvent] {
        guard after.isListComplete, before.isListComplete else { return [] }
        let (old, new) = (before.membersByTag, after.membersByTag)
        func event(_ type: String, _ member: ClanDocument.Member, from: String? = nil) -> NewEvent {
            make(type, change, profile: member.tag) { json in
                json.field("clan_tag", after.tag)
                json.field("clan_name", after.root.text("name"))
                json.field("player_tag", member.tag)
                json.field("player_name", member.name)
                json.field("role", member.role)
                if let from { json.field("from", from) }
            }
        }
        return before.members.filter { new[$0.tag] == nil }.map { event(memberLeft, $0) }
            + after.members.filter { old[$0.tag] == nil }.map { event(memberJoined, $0) }
            + after.members.compactMap { member in
                guard let earlier = old[member.tag]?.role, earlier != member.role else { return nil }
                return event(memberRole, member, from: earlier)
            }
    }

    private static func war(_ before: WarDocument, _ after: WarDocument, _ change: DocumentChange) -> [NewEvent] {
        let (old, new) = (before.root.text("state"), after.root.text("state"))
        // Nobody looked between two wars: the state may have the same name and be another war's.
        guard old != new || before.preparation != after.preparation else { return [] }
        return [
            make(warState, change) { json in
                json.field("clan_tag", change.id.key)
                json.field("from", old)
                json.field("to", new)
                json.field("start_time", after.start?.rfc3339)
                json.field("end_time", after.end?.rfc3339)
                json.field("clan_name", after.clan.name)
                json.field("opponent_tag", after.opponent.tag)
                json.field("opponent_name", after.opponent.name)
                json.field("stars", after.clan.stars)
                json.field("opponent_stars", after.opponent.stars)
                json.field("result", after.result)
            }
        ]
    }

    private static func raid(_ before: JSONValue, _ after: JSONValue, _ change: DocumentChange) -> [NewEvent] {
        guard let old = before.list("items").first, let new = after.list("items").first else { return [] }
        let isSame = old.text("state") == new.text("state") && old.text("startTime") == new.text("startTime")
        guard !isSame else { return [] }
        return [
            make(raidState, change) { json in
                json.field("clan_tag", change.id.key)
                json.field("from", old.text("state"))
                json.field("to", new.text("state"))
                json.field("start_time", new.moment("startTime")?.rfc3339)
                json.field("end_time", new.moment("endTime")?.rfc3339)
            }
        ]
    }

    private static func make(
        _ type: String, _ change: DocumentChange, profile: String? = nil, _ write: (inout JSONWriter) -> Void
    ) -> NewEvent {
        NewEvent(
            type: type, source: change.id.dataset.source, document: change.id, profile: profile,
            payload: JSONWriter.object(write))
    }
}
