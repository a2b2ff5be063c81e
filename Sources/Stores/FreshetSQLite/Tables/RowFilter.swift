import FreshetCore

/// One condition of a question as SQL, with its values.
struct RowFilter {
    var sql: String
    var values: [RowCursor.Value] = []

    /// Reads a condition by the type of its column.
    ///
    /// - Throws: `StoreError.refused` when a value is none of the column's type.
    init(_ filter: TableQuery.Filter, _ column: ColumnSchema) throws {
        let name = quoted(column.name)
        if filter.relation == .isNull {
            switch filter.values.first {
            case "true", "1", nil: sql = "\(name) IS NULL"
            case "false", "0": sql = "\(name) IS NOT NULL"
            default: throw StoreError.refused("\(column.name)__null takes true or false")
            }
            return
        }
        guard let first = filter.values.first else {
            throw StoreError.refused("the filter on \(column.name) has no value")
        }
        if filter.relation == .like {
            guard column.type == .text else {
                throw StoreError.refused(
                    "\(column.name)__like needs a text column; \(column.name) is \(column.type.rawValue)")
            }
            sql = "\(name) LIKE ?"
            values = [.stored(.text(first))]
            return
        }
        guard filter.relation == .equal || filter.relation == .notEqual || filter.values.count == 1 else {
            throw StoreError.refused("\(column.name)__\(filter.relation.rawValue) takes one value")
        }
        let operands = try filter.values.map { try Operand($0, column) }
        switch filter.relation {
        case .equal, .notEqual:
            values = operands.filter(\.isExact).map(\.value)
            let marks = values.map { _ in "?" }.joined(separator: ", ")
            sql = filter.relation == .equal ? "\(name) IN (\(marks))" : "\(name) NOT IN (\(marks))"
        default:
            let operand = operands[0]
            let expression = column.type == .decimal ? "freshet_order(\(name))" : name
            values = [column.type == .decimal ? try Self.order(first, column) : operand.value]
            sql = "\(expression) \(filter.relation.symbol(isExact: operand.isExact)) ?"
        }
    }

    private static func order(_ text: String, _ column: ColumnSchema) throws -> RowCursor.Value {
        guard let key = DecimalOrder.key(text) else { throw column.filterRefusal }
        return .bytes(key)
    }
}

/// A value of a condition in the form in which its column is stored.
private struct Operand {
    var value: RowCursor.Value
    /// Whether the column can hold exactly this; else ``value`` is the next smaller one that it can.
    var isExact = true

    init(_ text: String, _ column: ColumnSchema) throws {
        switch column.type {
        case .text, .json: value = .stored(.text(text))
        case .boolean:
            guard ["true", "1", "false", "0"].contains(text) else { throw column.filterRefusal }
            value = .stored(.integer(text == "true" || text == "1" ? 1 : 0))
        case .integer, .decimal:
            if let integer = Int64(text) {
                value = .stored(.integer(integer))
            } else if DecimalOrder.key(text) != nil, let double = Double(text), double.isFinite {
                // A number that no double stands for exactly is stored as text.
                let isSame = DecimalOrder.key("\(double)") == DecimalOrder.key(text)
                value = isSame || column.type == .integer ? .stored(.double(double)) : .stored(.text(text))
            } else {
                throw column.filterRefusal
            }
        case .float:
            guard let double = Double(text), double.isFinite else { throw column.filterRefusal }
            value = .stored(.double(double))
        case .date:
            guard let days = TimeText.parseDate(text.utf8) else { throw column.filterRefusal }
            value = .stored(.text(TimeText.printDate(days: days)))
        case .timestamp:
            guard let moment = TimeText.parse(text.utf8, format: .iso) else { throw column.filterRefusal }
            let unit = [0: 1_000_000_000, 3: 1_000_000, 6: 1_000][column.digits] ?? 1
            isExact = Int(moment.nanoseconds) % unit == 0
            value = .stored(
                .text(
                    StoredTime.text(
                        seconds: moment.seconds, nanoseconds: moment.nanoseconds, digits: column.digits)))
        }
    }
}
