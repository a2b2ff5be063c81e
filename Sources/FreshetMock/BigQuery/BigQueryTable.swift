/// A table in the BigQuery mock: rows with types, and what is known about it.
struct BigQueryTable: Sendable {
    /// Where a table is.
    struct Reference: Sendable, Hashable {
        var project: String
        var dataset: String
        var table: String

        /// `project:dataset.table`, as messages have it.
        var text: String { "\(project):\(dataset).\(table)" }

        var json: MockJSON {
            ["projectId": .string(project), "datasetId": .string(dataset), "tableId": .string(table)]
        }

        init(project: String, dataset: String, table: String) {
            (self.project, self.dataset, self.table) = (project, dataset, table)
        }

        init?(_ json: MockJSON?, project: String) {
            guard let dataset = json?["datasetId"]?.stringValue, let table = json?["tableId"]?.stringValue else {
                return nil
            }
            self.init(project: json?["projectId"]?.stringValue ?? project, dataset: dataset, table: table)
        }
    }

    let reference: Reference
    var fields: [BigQueryField]
    var rows: [[BigQueryValue]] = []
    var partitioning: MockJSON?
    var clustering: MockJSON?
    var labels: MockJSON?
    var description: String?
    /// Milliseconds since 1970.
    var expiration: Int64?
    var created: Int64
    var modified: Int64

    /// Makes an empty table.
    ///
    /// - Throws: ``BigQueryFailure`` when it cannot be partitioned or clustered so.
    init(
        _ reference: Reference, fields: [BigQueryField], partitioning: MockJSON?, clustering: MockJSON?, now: Int64
    ) throws(BigQueryFailure) {
        (self.reference, self.fields) = (reference, fields)
        (self.partitioning, self.clustering) = (partitioning, clustering)
        (created, modified) = (now, now)
        try checkLayout()
    }

    private func checkLayout() throws(BigQueryFailure) {
        if let column = partitioning?["field"]?.stringValue {
            guard let field = field(column) else {
                throw .invalid("The field specified for partitioning cannot be found in the schema: \(column)")
            }
            guard field.type == .timestamp || field.type == .date else {
                throw .invalid(
                    "The field specified for time partitioning can only be of type TIMESTAMP, DATE or DATETIME. The type "
                        + "found is: \(field.type.rawValue).")
            }
        }
        let columns = clustering?["fields"]?.arrayValue ?? []
        guard columns.count <= 4 else { throw .invalid("At most 4 clustering fields are allowed.") }
        for column in columns {
            guard let field = field(column.stringValue ?? "") else {
                throw .invalid("The field specified for clustering cannot be found in the schema")
            }
            guard field.type != .float, field.type != .json else {
                throw .invalid("Clustering is not supported on type \(field.type.rawValue)")
            }
        }
    }

    func field(_ name: String) -> BigQueryField? { index(name).map { fields[$0] } }

    func index(_ name: String) -> Int? { fields.firstIndex { $0.name.lowercased() == name.lowercased() } }

    /// Adds columns at the end; rows that are there have nulls in them.
    mutating func add(_ added: [BigQueryField]) {
        fields += added
        for at in rows.indices { rows[at] += Array(repeating: .null, count: added.count) }
    }

    /// Takes the fields of a new schema: only columns that may be null may come, none may go or change.
    mutating func update(_ new: [BigQueryField]) throws(BigQueryFailure) {
        try add(additions(in: new, mayAdd: true))
    }

    /// Fields of a schema that this table does not have.
    ///
    /// - Throws: ``BigQueryFailure`` in BigQuery's words when the schema does not go with the table.
    func additions(in new: [BigQueryField], mayAdd: Bool) throws(BigQueryFailure) -> [BigQueryField] {
        let mismatch = "Provided Schema does not match Table \(reference.text)."
        for field in fields {
            guard let other = new.first(where: { $0.name.lowercased() == field.name.lowercased() }) else {
                throw .invalid("\(mismatch) Field \(field.name) is missing in new schema")
            }
            guard other.type == field.type else {
                throw .invalid(
                    "\(mismatch) Field \(field.name) has changed type from \(field.type.rawValue) to "
                        + "\(other.type.rawValue)")
            }
            guard other.isRequired == field.isRequired else {
                let (from, to) = field.isRequired ? ("REQUIRED", "NULLABLE") : ("NULLABLE", "REQUIRED")
                throw .invalid("\(mismatch) Field \(field.name) has changed mode from \(from) to \(to)")
            }
        }
        let added = new.filter { field($0.name) == nil }
        for field in added {
            guard mayAdd else { throw .invalid("\(mismatch) Cannot add fields (field: \(field.name))") }
            guard !field.isRequired else {
                throw .invalid("\(mismatch) Cannot add required fields to an existing schema. (field: \(field.name))")
            }
        }
        return added
    }

    /// The table as the API shows it.
    var json: MockJSON {
        var members: [MockJSON.Member] = [
            .init("kind", "bigquery#table"), .init("id", .string(reference.text)),
            .init("tableReference", reference.json),
            .init("schema", ["fields": .array(fields.map(\.json))]), .init("numRows", .string("\(rows.count)")),
            .init("creationTime", .string("\(created)")), .init("lastModifiedTime", .string("\(modified)")),
            .init("type", "TABLE"), .init("location", "US"), .init("etag", .string("\"\(modified)\"")),
        ]
        if let partitioning { members.append(.init("timePartitioning", partitioning)) }
        if let clustering { members.append(.init("clustering", clustering)) }
        if let labels { members.append(.init("labels", labels)) }
        if let description { members.append(.init("description", .string(description))) }
        if let expiration { members.append(.init("expirationTime", .string("\(expiration)"))) }
        return .object(members)
    }

    /// A row as the API shows it.
    static func wire(_ row: [BigQueryValue], int64Timestamps: Bool) -> MockJSON {
        ["f": .array(row.map { ["v": $0.wire(int64Timestamps: int64Timestamps)] })]
    }
}
