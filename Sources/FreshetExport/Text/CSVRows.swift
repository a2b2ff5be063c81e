public import FreshetCore

/// Writes rows as CSV (RFC 4180): commas, lines that end in CR LF, quotes where they are needed.
///
/// Null is an empty field; an empty text is `""`, so that readers which care can tell them apart.
public struct CSVRows: Sendable {
    /// Creates a writer; all rows are written alike.
    public init() {}

    /// Appends the line of the column names.
    public func appendHeader(_ names: [String], to bytes: inout [UInt8]) {
        for (index, name) in names.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(name, to: &bytes)
        }
        bytes.append(contentsOf: [13, 10])
    }

    /// Appends one row.
    public func append(_ row: [TableValue], to bytes: inout [UInt8]) {
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            switch value {
            case .null: break
            case .text(let text), .json(let text), .decimal(let text): append(text, to: &bytes)
            case .integer, .float, .boolean, .timestamp, .date: PlainText.append(value, to: &bytes)
            }
        }
        bytes.append(contentsOf: [13, 10])
    }

    private func append(_ text: String, to bytes: inout [UInt8]) {
        let needsQuotes =
            text.isEmpty
            || text.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 10 || $0 == 13 }
        guard needsQuotes else {
            bytes.append(contentsOf: text.utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Values as bare text: what CSV, text columns of Parquet and people see.
///
/// Moments are RFC 3339 in UTC with a fraction of 3, 6 or 9 digits where there is one.
public enum PlainText {
    /// Appends a value; nothing for null.
    public static func append(_ value: TableValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: break
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .float(let number): bytes.append(contentsOf: String(number).utf8)
        case .boolean(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .text(let text), .json(let text), .decimal(let text): bytes.append(contentsOf: text.utf8)
        case .timestamp(let seconds, let nanoseconds):
            let text = TimeText.print(seconds: seconds, nanoseconds: nanoseconds, digits: digits(nanoseconds))
            bytes.append(contentsOf: text.utf8)
        case .date(let days): bytes.append(contentsOf: TimeText.printDate(days: days).utf8)
        }
    }

    /// A value as text; empty for null.
    public static func text(_ value: TableValue) -> String {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digits(_ nanoseconds: UInt32) -> Int {
        if nanoseconds == 0 { return 0 }
        return nanoseconds % 1_000_000 == 0 ? 3 : nanoseconds % 1000 == 0 ? 6 : 9
    }
}
