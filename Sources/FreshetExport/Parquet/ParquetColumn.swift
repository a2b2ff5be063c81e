/// A column of a Parquet file; every value may be null.
public struct ParquetColumn: Sendable, Hashable {
    /// What its values are, in Parquet's terms.
    public enum Kind: Sendable, Hashable {
        /// `BOOLEAN`.
        case boolean
        /// `INT64`.
        case integer
        /// `DOUBLE`.
        case double
        /// `BYTE_ARRAY`, `STRING`.
        case text
        /// `BYTE_ARRAY`, `JSON`.
        case json
        /// `INT32`, `DATE`.
        case date
        /// `INT64`, `TIMESTAMP` of microseconds in UTC.
        case microseconds
        /// `INT64`, `TIMESTAMP` of nanoseconds in UTC: the years 1678...2261.
        case nanoseconds
        /// `FIXED_LEN_BYTE_ARRAY(16)`, `DECIMAL` of 38 digits, so many of them behind the point.
        case decimal(scale: Int)
    }

    /// Its name.
    public var name: String
    /// What its values are.
    public var kind: Kind

    /// Creates a column.
    public init(name: String, kind: Kind) { (self.name, self.kind) = (name, kind) }

    /// Digits of every decimal column.
    static let precision = 38

    /// Numbers of the format's `Type`.
    var physicalType: Int {
        switch kind {
        case .boolean: 0
        case .date: 1
        case .integer, .microseconds, .nanoseconds: 2
        case .double: 5
        case .text, .json: 6
        case .decimal: 7
        }
    }

    /// Whether all values are whole numbers of 32 or 64 bits, so that least and greatest are worth keeping.
    var isInteger: Bool {
        switch kind {
        case .integer, .date, .microseconds, .nanoseconds: true
        default: false
        }
    }

    /// Writes the format's `SchemaElement`.
    func describe(to thrift: inout ThriftWriter) {
        thrift.field(1, int: physicalType)
        if case .decimal = kind { thrift.field(2, int: 16) }
        thrift.field(3, int: 1)  // optional
        thrift.field(4, text: name)
        // What older readers look at.
        switch kind {
        case .text: thrift.field(6, int: 0)
        case .json: thrift.field(6, int: 19)
        case .date: thrift.field(6, int: 6)
        case .microseconds: thrift.field(6, int: 10)
        case .decimal(let scale):
            thrift.field(6, int: 5)
            thrift.field(7, int: scale)
            thrift.field(8, int: ParquetColumn.precision)
        case .boolean, .integer, .double, .nanoseconds: break
        }
        describeLogicalType(to: &thrift)
    }

    private func describeLogicalType(to thrift: inout ThriftWriter) {
        let kind = kind
        func union(_ id: Int, _ body: @escaping (inout ThriftWriter) -> Void = { _ in }) {
            thrift.field(10) { $0.field(id, body) }
        }
        func timestamp(unit: Int) {
            union(8) { stamp in
                stamp.field(1, bool: true)  // in UTC
                stamp.field(2) { $0.field(unit) { _ in } }
            }
        }
        switch kind {
        case .text: union(1)
        case .json: union(12)
        case .date: union(6)
        case .microseconds: timestamp(unit: 2)
        case .nanoseconds: timestamp(unit: 3)
        case .decimal(let scale):
            union(5) { decimal in
                decimal.field(1, int: scale)
                decimal.field(2, int: ParquetColumn.precision)
            }
        case .boolean, .integer, .double: break
        }
    }
}
