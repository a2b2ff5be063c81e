/// The bytes of a document's rows, for the time of one planning.
struct CellReader {
    let document: UnsafeBufferPointer<UInt8>
    let scratch: UnsafeBufferPointer<UInt8>

    /// The bytes of a cell that is a range.
    @inline(__always)
    func bytes(_ cell: Cell) -> UnsafeBufferPointer<UInt8> {
        let buffer = cell.extra == 0 ? document : scratch
        return UnsafeBufferPointer(rebasing: buffer[cell.offset..<cell.offset + cell.length])
    }

    /// Whether a cell is one of the values that mean "nothing".
    func isAbsent(_ cell: Cell, in absent: AbsentValues) -> Bool {
        switch cell.kind {
        case .text, .number: absent.contains(UnsafeRawBufferPointer(bytes(cell)))
        case .integer: absent.contains(cell.payload)
        default: false
        }
    }

    /// What a cell says about the type of its column.
    func kinds(of cell: Cell) -> SeenKinds {
        switch cell.kind {
        case .null: .null
        case .integer: .integer
        case .number, .float: .number
        case .boolean: .boolean
        case .json: .json
        case .timestamp: .timestamp
        case .date: .date
        case .text:
            if TimeForm.read(bytes(cell)) != nil {
                .timestamp
            } else if cell.length == 10, TimeText.parseDate(bytes(cell)) != nil {
                .date
            } else {
                .text
            }
        }
    }
}

/// Fits the values of one column to its type.
struct CellFitter {
    let type: ColumnType
    let format: TimeFormat?
    /// A declared type also takes texts that spell its values.
    let isDeclared: Bool
    /// Whether the column may become wider, an inferred one of integers one of decimals.
    let mayWiden: Bool
    /// The most digits that a moment may have behind its second.
    let digitLimit: Int
    /// The digits that the moments so far need: 0, 3, 6 or 9.
    private(set) var digits = 0
    /// Whether a number was met that an integer column would take if it were a decimal one.
    private(set) var wantsDecimal = false

    init(_ column: ColumnSchema, as type: ColumnType? = nil, mayWiden: Bool) {
        self.type = type ?? column.type
        format = column.format
        isDeclared = column.isDeclared
        self.mayWiden = mayWiden
        digitLimit = mayWiden ? 9 : column.digits
    }

    /// The value as its column keeps it; `nil` when it does not fit.
    @inline(__always)
    mutating func fit(_ cell: Cell, _ reader: CellReader, _ extra: inout [UInt8]) -> Cell? {
        switch (type, cell.kind) {
        case (_, .null): .null
        case (.integer, .integer), (.text, .text), (.text, .number), (.boolean, .boolean), (.json, .json),
            (.decimal, .integer):
            cell
        default: convert(cell, reader, &extra)
        }
    }

    private mutating func convert(_ cell: Cell, _ reader: CellReader, _ extra: inout [UInt8]) -> Cell? {
        switch type {
        case .integer: return integer(cell, reader)
        case .decimal: return decimal(cell, reader)
        case .float: return float(cell, reader)
        case .boolean: return boolean(cell, reader)
        case .text: return Self.text(cell, &extra)
        case .timestamp: return timestamp(cell, reader)
        case .date: return date(cell, reader)
        case .json: return json(cell, reader, &extra)
        }
    }

    private mutating func integer(_ cell: Cell, _ reader: CellReader) -> Cell? {
        guard cell.kind == .number || (cell.kind == .text && isDeclared) else { return nil }
        guard let number = DecimalText(reader.bytes(cell)) else { return nil }
        // `84.0` tells by its spelling that the column holds more than whole numbers.
        if cell.kind == .number, mayWiden, !isDeclared {
            wantsDecimal = true
            return nil
        }
        return number.integer.map { Cell(kind: .integer, payload: $0) }
    }

    private func decimal(_ cell: Cell, _ reader: CellReader) -> Cell? {
        guard cell.kind == .number || (cell.kind == .text && isDeclared) else { return nil }
        let bytes = reader.bytes(cell)
        guard let number = DecimalText(bytes) else { return nil }
        if let value = number.double(bytes) {
            return Cell(kind: .float, payload: Int64(bitPattern: value.bitPattern))
        }
        if let value = number.integer { return Cell(kind: .integer, payload: value) }
        return Cell(kind: .number, extra: cell.extra, payload: cell.payload)
    }

