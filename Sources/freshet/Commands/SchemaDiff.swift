import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet schema diff`.
struct SchemaDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what changed between two versions of a table's schema.",
        discussion: "Without options: what the newest version changed.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The table.")
    var table: String
    @Option(help: "The earlier version; the one before --to when left out.")
    var from: Int?
    @Option(help: "The later version; the newest when left out.")
    var to: Int?

    func run() async throws {
        let (table, wantedFrom, wantedTo) = (table, from, to)
        let path = "/v1/tables/\(PercentEncoding.encode(table))/schema"
        let (old, new) = try await Control.with(try options.load(quiet: true)) { control in
            func schema(_ version: Int?) async throws -> JSONValue {
                let query = version.map { "?version=\($0)" } ?? ""
                return try await control.call(.get, path + query).expectSuccess().json()
            }
            let new = try await schema(wantedTo)
            let numbers = new["versions"].list.compactMap { $0["version"]?.int64 }.map { Int($0) }
            let last = new["version"]?.int64.map { Int($0) } ?? 1
            // Where there is no earlier version everything is new.
            guard let from = wantedFrom ?? numbers.filter({ $0 < last }).max() else { return (JSONValue?.none, new) }
            return (try await schema(from), new)
        }
        let changes = SchemaDiff.changes(old, new)
        guard !output.json else { return print(json(old, new, changes)) }
        let versions = "\(old.map { "version \($0.text("version"))" } ?? "nothing") to version \(new.text("version"))"
        print(
            changes.isEmpty
                ? "\(table), \(versions): no difference in columns, types, key or disposition"
                : "\(table), \(versions):\n" + changes.map { "  \($0.text)" }.joined(separator: "\n"))
    }

    private struct Change {
        var kind: String
        var column: String?
        var text: String
    }

    private static func changes(_ old: JSONValue?, _ new: JSONValue) -> [Change] {
        func named(_ schema: JSONValue?) -> [(name: String, column: JSONValue)] {
            (schema.flatMap { $0["columns"] }).list.map { ($0.text("name"), $0) }
        }
        let (before, after) = (named(old), named(new))
        var changes: [Change] = []
        for (name, column) in after {
            guard let earlier = before.first(where: { $0.name == name })?.column else {
                changes.append(Change(kind: "added", column: name, text: "+ \(name) \(column.text("type"))"))
                continue
            }
            for member in ["type", "format", "digits", "required"] where earlier.text(member) != column.text(member) {
                let values = "\(earlier.text(member)) to \(column.text(member))"
                changes.append(Change(kind: member, column: name, text: "~ \(name) \(member): \(values)"))
            }
        }
        for (name, column) in before where !after.contains(where: { $0.name == name }) {
            changes.append(Change(kind: "removed", column: name, text: "- \(name) \(column.text("type"))"))
        }
        guard let old else { return changes }
        for member in ["key", "disposition", "keeps_history"] where old.text(member) != new.text(member) {
            changes.append(
                Change(kind: member, column: nil, text: "~ \(member): \(old.text(member)) to \(new.text(member))"))
        }
        return changes
    }

    private func json(_ old: JSONValue?, _ new: JSONValue, _ changes: [Change]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("table", table)
        writer.field("from", old?["version"]?.int64.map { Int($0) })
        writer.field("to", new["version"]?.int64.map { Int($0) })
        writer.key("changes")
        writer.beginArray()
        for change in changes {
            writer.beginObject()
            writer.field("change", change.kind)
            writer.field("column", change.column)
            writer.field("text", change.text)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.text
    }
}
