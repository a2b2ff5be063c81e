// What every store tells of tables, in the same words.

extension NewEvent {
    /// A table got another schema.
    package static func schemaChanged(_ schema: TableSchema, _ changes: [SchemaChange], _ id: DocumentID?) -> NewEvent {
        let words = changes.map { jsonText($0.text) }.joined(separator: ",")
        let payload = """
            {"table":\(jsonText(schema.name)),"version":\(schema.version),"changes":[\(words)]}
            """
        let source = schema.dataset.split(separator: ".").first.map(String.init)
        return NewEvent(type: "schema.changed", source: source, document: id, payload: Array(payload.utf8))
    }

    /// A dataset's tables take no rows any more.
    package static func tablesStopped(_ stop: TableStop, _ dataset: DatasetID) -> NewEvent {
        let payload = """
            {"dataset":\(jsonText("\(dataset)")),"kind":\(jsonText(stop.kind)),"table":\(jsonText(stop.table)),\
            "message":\(jsonText(stop.message))}
            """
        return NewEvent(type: "tables.stopped", source: dataset.source, payload: Array(payload.utf8))
    }
}

extension SchemaChange {
    /// The change in a few words.
    package var text: String {
        switch self {
        case .created: "created"
        case .addedColumn(let name): "added column \(name)"
        case .widenedColumn(let name, _, let to): "widened column \(name) to \(to.rawValue)"
        case .declared(let what): "declared: \(what)"
        case .rolledBack(let version): "rolled back to version \(version)"
        }
    }
}

/// A text as a JSON string.
package func jsonText(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\" + String(scalar)
        case _ where scalar.value < 0x20:
            let hex = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
