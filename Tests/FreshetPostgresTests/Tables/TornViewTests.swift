import FreshetCore
import FreshetDocument
import FreshetPostgres
import FreshetSQLite
import FreshetTesting
import Testing
import TornApp

/// The reports of the Torn app say the same in PostgreSQL's words as in SQLite's.
@Suite(.enabled(if: PrivatePostgres.isInstalled), .timeLimit(.minutes(5))) struct TornViewTests {
    private static let origin: Int64 = 1_757_808_000
    private static let factions = [17_991, 40_832]

    @Test func `every report gives the same rows on both stores`() async throws {
        let key = TornOptions.Key(name: "main", id: "k", secret: Secret("AAAABBBBCCCCDDDD"), user: "1", faction: 40_832)
        let app = TornApp(TornOptions(factions: Self.factions, keys: [key]))
        let pair = try await StorePair.open()
        do {
            for store in [pair.lite, pair.postgres] as [any Store & TableStore] {
                let stops = try await store.prepare(
                    app.datasets, views: app.views, now: Timestamp(seconds: Self.origin))
                #expect(stops == [])
                try await load(app, store)
                // The views stand on their tables from here on: looking again changes nothing.
                #expect(try await store.prepare(app.datasets, views: app.views, now: Timestamp(seconds: 0)) == [])
            }
            let now = "'2025-12-01T12:00:00Z'"
            for report in TornReport.all(passRate: 70) {
                let view = "SELECT * FROM \(report.name)"
                try await compare(report, view, view, pair)
                try await compare(report, report.sqlite(now: now), report.postgres(now: now), pair)
            }
        } catch {
            await pair.close()
            throw error
        }
        await pair.close()
    }

    private func compare(_ report: TornReport, _ lite: String, _ postgres: String, _ pair: StorePair) async throws {
        let a = try await pair.lite.query(lite, limits: QueryLimits())
        let b = try await pair.postgres.query(postgres, limits: QueryLimits())
        #expect(a.columns.map(\.name) == b.columns.map(\.name))
        #expect(!a.rows.isEmpty, "\(report.name)")
        func texts(_ result: QueryResult) -> [String] {
            result.rows.map { row in row.map(Self.text).joined(separator: "|") }.sorted()
        }
        #expect(texts(a) == texts(b), "\(report.name)")
    }

    /// A value for comparison; quotients to twelve digits.
    private static func text(_ value: TableValue) -> String {
        switch value {
        case .float(let number): "\((number * 1e12).rounded() / 1e12)"
        case .integer(let number): "\(Double(number))"
        default: "\(value)"
        }
    }

    // MARK: The documents

    private func load(_ app: TornApp, _ store: any Store & TableStore) async throws {
        var random = SeededGenerator(seed: 11)
        for faction in Self.factions {
            let crimes = (0..<60).map { Self.crime($0, &random) }.joined(separator: ",")
            try await commit("crimes", "\(faction)", "{\"crimes\":[\(crimes)]}", app, store)
            let members = (1...12).map { Self.member($0, &random) }.joined(separator: ",")
            try await commit("members", "\(faction)", "{\"members\":[\(members)]}", app, store)
        }
        let items = (1...5).map { id in
            "{\"id\":\(id),\"name\":\"Item \(id)\",\"type\":\"Tool\",\"value\":{\"market_price\":\(id == 3 ? "null" : "\(id * 700)")}}"
        }
        try await commit("items", "Tool", "{\"items\":[\(items.joined(separator: ","))]}", app, store)
    }

    private func commit(
        _ name: String, _ key: String, _ text: String, _ app: TornApp, _ store: any Store & TableStore
    ) async throws {
        let dataset = try #require(app.datasets.first { $0.id.name == name })
        let tables = try #require(dataset.tables)
        let now = Timestamp(seconds: Self.origin + 5)
        let tape = try JSONTape(Array(text.utf8))
        let parameters = Dictionary(dataset.template.parameters.map { ($0, key) }) { first, _ in first }
        let rows = try DocumentNormaliser(tables).rows(of: tape, key: key, parameters: parameters, fetchedAt: now)
        let hash = [UInt8](repeating: 7, count: 16)
        let result = try await store.commit(
            RefreshCommit(
                id: DocumentID(dataset: dataset.id, key: key),
                outcome: .content(
                    FetchedContent(body: tape.bytes, contentHash: hash, bodyHash: hash, freshFor: .seconds(60))),
                at: now, tables: TableCommit(rows: rows, specs: tables.specs, mark: 1, fetchedAt: now)))
        #expect(result.tables?.stop == nil)
        #expect(result.tables?.tables.allSatisfy { $0.rejected == 0 } == true, "\(name)")
    }

    private static func crime(_ id: Int, _ random: inout SeededGenerator) -> String {
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        func maybe(_ text: String) -> String { below(4) == 0 ? "null" : text }
        let status = ["Successful", "Failure", "Recruiting", "Planning", "Expired"][below(5)]
        let planned = origin + Int64(below(80) * 86_400)
        let slots = (0..<(1 + below(3))).map { place in
            let user = maybe(
                "{\"id\":\(1 + below(12)),\"outcome\":\"Successful\",\"joined_at\":\(planned),\"progress\":64.95}")
            let item = maybe(
                "{\"id\":\(1 + below(6)),\"is_reusable\":\(below(2) == 0),\"is_available\":\(below(2) == 0)}")
            return
                "{\"position\":\"P\(place % 2)\",\"item_requirement\":\(item),\"user\":\(user),\"checkpoint_pass_rate\":\(40 + below(60))}"
        }
        let rewards = (0..<below(3)).map { _ in "{\"id\":\(1 + below(5)),\"quantity\":\(1 + below(3))}" }
        let payout = maybe(
            "{\"type\":\"wallet\",\"percentage\":\(50 + below(50)),\"paid_by\":1,\"paid_at\":\(planned)}")
        return """
            {"id":\(id),"previous_crime_id":null,"name":"Crime \(below(4))","difficulty":\(1 + below(10)),"status":"\(status)",
            "created_at":\(planned),"planning_at":\(maybe("\(planned + 60)")),"ready_at":null,"expired_at":\(planned + 999),
            "executed_at":\(maybe("\(planned + Int64(below(200_000)))")),"slots":[\(slots.joined(separator: ","))],
            "rewards":{"money":\(maybe("\(below(9_000_000))")),"items":[\(rewards.joined(separator: ","))],
            "respect":\(below(50)),"scope":1,"payout":\(payout)}}
            """
    }

    private static func member(_ id: Int, _ random: inout SeededGenerator) -> String {
        """
        {"id":\(id),"name":"Member \(id)","position":"Thief","level":\(id * 5),"days_in_faction":\(id),"is_revivable":true,
        "is_on_wall":false,"is_in_oc":\(Bool.random(using: &random)),"has_early_discharge":false,
        "last_action":{"status":"Offline","timestamp":\(origin),"relative":"1 day"},
        "status":{"description":"Okay","details":null,"state":"Okay","until":null},"revive_setting":"No one"}
        """
    }
}
