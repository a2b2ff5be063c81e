/// A declared condition made ready for the cells of its column.
struct CheckRule {
    private enum Comparand {
        case number(integer: Int64?, order: [UInt8])
        case text([UInt8])
        case moment(Int64, UInt32)
        case whole(Int64)
    }

    private let relation: RowCheck.Relation
    private let comparands: [Comparand]

    /// Reads a condition; `nil` when its values cannot be compared with the column.
    init?(_ check: RowCheck, column: ColumnSchema) {
        relation = check.relation
        var comparands: [Comparand] = []
        for value in check.values {
            guard let comparand = Self.comparand(value, column) else { return nil }
            comparands.append(comparand)
        }
        guard !comparands.isEmpty else { return nil }
        self.comparands = comparands
    }

    private static func comparand(_ value: CheckValue, _ column: ColumnSchema) -> Comparand? {
        let text =
            switch value {
            case .number(let text), .text(let text): text
            }
        switch column.type {
        case .integer, .decimal, .float:
            guard let order = DecimalText.orderKey(text) else { return nil }
            return .number(integer: Int64(text), order: order)
        case .text, .json: return .text(Array(text.utf8))
        case .timestamp: return TimeText.parse(text.utf8, format: .iso).map { .moment($0.seconds, $0.nanoseconds) }
        case .date: return TimeText.parseDate(text.utf8).map { .whole($0) }
        case .boolean:
            switch text {
            case "true", "1": return .whole(1)
            case "false", "0": return .whole(0)
            default: return nil
            }
        }
    }

    /// Whether a value satisfies the condition; nothing satisfies every condition, as in SQL.
    func holds(_ cell: Cell, _ buffers: CellBuffers) -> Bool {
        if cell.kind == .null { return true }
        if relation == .oneOf { return comparands.contains { Self.compare(cell, $0, buffers) == 0 } }
        let order = Self.compare(cell, comparands[0], buffers)
        return switch relation {
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .equal, .oneOf: order == 0
        case .notEqual: order != 0
        case .greaterOrEqual: order >= 0
        case .greater: order > 0
        }
    }

    private static func compare(_ cell: Cell, _ comparand: Comparand, _ buffers: CellBuffers) -> Int {
        switch comparand {
        case .number(let integer?, _) where cell.kind == .integer: return order(cell.payload, integer)
        case .number(_, let wanted): return order(orderKey(cell, buffers), wanted)
        case .text(let wanted): return buffers.withBytes(of: cell) { order(Array($0), wanted) }
        case .moment(let seconds, let nanoseconds):
            let first = order(cell.payload, seconds)
            return first == 0 ? order(cell.extra, nanoseconds) : first
        case .whole(let wanted): return order(cell.payload, wanted)
        }
    }

    private static func orderKey(_ cell: Cell, _ buffers: CellBuffers) -> [UInt8] {
        let key =
            switch cell.kind {
            case .integer: DecimalText.orderKey(String(cell.payload))
            case .float: DecimalText.orderKey("\(Double(bitPattern: UInt64(bitPattern: cell.payload)))")
            default: buffers.withBytes(of: cell) { DecimalText.orderKey($0.bindMemory(to: UInt8.self)) }
            }
        return key ?? []
    }

    private static func order<Value: Comparable>(_ a: Value, _ b: Value) -> Int { a < b ? -1 : a == b ? 0 : 1 }

    private static func order(_ a: [UInt8], _ b: [UInt8]) -> Int {
        a == b ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
    }
}
