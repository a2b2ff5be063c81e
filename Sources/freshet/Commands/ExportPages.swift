import AsyncHTTPClient
import FreshetCore
import FreshetDocument
import FreshetRuntime
import NIOCore
import NIOHTTP1

extension Control {
    /// Rows as the server sent them.
    struct RowsAnswer {
        var body: [UInt8]
        /// How many rows the body holds.
        var rows: Int
        /// Where the next page begins; `nil` after the last.
        var cursor: String?
        /// Whether rows were cut off at the limit.
        var isTruncated: Bool
    }

    /// Sends a request whose answer is rows.
    func rows(_ method: HTTPMethodName, _ path: String, json: [UInt8]? = nil) async throws -> RowsAnswer {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = .init(rawValue: method.rawValue)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: json))
        }
        let (status, headers, body): (Int, HTTPHeaders, [UInt8])
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(90))
            let buffer = try await response.body.collect(upTo: 1 << 30)
            (status, headers, body) = (Int(response.status.code), response.headers, Array(buffer.readableBytesView))
        } catch {
            throw Exit.fail("the server at \(baseURL) does not answer (\(error)); is it running?", Exit.unavailable)
        }
        _ = try Answer(status: status, body: body).expectSuccess()
        return RowsAnswer(
            body: body, rows: headers.first(name: "Freshet-Rows").flatMap { Int($0) } ?? 0,
            cursor: headers.first(name: "Link").flatMap { Control.cursor(inLink: $0) },
            isTruncated: headers.contains(name: "Freshet-Truncated"))
    }

    /// The cursor in a `Link` to the next page, still percent-encoded.
    private static func cursor(inLink link: String) -> String? {
        guard let range = link.firstRange(of: "cursor=") else { return nil }
        return String(link[range.upperBound...].prefix { $0 != "&" && $0 != ">" })
    }
}

/// The pages of one table, one after the other, of about 4 MB each.
struct ExportPages {
    private static let pageBytes = 4 << 20
    private static let mostRows = 10_000

    let control: Control
    /// The path with the parameters of the question, without limit and cursor.
    var path: String
    /// How many rows may still come; `nil` for all.
    private(set) var remaining: Int?
    private var cursor: String?
    private var pageRows = 500
    private var isDone = false

    init(control: Control, path: String, limit: Int?) {
        (self.control, self.path, remaining) = (control, path, limit)
    }

    /// The next page; `nil` after the last.
    mutating func next() async throws -> Control.RowsAnswer? {
        guard !isDone, remaining != 0 else { return nil }
        let limit = min(remaining ?? pageRows, pageRows)
        let page = try await control.rows(.get, path + "&limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? ""))
        cursor = page.cursor
        isDone = page.cursor == nil
        if let left = remaining { remaining = max(0, left - page.rows) }
        if page.rows > 0 {
            pageRows = min(max(1, ExportPages.pageBytes / max(1, page.body.count / page.rows)), ExportPages.mostRows)
        }
        return page
    }
}

/// The question that `freshet export` asks again and again.
struct ExportQuestion: Sendable {
    var table: String
    var filters: [(name: String, value: String)]
    var columns: [String]?
    var sort: String?
    var asOf: String?
    var includesDeleted: Bool
    var limit: Int?

    /// Whether every row of the table is wanted, so that their number is known beforehand.
    var isWhole: Bool { filters.isEmpty && asOf == nil && limit == nil && !includesDeleted }

    /// The path without limit and cursor, with `?`.
    func path(format: String, columns wanted: [String]? = nil) -> String {
        var parts = ["format=\(format)"]
        for (name, value) in filters {
            let values = name.hasSuffix("__in") ? value.split(separator: ",").map(String.init) : [value]
            parts.append(PercentEncoding.encode(name) + "=" + ExportQuestion.list(values))
        }
        if let columns = wanted ?? columns { parts.append("columns=" + ExportQuestion.list(columns)) }
        if let sort { parts.append("sort=" + ExportQuestion.list(sort.split(separator: ",").map(String.init))) }
        if let asOf { parts.append("as_of=" + PercentEncoding.encode(asOf)) }
        if includesDeleted { parts.append("deleted=1") }
        return "/v1/tables/\(PercentEncoding.encode(table))?" + parts.joined(separator: "&")
    }

    private static func list(_ items: [String]) -> String {
        items.map { PercentEncoding.encode($0) }.joined(separator: ",")
    }
}
