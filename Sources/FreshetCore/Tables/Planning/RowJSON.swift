/// Writes rows as JSON, for the record of what was refused.
enum RowJSON {
    /// A row as an object of its columns' proposed names; columns without a value are left out.
    static func object(_ rows: TableRows, _ index: Int, _ reader: CellReader) -> String {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (column, cell) in zip(rows.columns, rows.row(index)) where cell.kind != .null {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            var name = column.name
            name.withUTF8 { quote($0, into: &text) }
            text.append(UInt8(ascii: ":"))
            switch cell.kind {
            case .null: break
            case .integer: text.append(contentsOf: String(cell.payload).utf8)
            case .boolean: text.append(contentsOf: (cell.payload == 0 ? "false" : "true").utf8)
            case .float: text.append(contentsOf: "\(Double(bitPattern: UInt64(bitPattern: cell.payload)))".utf8)
            case .number, .json: text.append(contentsOf: reader.bytes(cell))
            case .text: quote(reader.bytes(cell), into: &text)
            case .timestamp:
                let moment = StoredTime.text(seconds: cell.payload, nanoseconds: cell.extra, digits: 9)
                text.append(contentsOf: "\"\(moment)\"".utf8)
            case .date: text.append(contentsOf: "\"\(TimeText.printDate(days: cell.payload))\"".utf8)
            }
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }

    /// A text in quotes, escaped.
    static func quote(_ bytes: UnsafeBufferPointer<UInt8>, into text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0..<0x20:
                text.append(contentsOf: "\\u00".utf8)
                text.append(hex[Int(byte >> 4)])
                text.append(hex[Int(byte & 15)])
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    private static let hex = Array("0123456789abcdef".utf8)
}