    private func float(_ cell: Cell, _ reader: CellReader) -> Cell? {
        let value: Double?
        switch cell.kind {
        case .integer: value = Double(cell.payload)
        case .number: value = Double(String(decoding: reader.bytes(cell), as: UTF8.self))
        case .text where isDeclared:
            let bytes = reader.bytes(cell)
            value = DecimalText(bytes) == nil ? nil : Double(String(decoding: bytes, as: UTF8.self))
        default: value = nil
        }
        // SQLite, JSON and warehouses know no infinity: a number beyond the range of doubles does not fit.
        guard let value, value.isFinite else { return nil }
        return Cell(kind: .float, payload: Int64(bitPattern: value.bitPattern))
    }

    private func boolean(_ cell: Cell, _ reader: CellReader) -> Cell? {
        guard isDeclared else { return nil }
        switch cell.kind {
        case .integer where cell.payload == 0 || cell.payload == 1: return Cell(kind: .boolean, payload: cell.payload)
        case .text:
            let bytes = reader.bytes(cell)
            if bytes.elementsEqual("true".utf8) { return Cell(kind: .boolean, payload: 1) }
            if bytes.elementsEqual("false".utf8) { return Cell(kind: .boolean, payload: 0) }
            return nil
        default: return nil
        }
    }

    /// The exact text of a value.
    static func text(_ cell: Cell, _ extra: inout [UInt8]) -> Cell? {
        switch cell.kind {
        case .text, .number, .json: return Cell(kind: .text, extra: cell.extra, payload: cell.payload)
        case .integer: return write(String(cell.payload).utf8, .text, &extra)
        case .boolean: return write((cell.payload == 0 ? "false" : "true").utf8, .text, &extra)
        default: return nil
        }
    }

    private mutating func timestamp(_ cell: Cell, _ reader: CellReader) -> Cell? {
        let moment: (seconds: Int64, nanoseconds: UInt32)?
        let countsSince1970 = format.map { $0 != .iso && $0 != .dayMonthYear } ?? false
        switch cell.kind {
        case .timestamp: moment = (cell.payload, cell.extra)
        // An inferred column only takes what its documents can be rebuilt from.
        case .text where !isDeclared: moment = TimeForm.read(reader.bytes(cell)).map { ($0.seconds, $0.nanoseconds) }
        case .text: moment = TimeText.parse(reader.bytes(cell), format: format ?? .iso)
        case .number where countsSince1970: moment = TimeText.parse(reader.bytes(cell), format: format ?? .iso)
        case .integer where countsSince1970:
            var text = String(cell.payload)
            moment = text.withUTF8 { TimeText.parse($0, format: format ?? .iso) }
        default: moment = nil
        }
        guard let moment else { return nil }
        let needed = StoredTime.digits(of: moment.nanoseconds)
        guard needed <= digitLimit else { return nil }
        digits = max(digits, needed)
        return Cell(kind: .timestamp, extra: moment.nanoseconds, payload: moment.seconds)
    }

    private func date(_ cell: Cell, _ reader: CellReader) -> Cell? {
        let days: Int64?
        switch cell.kind {
        case .date: days = cell.payload
        case .text:
            guard isDeclared || cell.length == 10 else { return nil }
            days = TimeText.parseDate(reader.bytes(cell), format: format ?? .iso)
        case .number where format != nil: days = TimeText.parseDate(reader.bytes(cell), format: format ?? .iso)
        case .integer where format != nil:
            var text = String(cell.payload)
            days = text.withUTF8 { TimeText.parseDate($0, format: format ?? .iso) }
        default: days = nil
        }
        return days.map { Cell(kind: .date, payload: $0) }
    }

    private func json(_ cell: Cell, _ reader: CellReader, _ extra: inout [UInt8]) -> Cell? {
        switch cell.kind {
        case .number: return Cell(kind: .json, extra: cell.extra, payload: cell.payload)
        case .integer: return Self.write(String(cell.payload).utf8, .json, &extra)
        case .boolean: return Self.write((cell.payload == 0 ? "false" : "true").utf8, .json, &extra)
        case .text:
            var quoted: [UInt8] = []
            RowJSON.quote(reader.bytes(cell), into: &quoted)
            return Self.write(quoted, .json, &extra)
        default: return nil
        }
    }

    private static func write(_ bytes: some Collection<UInt8>, _ kind: Cell.Kind, _ extra: inout [UInt8]) -> Cell {
        let offset = extra.count
        extra.append(contentsOf: bytes)
        var cell = Cell.range(kind, offset: offset, length: extra.count - offset, inScratch: false)
        cell.extra = 2
        return cell
    }
}
