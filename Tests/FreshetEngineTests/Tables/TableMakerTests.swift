import FreshetCore
import Testing

@testable import FreshetEngine

@Suite struct TableMakerTests {
    private static let id = DocumentID(dataset: DatasetID(source: "s", name: "list"), key: "_")

    private func maker(_ specs: [TableSpec]) throws -> TableMaker {
        var dataset = DatasetConfig(id: Self.id.dataset, template: try PathTemplate("/list"))
        dataset.tables = TablesConfig(specs: specs)
        return TableMaker(
            Configuration(
                dataDirectory: "/x", sources: [SourceConfig(name: "s", baseURL: "http://localhost")],
                datasets: [dataset]))
    }

    private func spec(_ rows: String, _ disposition: WriteDisposition = .replace) -> TableSpec {
        var spec = TableSpec(name: "items", rows: .path(rows))
        spec.primaryKey = ["id"]
        spec.disposition = disposition
        return spec
    }

    private func commit(_ body: String, _ specs: [TableSpec]) async throws -> TableCommit {
        let rows = try await maker(specs).rows(
            for: DocumentChange(
                id: Self.id, before: nil, beforeAt: nil, after: Array(body.utf8), at: Timestamp(seconds: 0)))
        return try #require(rows)
    }

    @Test func `an empty list empties a table, a document without the list says nothing of it`() async throws {
        for path in ["$.a.items[*]", "$.a.items.*"] {
            let full = try await commit(#"{"a":{"items":[{"id":1}]}}"#, [spec(path)])
            #expect(full.absent == [] && full.rows.tables.first?.count == 1)
            let empty = try await commit(#"{"a":{"items":[]}}"#, [spec(path)])
            #expect(empty.absent == [] && empty.rows.tables.map(\.count) == [0])
            for body in [#"{"message":"oops"}"#, #"{"a":null}"#, #"{"a":{"items":null}}"#, #"{"a":{}}"#] {
                let silent = try await commit(body, [spec(path, .merge)])
                #expect(silent.absent == ["items"] && silent.rows.tables.isEmpty, "\(path) of \(body)")
            }
        }
    }

    @Test func `rows that are the document, and tables that only grow, take what comes`() async throws {
        let whole = try await commit(#"{"id":1}"#, [spec("$")])
        #expect(whole.absent == [] && whole.rows.tables.map(\.count) == [1])
        var log = spec("$.items[*]", .append)
        log.primaryKey = []
        #expect(try await commit(#"{"x":1}"#, [log]).absent == [])
    }

    @Test func `a mark is the same for the same declaration and another for another`() async throws {
        let body = #"{"items":[]}"#
        let first = try await commit(body, [spec("$.items[*]")]).mark
        #expect(try await commit(body, [spec("$.items[*]")]).mark == first)
        #expect(try await commit(body, [spec("$.items[*]", .merge)]).mark != first)
    }
}
