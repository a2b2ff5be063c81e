import Dispatch
import FreshetCore
import FreshetMock
import Testing

@testable import FreshetBigQuery

@Suite(.enabled(if: GoogleClient.python != nil, "google-cloud-bigquery is not installed"))
struct GoogleClientTests {
    private func python(_ arguments: String...) async throws -> (status: Int32, output: String) {
        // A process is waited for on a thread of its own: the tests' threads serve the mock's callers.
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try GoogleClient.run(arguments) })
            }
        }
    }

    @Test func `Google's own client works with the mock`() async throws {
        try await Warehouse.with { warehouse in
            let (status, output) = try await python("check", warehouse.bound.baseURL)
            #expect(status == 0, "\(output)")
            #expect(output.split(separator: "\n").filter { $0.hasPrefix("ok ") }.count == 9, "\(output)")
        }
    }

    @Test func `Google's own client waits for jobs that take a while`() async throws {
        var settings = BigQueryHandler.Settings()
        settings.polls = 1
        try await Warehouse.with(settings) { warehouse in
            let (status, output) = try await python("check", warehouse.bound.baseURL)
            #expect(status == 0, "\(output)")
        }
    }

    @Test func `Google's own client reads back what Freshet loaded, with its types`() async throws {
        try await Warehouse.with { warehouse in
            let columns: [(String, ColumnType)] = [
                ("i", .integer), ("d", .decimal), ("f", .float), ("b", .boolean), ("t", .text), ("m", .timestamp),
                ("day", .date), ("j", .json),
            ]
            warehouse.store.setSchema(.test("log", .append, columns))
            warehouse.store.commit(
                "log", key: "a",
                rows: [
                    [
                        "i": .integer(.max), "d": .decimal("-0.1"), "f": .float(0.1), "b": .boolean(false),
                        "t": .text("ü"), "m": .timestamp(seconds: 1_685_284_960, nanoseconds: 250_000_000),
                        "day": .date(days: 19_782), "j": .json("{\"a\": 1}"),
                    ]
                ])
            try await warehouse.loader().sendWaiting()
            let (status, output) = try await python("rows", warehouse.bound.baseURL, "local.games.log")
            #expect(status == 0)
            let wanted = """
                [{"_deleted_at": ["NoneType", "None"], "_fetch_id": ["int", "1"], \
                "_fetched_at": ["datetime", "2027-01-15 08:00:00+00:00"], "_key": ["str", "a"], \
                "_shape": ["NoneType", "None"], "_version": ["int", "1"], "b": ["bool", "False"], \
                "d": ["Decimal", "-0.1"], "day": ["date", "2024-02-29"], "f": ["float", "0.1"], \
                "i": ["int", "9223372036854775807"], "j": ["dict", {"a": 1}], \
                "m": ["datetime", "2023-05-28 14:42:40.250000+00:00"], "t": ["str", "ü"]}]

                """
            #expect(output == wanted)
        }
    }
}
