import FreshetCore
import FreshetDocument
import FreshetEngine

/// The last events, each with one line of what it says.
struct HomeNews: Sendable {
    /// How many are shown.
    static let count = 50
    /// How many of the log's last events are looked through for them.
    static let reach = 500

    /// What the page shows as numbers; as lines they would push out everything else.
    ///
    /// home.js leaves it out, too.
    static let silent = "dataset.stale"

    /// One event, for people.
    struct Item: Sendable, Hashable {
        var id: String
        var at: Timestamp
        var type: String
        var source: String?
        var document: DocumentID?
        var line: String
    }

    /// Newest first.
    private(set) var items: [Item] = []
    /// The last event that was read; `nil` before the first look.
    private(set) var place: EventPlace?

    /// Takes what the log brought, oldest first.
    mutating func add(_ events: [Event], epoch: String, newest: Int64) {
        if place?.epoch != epoch { items = [] }
        for event in events where event.type != HomeNews.silent {
            items.insert(HomeNews.item(event, epoch: epoch), at: 0)
        }
        items = Array(items.prefix(HomeNews.count))
        place = EventPlace(epoch: epoch, offset: events.last?.offset ?? max(newest, 0))
    }

    private static func item(_ event: Event, epoch: String) -> Item {
        Item(
            id: EventPlace(epoch: epoch, offset: event.offset).text, at: event.at, type: event.type,
            source: event.source, document: event.document, line: line(event.type, event.payload))
    }

    // MARK: One line

    /// What an event says, on one line; news.js says it in the same words.
    static func line(_ type: String, _ payload: [UInt8]) -> String {
        guard let root = (try? JSONTape(payload))?.root, root.kind == .object else { return "" }
        if type == "dataset.updated" { return updated(root) }
        if type == "schema.changed" { return schema(root) }
        if let message = root["message"]?.string {
            let subject = root["key_id"]?.string ?? root["webhook"]?.string ?? root["table"]?.string
            return cut([subject.map { $0 + ":" }, message].compactMap(\.self).joined(separator: " "))
        }
        let rest = root.members.filter { !$0.key.isString("sender") }
        return cut(rest.map { "\($0.key.string ?? "") \($0.value.rawText)" }.joined(separator: ", "))
    }

    private static func updated(_ root: FreshetDocument.JSONValue) -> String {
        var parts: [String] = []
        if root["origin"]?.string == "fallback" { parts.append("filler, not from upstream") }
        if root["first"]?.bool == true {
            parts.append("first load, \(HomeText.bytes(Int(root["bytes"]?.int64 ?? 0)))")
            return parts.joined(separator: ", ")
        }
        let changes = root["changes"].map { Array($0.elements.prefix(2)) } ?? []
        parts += changes.map { change in
            let path = change["path"]?.string ?? ""
            switch change["op"]?.string {
            case "add": return "\(path) added \(value(change, "after"))"
            case "remove": return "\(path) removed \(value(change, "before"))"
            case "reorder": return "\(path) in another order"
            default: return "\(path) \(value(change, "before")) → \(value(change, "after"))"
            }
        }
        let more = Int(root["change_count"]?.int64 ?? 0) - changes.count
        if more > 0 { parts.append("and \(more) more") }
        return cut(parts.joined(separator: ", "))
    }

    private static func value(_ change: FreshetDocument.JSONValue, _ name: String) -> String {
        guard change[name + "_omitted"] == nil, let value = change[name] else { return "…" }
        return cut(value.rawText, at: 40)
    }

    private static func schema(_ root: FreshetDocument.JSONValue) -> String {
        let changes = root["changes"].map { $0.elements.map { $0.string ?? "" } } ?? []
        let version = root["version"]?.rawText ?? "?"
        return cut("\(root["table"]?.string ?? "") version \(version): \(changes.joined(separator: ", "))")
    }

    private static func cut(_ text: String, at limit: Int = 200) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > limit else { return text }
        return String(String.UnicodeScalarView(scalars.prefix(limit - 1))) + "…"
    }
}
