import FreshetCore
import FreshetExport
import HTTPTypes
import NIOCore

/// The form in which rows are answered.
enum TableFormat: String, CaseIterable {
    case json
    case csv
    case ndjson

    /// The form that `format=` names, or else the one that `Accept` likes best; JSON when it says nothing.
    ///
    /// - Throws: A 400 for an unknown `format`.
    init(_ exchange: Exchange) throws(Problem) {
        if let name = try exchange.parameter("format") {
            guard let format = TableFormat(rawValue: name.lowercased()) else {
                throw Problem(400, "bad-parameter", "format must be json, csv or ndjson.")
            }
            self = format
        } else {
            self = TableFormat(accept: exchange.headers[.accept] ?? "")
        }
    }

    /// The form that an `Accept` field likes best (RFC 9110 section 12.5.1).
    init(accept: String) {
        var best: (format: TableFormat, quality: Double) = (.json, 0)
        for item in accept.split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.trimmed().lowercased() }
            guard let type = parts.first, let format = TableFormat(mediaType: type) else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
            let quality = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if quality > best.quality { best = (format, quality) }
        }
        self = best.format
    }

    private init?(mediaType: String) {
        switch mediaType {
        case "application/json", "application/*", "*/*": self = .json
        case "text/csv", "text/*": self = .csv
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
            self = .ndjson
        default: return nil
        }
    }

    var contentType: String {
        switch self {
        case .json: "application/json"
        case .csv: "text/csv; charset=utf-8; header=present"
        case .ndjson: "application/x-ndjson"
        }
    }
}

/// Rows with their columns, on their way into an answer.
struct TableAnswer {
    var columns: [ResultColumn]
    var rows: [[TableValue]]
    var format: TableFormat
    /// Whether CSV begins with the names of the columns.
    var hasHeader = true

    /// The answer.
    ///
    /// - Parameters:
    ///   - asArrays: Whether JSON shows a row as an array in the order of the columns, not as an object.
    ///   - before: Members of the JSON object before `columns`.
    ///   - after: Members of the JSON object after `rows`.
    ///   - fields: Further header fields.
    /// - Returns: A 200 with the rows.
    func reply(
        asArrays: Bool = false, before: [(String, JSONValue)] = [], after: [(String, JSONValue)] = [],
        fields: [(name: String, value: String)] = []
    ) -> Reply {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows.count * columns.count * 16 + 256)
        switch format {
        case .csv:
            let csv = CSVRows()
            if hasHeader { csv.appendHeader(columns.map(\.name), to: &bytes) }
            for row in rows { csv.append(row, to: &bytes) }
        case .ndjson:
            let json = JSONRows(columns: columns.map(\.name))
            for row in rows {
                json.appendObject(row, to: &bytes)
                bytes.append(10)
            }
        case .json: writeJSON(asArrays: asArrays, before, after, to: &bytes)
        }
        let type = hasHeader ? format.contentType : format.contentType.replacing("=present", with: "=absent")
        let common = [
            (name: "Content-Type", value: type), (name: "Content-Length", value: String(bytes.count)),
            (name: "Cache-Control", value: "no-store"), (name: "Vary", value: "Accept"),
            (name: "Freshet-Rows", value: String(rows.count)),
        ]
        return Reply(200, common + fields, body: ByteBuffer(bytes: bytes))
    }

    private func writeJSON(
        asArrays: Bool, _ before: [(String, JSONValue)], _ after: [(String, JSONValue)], to bytes: inout [UInt8]
    ) {
        func members(_ list: [(String, JSONValue)]) -> String {
            // The object without its braces.
            String(JSONValue.object(list).text.dropFirst().dropLast())
        }
        let head = before + [("columns", TableJSON.columns(columns))]
        bytes.append(contentsOf: "{\(members(head)),\"rows\":[".utf8)
        let json = JSONRows(columns: columns.map(\.name))
        for (index, row) in rows.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if asArrays {
                JSONRows.appendArray(row, to: &bytes)
            } else {
                json.appendObject(row, to: &bytes)
            }
        }
        bytes.append(contentsOf: "],\(members(after))}\n".utf8)
    }
}
