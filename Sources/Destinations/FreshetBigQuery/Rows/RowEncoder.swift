import FreshetCore
import FreshetDocument

/// Writes rows as the newline-delimited JSON that load jobs read, exactly: no value is rounded on its way.
struct RowEncoder {
    /// A value came that its column cannot hold, and there is no column yet for its text.
    struct NeedsVariant: Error {
        /// The column in the store.
        var column: String
    }

    private struct Slot {
        var source: String
        /// `"name":`.
        var label: [UInt8]
        var type: WarehouseType
        var variantLabel: [UInt8]?
    }

    private let slots: [Slot]

    /// The columns to read from the store, in the order in which ``encode(_:to:)`` expects their values.
    var sources: [String] { slots.map(\.source) }

    /// Creates an encoder.
    ///
    /// - Parameters:
    ///   - schema: Where values go.
    ///   - types: What the columns are in BigQuery, by name.
    init(_ schema: WarehouseSchema, types: [String: WarehouseType]) {
        slots = schema.columns.map { column in
            Slot(
                source: column.source, label: Self.label(column.field.name),
                type: types[column.field.name] ?? column.field.type, variantLabel: column.variant.map(Self.label))
        }
    }

    private static func label(_ name: String) -> [UInt8] { Array("\(JSONEscape.quoted(name)):".utf8) }

    /// Appends rows, one line each; a null is left out.
    ///
    /// - Throws: ``NeedsVariant``; then part of a row may have been appended.
    func encode(_ rows: [[TableValue]], to out: inout [UInt8]) throws(NeedsVariant) {
        for row in rows {
            out.append(UInt8(ascii: "{"))
            let start = out.count
            for (slot, value) in zip(slots, row) where value != .null {
                let mark = out.count
                if mark > start { out.append(UInt8(ascii: ",")) }
                out += slot.label
                switch Self.write(value, as: slot.type, to: &out) {
                case .exact: continue
                case .misfit: out.removeLast(out.count - mark)
                case .rounded: break
                }
                guard let label = slot.variantLabel else { throw NeedsVariant(column: slot.source) }
                if out.count > start { out.append(UInt8(ascii: ",")) }
                out += label
                Self.quote(Self.text(value), to: &out)
            }
            out += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
        }
    }

    // MARK: Values

    private enum Written { case exact, rounded, misfit }

    private static func write(_ value: TableValue, as type: WarehouseType, to out: inout [UInt8]) -> Written {
        switch (type, value) {
        case (.string, _): quote(text(value), to: &out)
        case (.int64, .integer(let number)):
            // Beyond 2^53 a reader of JSON may round; BigQuery takes digits in quotes instead.
            let isSafe = abs(number.clamped) <= 1 << 53
            isSafe ? out.append(contentsOf: number.description.utf8) : quote(number.description, to: &out)
        case (.int64, .decimal(let text)), (.numeric, .decimal(let text)), (.bigNumeric, .decimal(let text)):
            guard let number = NumberText(text.utf8), number.fits(type) else { return .misfit }
            quote(String(decoding: number.plain, as: UTF8.self), to: &out)
        case (.numeric, .integer(let number)), (.bigNumeric, .integer(let number)):
            quote(number.description, to: &out)
        case (.float64, .float(let number)):
            number.isFinite ? out.append(contentsOf: number.description.utf8) : quote(special(number), to: &out)
        case (.float64, .integer(let number)): out += number.description.utf8
        case (.float64, .decimal(let text)):
            guard let number = Double(text) else { return .misfit }
            return write(.float(number), as: type, to: &out)
        case (.bool, .boolean(let flag)): out += (flag ? "true" : "false").utf8
        case (.timestamp, .timestamp(let seconds, let nanoseconds)):
            guard inYears(seconds) else { return .misfit }
            quote(TimeText.print(seconds: seconds, nanoseconds: nanoseconds, digits: 6), to: &out)
            return nanoseconds % 1_000 == 0 ? .exact : .rounded
        case (.date, .date(let days)):
            guard inYears(Int64(days).multipliedReportingOverflow(by: 86_400).partialValue) else { return .misfit }
            quote(TimeText.printDate(days: days), to: &out)
        case (.json, .json(let text)):
            guard JSONFit.isExact(text) else { return .misfit }
            // A line break can only stand between values: inside texts JSON escapes it.
            out += text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
        default: return .misfit
        }
        return .exact
    }

    /// BigQuery's moments and days lie in the years 1...9999.
    private static func inYears(_ seconds: Int64) -> Bool { (-62_135_596_800...253_402_300_799).contains(seconds) }

    private static func special(_ number: Double) -> String {
        number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
    }

    /// A value as text, exactly.
    static func text(_ value: TableValue) -> String {
        switch value {
        case .null: ""
        case .integer(let number): number.description
        case .decimal(let text), .text(let text), .json(let text): text
        case .float(let number): number.isFinite ? number.description : special(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .timestamp(let seconds, let nanoseconds):
            TimeText.print(seconds: seconds, nanoseconds: nanoseconds, digits: nanoseconds % 1_000 == 0 ? 6 : 9)
        case .date(let days): TimeText.printDate(days: days)
        }
    }

    private static func quote(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        JSONEscape.append(text, to: &out)
        out.append(UInt8(ascii: "\""))
    }
}

extension Int64 {
    /// Itself, but so that its magnitude can be taken.
    fileprivate var clamped: Int64 { Swift.max(self, -Int64.max) }
}
