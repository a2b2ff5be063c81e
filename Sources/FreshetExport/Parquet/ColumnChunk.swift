import FreshetCore

/// The values of one column in one row group, turned into pages as they come.
struct ColumnChunk {
    /// What the footer says of a chunk.
    struct Summary {
        var offset = 0
        var values = 0
        var nulls = 0
        var compressed = 0
        var uncompressed = 0
        var least: Int64?
        var greatest: Int64?
    }

    /// A page is closed when its values have so many bytes, or so many rows.
    private static let pageBytes = 1 << 20
    private static let pageRows = 20_000

    let column: ParquetColumn
    private(set) var summary = Summary()
    /// Finished pages with their headers.
    private(set) var pages: [UInt8] = []
    private var values: [UInt8] = []
    /// One bit per row, least significant first: whether there is a value.
    private var levels: [UInt8] = []
    private var rows = 0
    private var nulls = 0
    private var booleans = 0

    init(column: ParquetColumn) { self.column = column }

    /// Bytes held.
    var size: Int { pages.count + values.count + levels.count }

    /// Appends a value; nothing has changed when it does not fit.
    ///
    /// - Throws: ``ExportError/misfit(column:value:)`` with column 0, or the compressor's failure.
    mutating func append(_ value: TableValue) throws(ExportError) {
        if value == .null {
            nulls += 1
        } else {
            guard encode(value) else { throw .misfit(column: 0, value: value) }
        }
        if rows % 8 == 0 { levels.append(0) }
        if value != .null { levels[levels.count - 1] |= 1 << UInt8(rows % 8) }
        rows += 1
        if values.count >= ColumnChunk.pageBytes || rows >= ColumnChunk.pageRows { try finishPage() }
    }

    // MARK: Values

    private mutating func encode(_ value: TableValue) -> Bool {
        switch (column.kind, value) {
        case (.boolean, .boolean(let flag)):
            if booleans % 8 == 0 { values.append(0) }
            if flag { values[values.count - 1] |= 1 << UInt8(booleans % 8) }
            booleans += 1
        case (.integer, .integer(let number)): append(integer: number)
        case (.double, .float(let number)): append(number.bitPattern)
        case (.double, .integer(let number)):
            guard let double = Double(exactly: number) else { return false }
            append(double.bitPattern)
        case (.double, .decimal(let text)):
            guard let double = Double(text), double.isFinite else { return false }
            append(double.bitPattern)
        case (.date, .date(let days)):
            guard let short = Int32(exactly: days) else { return false }
            append(UInt32(bitPattern: short))
            note(days)
        case (.microseconds, .timestamp(let seconds, let nanoseconds)):
            guard nanoseconds % 1000 == 0 else { return false }
            return append(seconds, times: 1_000_000, plus: Int64(nanoseconds / 1000))
        case (.nanoseconds, .timestamp(let seconds, let nanoseconds)):
            return append(seconds, times: 1_000_000_000, plus: Int64(nanoseconds))
        case (.decimal(let scale), .decimal(let text)):
            guard let number = DecimalText(text)?.unscaled(scale) else { return false }
            append(decimal: number)
        case (.decimal(let scale), .integer(let integer)):
            guard let number = DecimalText(String(integer))?.unscaled(scale) else { return false }
            append(decimal: number)
        case (.text, _): append { PlainText.append(value, to: &$0) }
        case (.json, .json(let text)): append { $0.append(contentsOf: text.utf8) }
        case (.json, _): append { JSONRows.append(value, to: &$0) }
        default: return false
        }
        return true
    }

    private mutating func append(integer: Int64) {
        append(UInt64(bitPattern: integer))
        note(integer)
    }

    private mutating func append(_ seconds: Int64, times factor: Int64, plus rest: Int64) -> Bool {
        let (product, isTooFar) = seconds.multipliedReportingOverflow(by: factor)
        let (sum, isBeyond) = product.addingReportingOverflow(rest)
        guard !isTooFar, !isBeyond else { return false }
        append(integer: sum)
        return true
    }

