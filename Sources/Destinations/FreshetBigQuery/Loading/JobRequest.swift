import FreshetCore
import FreshetDocument

/// Writes the bodies of requests that begin jobs and make tables.
struct JobRequest: Sendable {
    let project: String
    let dataset: String
    /// Where jobs run; known once the first job was asked for.
    let place: DatasetPlace
    /// `freshet` and the like: what people filter jobs by.
    let labels: [String: String]

    /// What a load job does with the rows that are there.
    enum Disposition: String, Sendable {
        case append = "WRITE_APPEND"
        case truncate = "WRITE_TRUNCATE"
    }

    /// A value of a query's parameter.
    enum Parameter: Sendable, Hashable {
        case texts([String])
        case timestamp(Timestamp)
    }

    /// A load job without its rows.
    ///
    /// - Parameters:
    ///   - id: Its id.
    ///   - table: Where the rows go.
    ///   - disposition: What becomes of rows that are there.
    ///   - fields: All columns of the table.
    ///   - layout: Partitioning and clustering, for tables that readers see.
    ///   - extra: More labels.
    /// - Returns: The request's body.
    func load(
        id: String, table: String, disposition: Disposition, fields: [WarehouseField], layout: WarehouseSchema?,
        extra: [String: String] = [:]
    ) -> [UInt8] {
        job(id: id, extra: extra) { json in
            json.key("load")
            json.beginObject()
            json.key("destinationTable")
            reference(table, &json)
            json.key("schema")
            WarehouseField.write(fields, to: &json)
            json.field("sourceFormat", "NEWLINE_DELIMITED_JSON")
            json.field("writeDisposition", disposition.rawValue)
            json.field("createDisposition", "CREATE_IF_NEEDED")
            if disposition == .append {
                json.key("schemaUpdateOptions")
                json.beginArray()
                json.string("ALLOW_FIELD_ADDITION")
                json.endArray()
            }
            if let layout { write(layout, &json) }
            json.endObject()
        }
    }

    /// A query job.
    func query(
        id: String, sql: String, parameters: [(name: String, value: Parameter)] = [], extra: [String: String] = [:]
    ) -> [UInt8] {
        job(id: id, extra: extra) { json in
            json.key("query")
            json.beginObject()
            json.field("query", sql)
            json.field("useLegacySql", false)
            if !parameters.isEmpty {
                json.field("parameterMode", "NAMED")
                json.key("queryParameters")
                json.beginArray()
                for (name, value) in parameters { write(name, value, &json) }
                json.endArray()
            }
            json.endObject()
        }
    }

    /// A table that is made on its own.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - fields: Its columns.
    ///   - layout: Partitioning and clustering.
    ///   - expires: When BigQuery removes it by itself.
    /// - Returns: The request's body.
    func table(
        _ name: String, fields: [WarehouseField], layout: WarehouseSchema? = nil, expires: Timestamp? = nil
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("tableReference")
        reference(name, &json)
        json.key("schema")
        WarehouseField.write(fields, to: &json)
        if let expires { json.field("expirationTime", "\(expires.microseconds / 1_000)") }
        if let layout { write(layout, &json) }
        json.key("labels")
        write(labels, &json)
        json.endObject()
        return json.bytes
    }

    /// A change of a table's columns.
    func patch(fields: [WarehouseField]) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("schema")
        WarehouseField.write(fields, to: &json)
        json.endObject()
        return json.bytes
    }

    // MARK: Parts

    private func job(id: String, extra: [String: String], _ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("jobReference")
        json.beginObject()
        json.field("projectId", project)
        json.field("jobId", id)
        if let location = place.location { json.field("location", location) }
        json.endObject()
        json.key("configuration")
        json.beginObject()
        json.key("labels")
        write(labels.merging(extra) { _, new in new }, &json)
        body(&json)
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private func reference(_ table: String, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("projectId", project)
        json.field("datasetId", dataset)
        json.field("tableId", table)
        json.endObject()
    }

    private func write(_ layout: WarehouseSchema, _ json: inout JSONWriter) {
        if let column = layout.partitionBy {
            json.key("timePartitioning")
            json.beginObject()
            json.field("type", "DAY")
            json.field("field", column)
            json.endObject()
        }
        guard !layout.clusterBy.isEmpty else { return }
        json.key("clustering")
        json.beginObject()
        json.key("fields")
        json.beginArray()
        for column in layout.clusterBy { json.string(column) }
        json.endArray()
        json.endObject()
    }

    private func write(_ labels: [String: String], _ json: inout JSONWriter) {
        json.beginObject()
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) { json.field(name, value) }
        json.endObject()
    }

    private func write(_ name: String, _ value: Parameter, _ json: inout JSONWriter) {
        json.beginObject()
        json.field("name", name)
        json.key("parameterType")
        json.beginObject()
        if case .texts = value {
            json.field("type", "ARRAY")
            json.key("arrayType")
            json.beginObject()
            json.field("type", "STRING")
            json.endObject()
        } else {
            json.field("type", "TIMESTAMP")
        }
        json.endObject()
        json.key("parameterValue")
        json.beginObject()
        switch value {
        case .timestamp(let moment):
            let (seconds, rest) = (moment.seconds, moment.microseconds - moment.seconds * 1_000_000)
            json.field("value", TimeText.print(seconds: seconds, nanoseconds: UInt32(rest) * 1_000, digits: 6))
        case .texts(let texts):
            json.key("arrayValues")
            json.beginArray()
            for text in texts {
                json.beginObject()
                json.field("value", text)
                json.endObject()
            }
            json.endArray()
        }
        json.endObject()
        json.endObject()
    }
}

/// Labels may have small letters, digits, `_` and `-`, 63 at most.
enum LabelText {
    static func clean(_ text: String) -> String {
        String(
            decoding: text.lowercased().utf8.prefix(63).map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    byte
                default: UInt8(ascii: "_")
                }
            }, as: UTF8.self)
    }
}
