/// Runs load jobs: all rows or none.
enum BigQueryLoad {
    /// Loads rows.
    ///
    /// - Parameters:
    ///   - config: `configuration.load`.
    ///   - body: The rows, one JSON object a line.
    ///   - table: The table as it is; `nil` when there is none.
    ///   - reference: Where the rows go.
    ///   - now: Milliseconds since 1970.
    /// - Returns: The table as it is then, and how many rows came.
    /// - Throws: ``BigQueryFailure``, which becomes the job's error result.
    static func run(
        _ config: MockJSON, body: some Sequence<UInt8>, table: BigQueryTable?, reference: BigQueryTable.Reference,
        now: Int64
    ) throws(BigQueryFailure) -> (table: BigQueryTable, rows: Int) {
        guard config["sourceFormat"]?.stringValue == "NEWLINE_DELIMITED_JSON" else {
            throw .invalid("This local server loads NEWLINE_DELIMITED_JSON only.")
        }
        var result = try target(config, table: table, reference: reference, now: now)
        let ignores = config["ignoreUnknownValues"] == .bool(true)
        let rows = try parse(body, fields: result.fields, ignoresUnknown: ignores)
        result.rows += rows
        result.modified = now
        return (result, rows.count)
    }

    /// The table that takes the rows, with its columns brought up to date and emptied where that was asked for.
    private static func target(
        _ config: MockJSON, table: BigQueryTable?, reference: BigQueryTable.Reference, now: Int64
    ) throws(BigQueryFailure) -> BigQueryTable {
        let disposition = config["writeDisposition"]?.stringValue ?? "WRITE_APPEND"
        let options = Set((config["schemaUpdateOptions"]?.arrayValue ?? []).compactMap(\.stringValue))
        guard options.isEmpty || disposition == "WRITE_APPEND" else {
            throw .invalid(
                "Schema update options should only be specified with WRITE_APPEND disposition, or with WRITE_TRUNCATE "
                    + "disposition on a table partition.")
        }
        let fields = try BigQueryField.list(config["schema"])
        guard var result = table else {
            if config["createDisposition"]?.stringValue == "CREATE_NEVER" {
                throw .notFound("Table \(reference.text)")
            }
            guard let fields else { throw .invalid("Schema has no fields. Table: \(reference.table)") }
            return try BigQueryTable(
                reference, fields: fields, partitioning: config["timePartitioning"], clustering: config["clustering"],
                now: now)
        }
        try checkLayout(config, result)
        switch disposition {
        case "WRITE_EMPTY":
            guard result.rows.isEmpty else { throw .duplicate("Table \(reference.text)") }
        case "WRITE_TRUNCATE":
            result.rows = []
            if let fields { result.fields = fields }
            return result
        case "WRITE_APPEND": break
        default: throw .invalid("Invalid writeDisposition \(disposition)")
        }
        if let fields { result.add(try result.additions(in: fields, mayAdd: options.contains("ALLOW_FIELD_ADDITION"))) }
        return result
    }

    private static func checkLayout(_ config: MockJSON, _ table: BigQueryTable) throws(BigQueryFailure) {
        if let asked = config["timePartitioning"], asked["field"] != table.partitioning?["field"] {
            throw .invalid("Incompatible table partitioning specification.")
        }
        if let asked = config["clustering"], asked["fields"] != table.clustering?["fields"] {
            throw .invalid("Incompatible table clustering specification.")
        }
    }

    private static func parse(
        _ body: some Sequence<UInt8>, fields: [BigQueryField], ignoresUnknown: Bool
    ) throws(BigQueryFailure) -> [[BigQueryValue]] {
        let places = Dictionary(fields.enumerated().map { ($1.name.lowercased(), $0) }) { first, _ in first }
        var rows: [[BigQueryValue]] = []
        for line in body.split(separator: UInt8(ascii: "\n")) where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) {
            let json: MockJSON
            do { json = try MockJSON(parsing: line) } catch {
                throw .invalid(
                    "Error while reading data, error message: JSON parsing error in row \(rows.count): \(error)")
            }
            guard case .object(let members) = json else {
                throw .invalid("Error while reading data, error message: JSON parsing error: row is no object")
            }
            var row = [BigQueryValue](repeating: .null, count: fields.count)
            for member in members {
                guard let place = places[member.name.lowercased()] else {
                    if ignoresUnknown { continue }
                    throw .invalid(
                        "Error while reading data, error message: JSON table encountered too many errors, giving up. "
                            + "No such field: \(member.name).")
                }
                row[place] = try BigQueryValue(member.value, type: fields[place].type, name: member.name)
            }
            for (field, value) in zip(fields, row) where field.isRequired && value == .null {
                throw .invalid("Error while reading data, error message: Missing required field: \(field.name).")
            }
            rows.append(row)
        }
        return rows
    }
}
