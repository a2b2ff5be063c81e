import FreshetCore

/// A parameter of a statement; sent in binary form with its type.
enum PGValue: Sendable {
    case null
    case bool(Bool)
    /// `bigint`; smaller integer columns take it, too.
    case int(Int64)
    case double(Double)
    case text(String)
    case bytes([UInt8])
    /// A value in its text form whose type the server finds out: `numeric`, `timestamptz`, `jsonb`, …
    case unknown(String)
    /// Arrays for `unnest` and `= ANY`.
    case bools([Bool?])
    case ints([Int64?])
    case doubles([Double?])
    case texts([String?])
    case blobs([[UInt8]?])
    /// A value in binary form already, with the number of its type.
    case raw(type: UInt32, [UInt8])

    /// A moment in microseconds, or null.
    static func time(_ moment: Timestamp?) -> PGValue { moment.map { .int($0.microseconds) } ?? .null }

    /// A text, or null.
    static func text(orNull text: String?) -> PGValue { text.map { .text($0) } ?? .null }

    /// A whole number.
    static func int(_ value: Int) -> PGValue { .int(Int64(value)) }
}

/// The parameters of one statement as libpq wants them.
struct PGParameters {
    private(set) var types: [UInt32] = []
    private(set) var formats: [CInt] = []
    private(set) var lengths: [CInt] = []
    /// Where each value begins in ``bytes``; -1 for null.
    private(set) var offsets: [Int] = []
    private(set) var bytes: [UInt8] = []

    init(_ values: [PGValue]) {
        types.reserveCapacity(values.count)
        for value in values { add(value) }
        // A value of no bytes must still point somewhere: a null pointer means NULL.
        bytes.append(0)
    }

    var count: Int { types.count }

    private mutating func add(_ value: PGValue) {
        let start = bytes.count
        var isNull = false
        var format: CInt = 1
        switch value {
        case .null: isNull = true
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .int(let value): Self.append(UInt64(bitPattern: value), to: &bytes)
        case .double(let value): Self.append(value.bitPattern, to: &bytes)
        case .text(let value): bytes.append(contentsOf: value.utf8)
        case .bytes(let value), .raw(_, let value): bytes.append(contentsOf: value)
        case .unknown(let value):
            format = 0
            bytes.append(contentsOf: value.utf8)
            bytes.append(0)
        case .bools(let values): array(values, of: Self.oid(.bool(true))) { $1.append($0 ? 1 : 0) }
        case .ints(let values):
            array(values, of: Self.oid(.int(Int64(0)))) { Self.append(UInt64(bitPattern: $0), to: &$1) }
        case .doubles(let values): array(values, of: Self.oid(.double(0))) { Self.append($0.bitPattern, to: &$1) }
        case .texts(let values): array(values, of: Self.oid(.text(""))) { $1.append(contentsOf: $0.utf8) }
        case .blobs(let values): array(values, of: Self.oid(.bytes([]))) { $1.append(contentsOf: $0) }
        }
        types.append(Self.oid(value))
        formats.append(format)
        lengths.append(CInt(bytes.count - start))
        offsets.append(isNull ? -1 : start)
    }

    /// The binary form of an array of one dimension: dimensions, has-nulls, element type, length, lower bound, elements.
    private mutating func array<Element>(
        _ values: [Element?], of type: UInt32, _ write: (Element, inout [UInt8]) -> Void
    ) {
        Self.append(UInt32(values.isEmpty ? 0 : 1), to: &bytes)
        Self.append(UInt32(values.contains { $0 == nil } ? 1 : 0), to: &bytes)
        Self.append(type, to: &bytes)
        guard !values.isEmpty else { return }
        Self.append(UInt32(values.count), to: &bytes)
        Self.append(UInt32(1), to: &bytes)
        for value in values {
            guard let value else {
                Self.append(UInt32.max, to: &bytes)
                continue
            }
            let place = bytes.count
            Self.append(UInt32(0), to: &bytes)
            write(value, &bytes)
            let length = UInt32(bytes.count - place - 4)
            for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
        }
    }

    static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// The type numbers of PostgreSQL's catalog, which never change; 0 lets the server find out.
    private static func oid(_ value: PGValue) -> UInt32 {
        switch value {
        case .null, .unknown: 0
        case .raw(let type, _): type
        case .bool: 16
        case .bytes: 17
        case .int: 20
        case .text: 25
        case .double: 701
        case .bools: 1000
        case .blobs: 1001
        case .texts: 1009
        case .ints: 1016
        case .doubles: 1022
        }
    }
}
