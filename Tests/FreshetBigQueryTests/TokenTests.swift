import Foundation
import FreshetCore
import FreshetMock
import FreshetTesting
import Testing

@testable import FreshetBigQuery

@Suite(.timeLimit(.minutes(2)))
struct TokenTests {
    private static let account = Result { try BigQueryAccount() }

    /// Runs a test with a server that takes nothing without a token, and a key file for it.
    private func with(
        lifetime: Duration = .seconds(3_600), _ body: (Warehouse, String) async throws -> Void
    ) async throws {
        var settings = BigQueryHandler.Settings()
        settings.account = try Self.account.get()
        settings.requiresToken = true
        settings.tokenLifetime = lifetime
        // The test's clock stands in 2027, and so must the server's.
        settings.clock = MockClock(monotonic: { .zero }, unix: { .seconds(1_800_000_000) })
        try await Warehouse.with(settings) { warehouse in
            let file = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString).json")
            defer { try? FileManager.default.removeItem(at: file) }
            let text = try Self.account.get().credentials(project: "local", origin: warehouse.bound.baseURL)
            try Data(text.utf8).write(to: file)
            warehouse.store.setSchema(.test("log", .append, [("id", .integer)]))
            try await body(warehouse, file.path)
        }
    }

    private func send(_ warehouse: Warehouse, _ loader: BigQueryLoader, _ id: Int64) async {
        warehouse.store.commit("log", key: "a", rows: [["id": .integer(id)]])
        await loader.sendWaiting()
    }

    @Test func `a token is fetched once and used until five minutes before its end`() async throws {
        try await with { warehouse, path in
            let loader = try warehouse.loader { $0.credentials = path }
            await send(warehouse, loader, 1)
            await send(warehouse, loader, 2)
            #expect(warehouse.handler.issuedTokens == 1)
            warehouse.clock.advance(by: .seconds(3_299))
            await send(warehouse, loader, 3)
            #expect(warehouse.handler.issuedTokens == 1)
            warehouse.clock.advance(by: .seconds(1))
            // The wall clock moved with it; the server's stands, and takes dates of five minutes ahead at most.
            warehouse.clock.jumpWall(by: .seconds(-3_300))
            await send(warehouse, loader, 4)
            #expect(warehouse.handler.issuedTokens == 2)
            #expect(warehouse.rows("log", "id") == [["1"], ["2"], ["3"], ["4"]])
        }
    }

    @Test func `a token that is refused is replaced at once`() async throws {
        try await with { warehouse, path in
            let loader = try warehouse.loader { $0.credentials = path }
            await send(warehouse, loader, 1)
            warehouse.handler.revokeTokens()
            await send(warehouse, loader, 2)
            #expect(warehouse.handler.issuedTokens == 2)
            #expect(warehouse.store.waiting.isEmpty)
        }
    }

    @Test func `without credentials no authorization is sent`() async throws {
        try await with { warehouse, _ in
            let loader = try warehouse.loader()
            await send(warehouse, loader, 1)
            #expect(try await loader.status().error?.reason == "authError")
            #expect(warehouse.handler.issuedTokens == 0)
        }
    }

    @Test func `a refused assertion keeps the rows and never shows the key`() async throws {
        try await with { warehouse, path in
            let loader = try warehouse.loader { $0.credentials = path }
            warehouse.clock.jumpWall(by: .seconds(86_400))
            await send(warehouse, loader, 1)
            let error = try #require(try await loader.status().error)
            #expect(error.reason == "credentials" && error.message.contains("clock"))
            #expect(warehouse.store.waiting.count == 1)
            let key = try String(contentsOfFile: path, encoding: .utf8)
            let account = try ServiceAccount(path: path)
            var dumped = ""
            dump(account, to: &dumped)
            for shown in ["\(error)", "\(warehouse.notices.all)", "\(account)", String(reflecting: account), dumped] {
                #expect(!shown.contains("BEGIN"))
                #expect(!shown.contains(key.dropFirst(300).prefix(40)))
            }
        }
    }

    @Test(arguments: [
        ("not json", "not a JSON object"), ("{}", "\"type\""),
        ("{\"type\":\"service_account\"}", "client_email"),
        ("{\"type\":\"service_account\",\"client_email\":\"a@b\",\"private_key\":\"s3cret\"}", "private_key"),
        (
            "{\"type\":\"service_account\",\"client_email\":\"a@b\",\"private_key\":\"-----BEGIN PRIVATE KEY-----s3cret\","
                + "\"token_uri\":\"ftp://x\"}", "token_uri"
        ),
    ])
    func `a wrong key file says what is wrong with it, not what is in it`(text: String, word: String) throws {
        let error = try #require(throws: BigQueryError.self) { try ServiceAccount(json: Array(text.utf8)) }
        #expect(error.message.contains(word) && !error.message.contains("s3cret"))
    }

    @Test func `a key that cannot sign says so without showing it`() async throws {
        let text = """
            {"type":"service_account","client_email":"a@b","private_key":"-----BEGIN PRIVATE KEY-----\\ns3cret\\n"}
            """
        let account = try ServiceAccount(json: Array(text.utf8))
        let error = await #expect(throws: BigQueryError.self) {
            try await Assertion.sign(for: account, at: Timestamp(seconds: 0))
        }
        #expect(error?.message.contains("s3cret") == false)
    }

    @Test func `names that do not belong into addresses are refused at the start`() throws {
        var config = DestinationConfig(name: "warehouse", project: "a/b", dataset: "x` OR")
        config.location = "EU?"
        let error = try #require(throws: BigQueryError.self) {
            try BigQueryLoader(config: config, specs: [], store: MemoryTables(), clock: ManualClock())
        }
        for word in ["project", "dataset", "location"] { #expect(error.message.contains(word)) }
    }

    @Test func `values of rows are taken out of BigQuery's own words`() {
        let text = ErrorText.clean("Could not parse 'Jane's phone' as INT64 for field n (position 3)\nmore")
        #expect(!text.contains("Jane") && !text.contains("phone") && text.contains("INT64"))
        #expect(ErrorText.clean(String(repeating: "x", count: 5_000)).utf8.count < 500)
    }
}
