import FreshetCore
import FreshetDocument

/// Reads a page of JSON back into values of the columns' types.
struct ExportRows {
    let columns: [ResultColumn]
    let rows: [[TableValue]]

    /// - Throws: The end of the command when the body is no page.
    init(_ body: [UInt8]) throws {
        guard let root = try? JSONTape(body).root, let rows = root["rows"] else {
            throw Exit.fail("the server's answer is not a page of rows", Exit.unavailable)
        }
        let columns = root["columns"].list.map { column in
            ResultColumn(
                name: column["name"]?.string ?? "", type: column["type"]?.string.flatMap { ColumnType(rawValue: $0) })
        }
        self.columns = columns
        self.rows = rows.elements.map { row in
            // The server writes every column, in order.
            zip(columns, row.members).map { ExportRows.value($1.value, $0.type) }
        }
    }

    private static func value(_ value: JSONValue, _ type: ColumnType?) -> TableValue {
        guard !value.isNull else { return .null }
        if type == .json { return .json(value.rawText) }
        if let flag = value.bool { return .boolean(flag) }
        if let text = value.string { return typed(text, type) }
        guard let number = value.numberText else { return .json(value.rawText) }
        switch type {
        case .float: return value.double.map { .float($0) } ?? .decimal(number)
        case .decimal: return .decimal(number)
        default: return value.int64.map { .integer($0) } ?? .decimal(number)
        }
    }

    private static func typed(_ text: String, _ type: ColumnType?) -> TableValue {
        switch type {
        case .timestamp:
            TimeText.parse(text.utf8, format: .iso).map { .timestamp(seconds: $0.seconds, nanoseconds: $0.nanoseconds) }
                ?? .text(text)
        case .date: TimeText.parseDate(text.utf8).map { .date(days: $0) } ?? .text(text)
        default: .text(text)
        }
    }
}
