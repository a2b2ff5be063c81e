public import FreshetCore

/// Writes rows as JSON, byte by byte into a buffer.
///
/// Decimals are exact JSON numbers, moments and days are texts of RFC 3339, JSON columns are embedded as they are.
public struct JSONRows: Sendable {
    /// `"name":` for each column.
    private let keys: [[UInt8]]

    /// Prepares for rows of these columns.
    ///
    /// - Parameter columns: Their names; a name that repeats an earlier one becomes `name_2`, `name_3`, …, because an
    ///   object holds each member once.
    public init(columns: [String]) {
        keys = JSONRows.unique(columns).map { name in
            var key: [UInt8] = []
            JSONRows.append(text: name, to: &key)
            key.append(UInt8(ascii: ":"))
            return key
        }
    }

    /// Appends a row as an object, without a line end.
    public func appendObject(_ row: [TableValue], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: keys[index])
            JSONRows.append(value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends a row as an array in the order of the columns, without a line end.
    public static func appendArray(_ row: [TableValue], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Appends one value.
    public static func append(_ value: TableValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .decimal(let text):
            if DecimalText.isJSONNumber(text) {
                bytes.append(contentsOf: text.utf8)
            } else {
                append(text: text, to: &bytes)
            }
        case .float(let number):
            // JSON has no infinity and no NaN; documents cannot bring them, SQL can.
            bytes.append(contentsOf: (number.isFinite ? String(number) : "null").utf8)
        case .boolean(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .text(let text): append(text: text, to: &bytes)
        case .timestamp, .date:
            bytes.append(UInt8(ascii: "\""))
            PlainText.append(value, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        case .json(let text):
            // A line end can only be white space between tokens here; one row stays one line.
            for byte in text.utf8 { bytes.append(byte == 10 || byte == 13 ? 32 : byte) }
        }
    }

    /// Appends a text in quotes.
    public static func append(text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        // Nearly every text needs no escape and is copied as a whole.
        let isPlain = text.utf8.withContiguousStorageIfAvailable { memory in
            memory.allSatisfy { $0 >= 32 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        }
        guard isPlain != true else { return bytes.append(contentsOf: text.utf8) }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 10: bytes.append(contentsOf: "\\n".utf8)
            case 13: bytes.append(contentsOf: "\\r".utf8)
            case 9: bytes.append(contentsOf: "\\t".utf8)
            case 0..<32:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(byte < 16 ? 48 : 49)
                let low = byte & 15
                bytes.append(low < 10 ? 48 + low : 87 + low)
            default: bytes.append(byte)
            }
        }
    }

    private static func unique(_ names: [String]) -> [String] {
        var taken = Set(names)
        var seen: Set<String> = []
        return names.map { name in
            if seen.insert(name).inserted { return name }
            var count = 2
            while !taken.insert("\(name)_\(count)").inserted { count += 1 }
            return "\(name)_\(count)"
        }
    }
}
