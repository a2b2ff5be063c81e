public import FreshetCore

/// Writes an Apache Parquet file, row group by row group, in bounded memory.
///
/// Flat columns that may be null, plain values in data pages of version 1, compressed with gzip; files of it open in
/// pyarrow, DuckDB, Spark and BigQuery. A row group ends after 65,536 rows or 64 MB. The file is whole only after
/// ``finish()``: its description stands at the end.
///
/// ```swift
/// var writer = try ParquetWriter(columns: plan.columns, sink: FileSink(descriptor: file))
/// try writer.write(page.rows)
/// try writer.finish()
/// ```
public struct ParquetWriter<Sink: ByteSink> {
    private struct Group {
        var rows: Int
        var chunks: [ColumnChunk.Summary]
    }

    private let groupRows: Int
    private let groupBytes: Int
    private let columns: [ParquetColumn]
    private var sink: Sink
    private var position = 0
    private var chunks: [ColumnChunk]
    private var rowsInGroup = 0
    private var groups: [Group] = []

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - columns: At least one; names differ.
    ///   - sink: Where it goes, at its beginning.
    ///   - groupRows: The most rows of a row group, from 1.
    ///   - groupBytes: About the most bytes that a row group holds in memory.
    /// - Throws: ``ExportError/cannotWrite(_:)``.
    public init(
        columns: [ParquetColumn], sink: Sink, groupRows: Int = 65_536, groupBytes: Int = 64 << 20
    ) throws(ExportError) {
        (self.columns, self.sink) = (columns, sink)
        (self.groupRows, self.groupBytes) = (groupRows, groupBytes)
        chunks = columns.map { ColumnChunk(column: $0) }
        try put(Array("PAR1".utf8))
    }

    /// Rows written so far.
    public var rows: Int { groups.reduce(rowsInGroup) { $0 + $1.rows } }

    /// Bytes written so far, without the row group under way.
    public var bytes: Int { position }

    /// Writes rows, each with one value for each column.
    ///
    /// - Throws: ``ExportError/misfit(column:value:)`` when a value does not fit its column: the file is of no use then.
    public mutating func write(_ rows: [[TableValue]]) throws(ExportError) {
        for row in rows {
            for (index, value) in row.enumerated() {
                do {
                    try chunks[index].append(value)
                } catch {
                    guard case .misfit(_, let value) = error else { throw error }
                    throw .misfit(column: index, value: value)
                }
            }
            rowsInGroup += 1
            // Adding up the columns of each row would cost more than the row.
            if rowsInGroup >= groupRows || rowsInGroup % 64 == 0 && size >= groupBytes { try finishGroup() }
        }
    }

    /// Writes what is left and the description; nothing may follow.
    ///
    /// - Returns: Bytes of the whole file.
    @discardableResult
    public mutating func finish() throws(ExportError) -> Int {
        try finishGroup()
        let footer = footer()
        try put(footer)
        try put(withUnsafeBytes(of: UInt32(footer.count).littleEndian) { Array($0) } + Array("PAR1".utf8))
        return position
    }

    private var size: Int { chunks.reduce(0) { $0 + $1.size } }

    private mutating func finishGroup() throws(ExportError) {
        guard rowsInGroup > 0 else { return }
        var summaries: [ColumnChunk.Summary] = []
        for index in chunks.indices {
            try chunks[index].finishPage()
            summaries.append(chunks[index].summary(at: position))
            try put(chunks[index].pages)
            chunks[index] = ColumnChunk(column: columns[index])
        }
        groups.append(Group(rows: rowsInGroup, chunks: summaries))
        rowsInGroup = 0
    }

    private mutating func put(_ bytes: [UInt8]) throws(ExportError) {
        try sink.write(bytes)
        position += bytes.count
    }

    /// The format's `FileMetaData`.
    private func footer() -> [UInt8] {
        var thrift = ThriftWriter()
        thrift.field(1, int: 1)
        thrift.field(2, listOf: .structure, count: columns.count + 1) { list in
            list.element { root in
                root.field(4, text: "schema")
                root.field(5, int: columns.count)
            }
            for column in columns { list.element { column.describe(to: &$0) } }
        }
        thrift.field(3, long: rows)
        thrift.field(4, listOf: .structure, count: groups.count) { list in
            for (index, group) in groups.enumerated() { list.element { describe(group, index, to: &$0) } }
        }
        thrift.field(6, text: "freshet")
        // Without the order of values, readers ignore least and greatest.
        thrift.field(7, listOf: .structure, count: columns.count) { list in
            for _ in columns { list.element { $0.field(1) { _ in } } }
        }
        thrift.stop()
        return thrift.bytes
    }

    private func describe(_ group: Group, _ index: Int, to thrift: inout ThriftWriter) {
        thrift.field(1, listOf: .structure, count: columns.count) { list in
            for (column, summary) in zip(columns, group.chunks) {
                list.element { ColumnChunk.describe(summary, of: column, to: &$0) }
            }
        }
        thrift.field(2, long: group.chunks.reduce(0) { $0 + $1.uncompressed })
        thrift.field(3, long: group.rows)
        thrift.field(5, long: group.chunks.first?.offset ?? 4)
        thrift.field(6, long: group.chunks.reduce(0) { $0 + $1.compressed })
        if let ordinal = Int16(exactly: index) { thrift.field(7, short: ordinal) }
    }
}
