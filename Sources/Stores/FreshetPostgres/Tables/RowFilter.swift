import FreshetCore

/// One condition of a question as SQL.
struct RowFilter {
    let sql: String

    /// Reads a condition by the type of its column.
    ///
    /// - Throws: `StoreError.refused` when a value is none of the column's type.
    init(_ filter: TableQuery.Filter, _ column: ColumnSchema, _ text: inout SQLText) throws(StoreError) {
        let name = quoted(column.name)
        if filter.relation == .isNull {
            switch filter.values.first {
            case "true", "1", nil: sql = "\(name) IS NULL"
            case "false", "0": sql = "\(name) IS NOT NULL"
            default: throw .refused("\(column.name)__null takes true or false")
            }
            return
        }
        guard let first = filter.values.first else { throw .refused("the filter on \(column.name) has no value") }
        if filter.relation == .like {
            guard column.type == .text else {
                throw .refused("\(column.name)__like needs a text column; \(column.name) is \(column.type.rawValue)")
            }
            // Letters of ASCII are compared without their case, and no character is special but % and _.
            sql = "\(name) ILIKE \(text.add(.text(StoredText.stored(first))))::text ESCAPE ''"
            return
        }
        guard filter.relation == .equal || filter.relation == .notEqual || filter.values.count == 1 else {
            throw .refused("\(column.name)__\(filter.relation.rawValue) takes one value")
        }
        var operands: [Operand] = []
        for value in filter.values { operands.append(try Operand(value, column)) }
        switch filter.relation {
        case .equal, .notEqual:
            let isEqual = filter.relation == .equal
            let marks = operands.filter(\.isExact).map { text.add($0.value, as: column) }
            guard !marks.isEmpty else {
                sql = isEqual ? "false" : "true"
                return
            }
            sql = "\(name) \(isEqual ? "IN" : "NOT IN") (\(marks.joined(separator: ", ")))"
        default:
            sql =
                "\(name) \(filter.relation.symbol(isExact: operands[0].isExact)) \(text.add(operands[0].value, as: column))"
        }
    }
}

/// A value of a condition in the form in which its column is stored.
private struct Operand {
    var value: RowCursor.Value
    /// Whether the column can hold exactly this; else ``value`` is the next smaller one that it can.
    var isExact = true

    init(_ text: String, _ column: ColumnSchema) throws(StoreError) {
        switch column.type {
        case .text, .json: value = .text(text)
        case .boolean:
            guard ["true", "1", "false", "0"].contains(text) else { throw column.filterRefusal }
            value = .integer(text == "true" || text == "1" ? 1 : 0)
        case .integer, .decimal:
            if let integer = Int64(text) {
                value = .integer(integer)
            } else if DecimalOrder.key(text) != nil, let double = Double(text), double.isFinite, text.utf8.count < 2_000
            {
                value = .text(text)
            } else {
                throw column.filterRefusal
            }
        case .float:
            guard let double = Double(text), double.isFinite else { throw column.filterRefusal }
            value = .double(double)
        case .date:
            guard let days = TimeText.parseDate(text.utf8) else { throw column.filterRefusal }
            value = .integer(days)
        case .timestamp:
            guard let moment = TimeText.parse(text.utf8, format: .iso) else { throw column.filterRefusal }
            if column.digits <= 6 {
                isExact = moment.nanoseconds % 1_000 == 0
                value = .integer(moment.seconds * 1_000_000 + Int64(moment.nanoseconds / 1_000))
            } else {
                value = .text(
                    StoredTime.text(
                        seconds: moment.seconds, nanoseconds: moment.nanoseconds, digits: column.digits))
            }
        }
    }
}