    private mutating func append(_ bits: some FixedWidthInteger & UnsignedInteger) {
        withUnsafeBytes(of: bits.littleEndian) { values.append(contentsOf: $0) }
    }

    private mutating func append(decimal: Int128) {
        withUnsafeBytes(of: decimal.bigEndian) { values.append(contentsOf: $0) }
    }

    private mutating func append(_ text: (inout [UInt8]) -> Void) {
        let start = values.count
        append(UInt32(0))
        text(&values)
        let length = UInt32(values.count - start - 4)
        for (place, shift) in [UInt32(0), 8, 16, 24].enumerated() {
            values[start + place] = UInt8(truncatingIfNeeded: length >> shift)
        }
    }

    private mutating func note(_ number: Int64) {
        summary.least = min(summary.least ?? number, number)
        summary.greatest = max(summary.greatest ?? number, number)
    }

    // MARK: Pages

    /// Closes the page under way, if it has rows.
    mutating func finishPage() throws(ExportError) {
        guard rows > 0 else { return }
        let plain = definitionLevels() + values
        let packed = try PageCompressor.gzip(plain)
        var header = ThriftWriter()
        header.field(1, int: 0)  // a data page
        header.field(2, int: plain.count)
        header.field(3, int: packed.count)
        let rows = rows
        header.field(5) { page in
            page.field(1, int: rows)
            page.field(2, int: 0)  // plain values
            page.field(3, int: 3)  // run lengths for definition levels
            page.field(4, int: 3)
        }
        header.stop()
        pages += header.bytes
        pages += packed
        summary.values += rows
        summary.nulls += nulls
        summary.compressed += header.bytes.count + packed.count
        summary.uncompressed += header.bytes.count + plain.count
        reset()
    }

    /// Run-length/bit-packed hybrid of one bit, with its length before it.
    private func definitionLevels() -> [UInt8] {
        var runs: [UInt8] = []
        func varint(_ value: Int) {
            var rest = value
            while rest >= 0x80 {
                runs.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            runs.append(UInt8(rest))
        }
        if nulls == 0 || nulls == rows {
            varint(rows << 1)
            runs.append(nulls == 0 ? 1 : 0)
        } else {
            varint(levels.count << 1 | 1)
            runs += levels
        }
        return withUnsafeBytes(of: UInt32(runs.count).littleEndian) { Array($0) } + runs
    }

    private mutating func reset() {
        values.removeAll(keepingCapacity: true)
        levels.removeAll(keepingCapacity: true)
        (rows, nulls, booleans) = (0, 0, 0)
    }

    /// Writes the format's `ColumnChunk`.
    static func describe(_ summary: Summary, of column: ParquetColumn, to thrift: inout ThriftWriter) {
        thrift.field(2, long: 0)  // deprecated, and required
        thrift.field(3) { meta in
            meta.field(1, int: column.physicalType)
            meta.field(2, listOf: .int, count: 2) {
                $0.element(int: 0)
                $0.element(int: 3)
            }
            meta.field(3, listOf: .binary, count: 1) { $0.element(text: column.name) }
            meta.field(4, int: 2)  // gzip
            meta.field(5, long: summary.values)
            meta.field(6, long: summary.uncompressed)
            meta.field(7, long: summary.compressed)
            meta.field(9, long: summary.offset)
            meta.field(12) { statistics in
                statistics.field(3, long: summary.nulls)
                guard let least = summary.least, let greatest = summary.greatest else { return }
                let width = column.kind == .date ? 4 : 8
                statistics.field(5, binary: bytes(greatest, width))
                statistics.field(6, binary: bytes(least, width))
            }
        }
    }

    private static func bytes(_ value: Int64, _ width: Int) -> [UInt8] {
        Array(withUnsafeBytes(of: value.littleEndian) { Array($0) }.prefix(width))
    }
}

extension ColumnChunk {
    /// The summary with the place of the chunk in the file.
    func summary(at offset: Int) -> Summary {
        var placed = summary
        placed.offset = offset
        return placed
    }
}
