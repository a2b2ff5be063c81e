import FreshetCore
import FreshetDocument
import FreshetPostgres
import FreshetSQLite
import FreshetTesting
import Testing

/// The same documents through both stores give the same tables, rows, pages and counts.
@Suite(.enabled(if: PrivatePostgres.isInstalled), .timeLimit(.minutes(5))) struct DifferentialTests {
    @Test(arguments: 0..<24) func `random documents give the same rows on both stores`(seed: Int) async throws {
        var maker = DocumentMaker(seed: UInt64(seed))
        let specs = maker.specs()
        let normaliser = try DocumentNormaliser(TablesConfig(specs: specs))
        let pair = try await StorePair.open()
        do {
            for round in 0..<12 {
                let key = "k\(maker.below(3))"
                let body = Array(maker.document(round).utf8)
                let (a, b) = try await pair.commit(key, body, normaliser, specs, at: Int64(round))
                #expect(a == b, "what became of round \(round)")
            }
            try await pair.compare("seed \(seed)")
            try await questions(pair, &maker)
        } catch {
            await pair.close()
            throw error
        }
        await pair.close()
    }

    /// Filters with values that stand in the rows and values between them.
    private func questions(_ pair: StorePair, _ maker: inout DocumentMaker) async throws {
        for table in try await pair.lite.tables() {
            for column in table.schema.columns.prefix(10) {
                for relation in TableQuery.Relation.allCases {
                    var question = TableQuery(table: table.schema.name)
                    question.filters = [
                        .init(column: column.name, relation: relation, values: [maker.filter(column.type, relation)])
                    ]
                    let (a, b) = (await answer(pair.lite, question), await answer(pair.postgres, question))
                    #expect(a.error == b.error, "\(column.name) \(relation)")
                    #expect(
                        a.rows.count == b.rows.count && zip(a.rows, b.rows).allSatisfy(StorePair.same),
                        "\(table.schema.name) \(question.filters)")
                }
            }
        }
    }

    private func answer(
        _ store: any TableStore, _ question: TableQuery
    ) async -> (rows: [[TableValue]], error: StoreError?) {
        do {
            return (try await store.rows(question).rows, nil)
        } catch {
            return ([], error)
        }
    }

    @Test(.enabled(if: !Recordings.bodies().isEmpty))
    func `recorded documents give the same rows on both stores`() async throws {
        let bodies = Recordings.bodies().filter { $0.bytes.count < 1 << 20 }
        for chunk in stride(from: 0, to: bodies.count, by: 40) {
            let pair = try await StorePair.open()
            do {
                for (index, recording) in bodies[chunk..<min(chunk + 40, bodies.count)].enumerated() {
                    guard (try? JSONTape(recording.bytes, limits: JSONLimits(maxDepth: 2_000))) != nil else { continue }
                    let spec = TableSpec(name: "r\(index)", rows: .auto)
                    let normaliser = try DocumentNormaliser(TablesConfig(specs: [spec]))
                    let (a, b) = try await pair.commit("k", recording.bytes, normaliser, [spec], at: 0)
                    // Beyond PostgreSQL's limits (54000: columns, row size) tables stop with a message; the document stays.
                    if b?.stop?.message.contains("54000") != true {
                        #expect(a == b, "\(recording.name)")
                        try await pair.compare(recording.name, sorts: false)
                    }
                    try await pair.postgres.dropTables(of: datasetOfRows, now: Timestamp(seconds: 0))
                    try await pair.lite.dropTables(of: datasetOfRows, now: Timestamp(seconds: 0))
                }
            } catch {
                await pair.close()
                throw error
            }
            await pair.close()
        }
    }
}
