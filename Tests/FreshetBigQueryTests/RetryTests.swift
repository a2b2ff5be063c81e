import FreshetCore
import FreshetMock
import FreshetTesting
import Testing

@testable import FreshetBigQuery

@Suite(.timeLimit(.minutes(2)))
struct RetryTests {
    private static let log = TableSchema.test("log", .append, [("id", .integer)])

    private func row(_ id: Int64) -> MemoryTables.Row { ["id": .integer(id)] }

    private func ids(_ warehouse: Warehouse) -> [String] { warehouse.rows("log", "id").flatMap(\.self) }

    @Test func `rows loaded but not confirmed are not loaded again after a restart`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            warehouse.store.commit("log", key: "a", rows: [row(2)])
            warehouse.store.failConfirmations(1)
            try await warehouse.loader().sendWaiting()
            #expect(ids(warehouse) == ["1", "2"])
            #expect(warehouse.store.waiting.count == 2)
            // More has come meanwhile: the new process would put all in one job, but finds the old one.
            warehouse.store.commit("log", key: "a", rows: [row(3)])
            try await warehouse.loader().sendWaiting()
            #expect(ids(warehouse) == ["1", "2", "3"])
            #expect(warehouse.store.waiting.isEmpty)
            #expect(warehouse.jobs.count == 2)
        }
    }

    @Test func `an answer lost after the work was done does not load twice`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            try warehouse.mock.setFaults("truncate,path=/upload/bigquery/v2/projects/local/jobs,count=1")
            let loader = try warehouse.loader()
            let wait = await loader.sendWaiting()
            #expect(ids(warehouse) == ["1"])
            #expect(warehouse.store.waiting.count == 1)
            #expect(wait > .zero && wait <= .seconds(1))
            warehouse.clock.advance(by: wait)
            await loader.sendWaiting()
            #expect(ids(warehouse) == ["1"])
            #expect(warehouse.store.waiting.isEmpty)
        }
    }

    @Test func `a job of the same id that appears between question and upload is taken as one's own`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            warehouse.store.failConfirmations(1)
            try await warehouse.loader().sendWaiting()
            // The question for the job fails once with 404, so the rows are sent again and meet a 409.
            let id = try #require(warehouse.jobs.first)
            try warehouse.mock.setFaults("404,path=/bigquery/v2/projects/local/jobs/\(id),method=GET,count=1")
            try await warehouse.loader().sendWaiting()
            #expect(ids(warehouse) == ["1"])
            #expect(warehouse.store.waiting.isEmpty)
        }
    }

    @Test func `while BigQuery is away rows wait, and arrive in order when it is back`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            let loader = try warehouse.loader()
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            await warehouse.mock.goDown()
            var waits: [Duration] = []
            for id in 2...6 {
                let wait = await loader.sendWaiting()
                waits.append(wait)
                warehouse.store.commit("log", key: "a", rows: [row(Int64(id))])
                warehouse.clock.advance(by: wait)
            }
            // Half of each wait is drawn, and the bound doubles.
            for (at, wait) in waits.enumerated() {
                let bound = Duration.seconds(1 << at)
                #expect(wait >= bound / 2 && wait <= bound)
            }
            let status = try await loader.status()
            #expect(status.waiting == 6 && status.error?.reason == "unreachable" && status.rows == 0)
            #expect(status.oldest == Timestamp(seconds: 1_800_000_000))
            try await warehouse.mock.comeUp()
            await loader.sendWaiting()
            #expect(ids(warehouse) == (1...6).map { "\($0)" })
            let after = try await loader.status()
            #expect(after.waiting == 0 && after.error == nil && after.rows == 6 && after.loads == 1)
            #expect(warehouse.notices.all.contains(.back))
        }
    }

    @Test(arguments: ["503,count=1", "429:retry-after=30,count=1", "status=403,count=1", "reset,count=1"])
    func `a refusal at any call keeps the rows and is tried again`(fault: String) async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(.test("log", .merge, key: ["id"], [("id", .integer)]))
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            let loader = try warehouse.loader()
            var tries = 0
            // The fault strikes one call further each time, until a pass gets through unharmed.
            while !warehouse.store.waiting.isEmpty, tries < 40 {
                try warehouse.mock.setFaults("\(fault),skip=\(tries)")
                let wait = await loader.sendWaiting()
                if fault.hasPrefix("429"), !warehouse.store.waiting.isEmpty { #expect(wait >= .seconds(30)) }
                warehouse.clock.advance(by: max(wait, .seconds(300)))
                tries += 1
            }
            #expect(tries > 5)
            #expect(ids(warehouse) == ["1"])
            #expect(warehouse.handler.tables("local", "games").filter { !$0.contains("__freshet_") } == ["log"])
        }
    }

    @Test(arguments: ["503", "reset"])
    func `a resumable upload that breaks at any piece begins anew and loads once`(fault: String) async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(.test("log", .append, [("id", .integer), ("text", .text)]))
            let text = String(repeating: "z", count: 1_000)
            warehouse.store.commit("log", key: "a", rows: (0..<900).map { ["id": .integer($0), "text": .text(text)] })
            let loader = try warehouse.loader(pieceBytes: 256 << 10) { $0.batchRows = 200 }
            var tries = 0
            while !warehouse.store.waiting.isEmpty, tries < 20 {
                try warehouse.mock.setFaults(
                    "\(fault),path=/upload/bigquery/v2/projects/local/jobs,count=1,skip=\(tries)")
                warehouse.clock.advance(by: max(await loader.sendWaiting(), .seconds(300)))
                tries += 1
            }
            // One for the opening and each of four pieces.
            #expect(tries >= 5)
            #expect(ids(warehouse) == (0..<900).map { "\($0)" })
        }
    }

    @Test func `the lost answer to the last piece does not load twice`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(.test("log", .append, [("id", .integer), ("text", .text)]))
            let text = String(repeating: "z", count: 1_000)
            warehouse.store.commit("log", key: "a", rows: (0..<900).map { ["id": .integer($0), "text": .text(text)] })
            let loader = try warehouse.loader(pieceBytes: 256 << 10) { $0.batchRows = 200 }
            // Answers to earlier requests have no body that could be cut.
            try warehouse.mock.setFaults("truncate,path=/upload/bigquery/v2/projects/local/jobs")
            warehouse.clock.advance(by: await loader.sendWaiting())
            #expect(warehouse.store.waiting.count == 1 && ids(warehouse).count == 900)
            await loader.sendWaiting()
            #expect(warehouse.store.waiting.isEmpty && ids(warehouse).count == 900)
        }
    }

    @Test func `what a try staged in vain is removed`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(.test("log", .merge, key: ["id"], [("id", .integer)]))
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            try warehouse.mock.setFaults("503,path=/upload/bigquery/v2/projects/local/jobs,count=1")
            try await warehouse.loader().sendWaiting()
            #expect(warehouse.store.waiting.count == 1)
            #expect(warehouse.handler.tables("local", "games") == ["log"])
        }
    }

    @Test func `the loader waits for a job that takes a while`() async throws {
        var settings = BigQueryHandler.Settings()
        settings.polls = 3
        try await Warehouse.with(settings) { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            let loader = try warehouse.loader()
            async let wait = loader.sendWaiting()
            for _ in 0..<3 {
                await warehouse.clock.waitForSleepers(1)
                #expect(warehouse.store.waiting.count == 1)
                warehouse.clock.advanceToNextDeadline()
            }
            _ = await wait
            #expect(warehouse.store.waiting.isEmpty)
        }
    }

    @Test func `a job under way at a restart is waited for, not begun again`() async throws {
        var settings = BigQueryHandler.Settings()
        settings.polls = 2
        try await Warehouse.with(settings) { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            let first = try warehouse.loader()
            let running = Task { await first.run() }
            await warehouse.clock.waitForSleepers(1)
            running.cancel()
            await running.value
            #expect(warehouse.store.waiting.count == 1)
            let second = try warehouse.loader()
            async let wait = second.sendWaiting()
            await warehouse.clock.waitForSleepers(1)
            warehouse.clock.advanceToNextDeadline()
            _ = await wait
            #expect(ids(warehouse) == ["1"])
            #expect(warehouse.store.waiting.isEmpty)
            #expect(warehouse.jobs.count == 1)
        }
    }

    @Test func `a table whose job fails rests; the others go on, also from behind its entries`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.setSchema(.test("good", .append, [("id", .integer)]))
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            let loader = try warehouse.loader(window: 2)
            await loader.sendWaiting()
            // Somebody changes the column's type over there.
            warehouse.store.setSchema(.test("log", .append, [("id", .text)]))
            for id in 2...6 { warehouse.store.commit("log", key: "a", rows: [["id": .text("secret \(id)")]]) }
            warehouse.store.commit("good", key: "a", rows: [row(1)])
            await loader.sendWaiting()
            #expect(warehouse.rows("good", "id") == [["1"]])
            let status = try await loader.status()
            #expect(status.error == nil && status.stopped.map(\.table) == ["log"])
            #expect(status.stopped.first?.error.reason == "incompatibleColumn")
            #expect(!"\(warehouse.notices.all)".contains("secret"))
            // Mended here: the rows go after the rest.
            warehouse.store.setSchema(.test("log", .append, [("id", .integer), ("id_text", .text)]))
            warehouse.clock.advance(by: .seconds(60))
            await loader.sendWaiting()
            #expect(warehouse.store.waiting.isEmpty)
            #expect(try await loader.status().stopped.isEmpty)
        }
    }

    @Test func `a failed job uses its id up, and the next try takes another`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            // A required column that the rows do not have.
            warehouse.store.commit("log", key: "a", rows: [["id": .integer(1), "_version": .null]])
            let loader = try warehouse.loader()
            await loader.sendWaiting()
            let stopped = try await loader.status().stopped
            #expect(stopped.first?.error.reason == "invalid")
            warehouse.clock.advance(by: .seconds(3_600))
            await loader.sendWaiting()
            #expect(warehouse.jobs.count == 2)
            #expect(warehouse.jobs.last == warehouse.jobs.first.map { "\($0)_1" })
            // After a restart too.
            try await warehouse.loader().sendWaiting()
            #expect(warehouse.jobs.last == warehouse.jobs.first.map { "\($0)_2" })
        }
    }

    @Test func `a missing dataset keeps everything waiting and says so`() async throws {
        var settings = BigQueryHandler.Settings()
        settings.datasets = []
        try await Warehouse.with(settings) { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            let loader = try warehouse.loader()
            await loader.sendWaiting()
            let error = try await loader.status().error
            #expect(error?.reason == "notFound" && error?.message.contains("no dataset local.games") == true)
        }
    }

    @Test func `entries of a table that was dropped are let go`() async throws {
        try await Warehouse.with { warehouse in
            warehouse.store.setSchema(Self.log)
            warehouse.store.commit("log", key: "a", rows: [row(1)])
            warehouse.store.dropTable("log")
            try await warehouse.loader().sendWaiting()
            #expect(warehouse.store.waiting.isEmpty)
            #expect(warehouse.handler.jobs().isEmpty)
        }
    }
}
