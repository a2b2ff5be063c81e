import FreshetCore

/// Puts the tables of all datasets together and checks what needs more than one of them.
struct TableResolver {
    /// Table names taken so far, and the path of whoever has them.
    private var taken: [String: String] = [:]
    let destinations: [String]

    init(destinations: [String]) { self.destinations = destinations }

    /// The tables of one dataset; `nil` when it has none.
    mutating func resolve(
        _ drafts: [Named<TableDraft>], of dataset: DatasetConfig, reading: inout Reading
    ) -> TablesConfig? {
        guard !drafts.isEmpty else { return nil }
        var specs: [TableSpec] = []
        for entry in drafts {
            let name = entry.name.isEmpty ? TableResolver.automaticName(dataset.id) : entry.name
            if let other = taken[name] {
                reading.problem(
                    entry.mark, entry.path,
                    "the table name \"\(name)\" is taken by \(other); table names are global, choose another")
                continue
            }
            taken[name] = entry.path
            specs.append(spec(entry, name: name, dataset: dataset, reading: &reading))
        }
        return TablesConfig(specs: specs)
    }

    /// Takes the names of tables that an app brings.
    mutating func take(_ tables: TablesConfig?, for owner: String, mark: ConfigMark?, reading: inout Reading) {
        for spec in tables?.specs ?? [] {
            if let other = taken[spec.name] {
                reading.problem(
                    mark ?? ConfigMark(), owner,
                    "brings the table \"\(spec.name)\", whose name is taken by \(other); give that one another name")
            }
            taken[spec.name] = owner
            for name in spec.destinations where !destinations.contains(name) {
                let hint = Suggestion.sentence(for: name, in: destinations, listing: "destinations")
                reading.problem(mark ?? ConfigMark(), owner, "there is no destination \"\(name)\"; \(hint)")
            }
        }
    }

    /// `clash_clan` for `clash.clan`.
    static func automaticName(_ id: DatasetID) -> String {
        let text = "\(id.source)_\(id.name)".map { $0 == "-" ? "_" : $0 }
        return String(text.prefix(63))
    }

    private func spec(
        _ entry: Named<TableDraft>, name: String, dataset: DatasetConfig, reading: inout Reading
    ) -> TableSpec {
        let (draft, place) = (entry.value, entry.value.place)
        var spec = draft.spec
        spec.name = name
        spec.rows = draft.rows == "auto" ? .auto : .path(draft.rows)
        spec.parent = parents(draft.parent, dataset: dataset, reading: &reading)
        spec.columns = draft.columns.map { entry in
            var column = entry.value
            column.name = entry.name
            if column.path.isEmpty { column.path = "$.\(entry.name)" }
            return column
        }
        spec.keepsHistory = draft.history == .rows
        spec.disposition = disposition(draft, spec: spec, reading: &reading)
        for text in draft.checks {
            guard let check = RowCheck(parsing: text.value) else {
                reading.problem(
                    text.mark, text.path,
                    "is not a condition; write a column, one of < <= = != >= > or in (…), and a value, such as level >= 1"
                )
                continue
            }
            spec.checks.append(check)
        }
        for name in spec.destinations where !destinations.contains(name) {
            let hint = Suggestion.sentence(for: name, in: destinations, listing: "destinations")
            reading.problem(place, "destinations", "there is no destination \"\(name)\"; \(hint)")
        }
        if spec.clusterBy.count > 4 {
            reading.problem(
                place, "cluster_by", "names \(spec.clusterBy.count) columns; a warehouse takes four at most")
        }
        return spec
    }

    private func parents(
        _ entries: [Named<String>], dataset: DatasetConfig, reading: inout Reading
    ) -> [(name: String, source: String)] {
        entries.map { entry in
            let source = entry.value
            if source.hasPrefix("{") {
                let names = dataset.template.parameters + ["fetched_at"]
                let word = String(source.dropFirst().dropLast())
                if !names.contains(word) {
                    let hint = Suggestion.sentence(for: word, in: names, listing: "words")
                    reading.problem(entry.mark, entry.path, "\(source) is no parameter of get; \(hint)")
                }
            }
            return (entry.name, source)
        }
    }

    private func disposition(_ draft: TableDraft, spec: TableSpec, reading: inout Reading) -> WriteDisposition {
        let place = draft.place
        if spec.rows == .auto {
            if !spec.primaryKey.isEmpty {
                reading.problem(place, "primary_key", "rows: auto finds the key by itself; leave primary_key out")
            }
            if draft.disposition == .merge {
                reading.problem(
                    place, "write_disposition", "rows: auto has no primary key to merge by; write replace or append")
            }
            return draft.disposition ?? .replace
        }
        let chosen = draft.disposition ?? (spec.primaryKey.isEmpty ? .append : .merge)
        if chosen == .merge, spec.primaryKey.isEmpty {
            reading.problem(
                place, "write_disposition", "merge needs a primary_key; name the columns that identify a row")
        }
        if chosen != .append, spec.idempotency != .content {
            reading.problem(place, "idempotency_key", "belongs to write_disposition: append; leave it out")
        }
        if chosen != .merge, place.has("max_deletes") {
            reading.warning(place, "max_deletes", "means nothing unless write_disposition is merge")
        }
        return chosen
    }
}
