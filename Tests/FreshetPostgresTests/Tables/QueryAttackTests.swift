import FreshetCore
import FreshetPostgres
import FreshetTesting
import Testing

/// What gets past the words of a statement meets what PostgreSQL says of it.
@Suite(.enabled(if: PrivatePostgres.isInstalled), .timeLimit(.minutes(5))) struct QueryAttackTests {
    private func refusal(_ sql: String, _ store: PostgresStore, time: Duration = .seconds(10)) async -> String? {
        do {
            _ = try await store.query(sql, limits: QueryLimits(time: time))
            return nil
        } catch {
            if case .refused(let why) = error { return why }
            return "not refused but \(error)"
        }
    }

    @Test func `only tables and views of documents can be read`() async throws {
        let server = try await PrivatePostgres.shared()
        let uri = try await server.database()
        let store = try await PostgresStore.open(PostgresOptions(connection: Secret(uri)))
        _ = try await server.sql("CREATE SCHEMA other; CREATE TABLE other.secrets AS SELECT 1 AS a", in: uri)
        _ = try await server.sql("CREATE TABLE foreign_one AS SELECT 1 AS a", in: uri)
        _ = try await server.sql("CREATE VIEW innocent AS SELECT * FROM freshet_tokens", in: uri)
        _ = try await server.sql(
            "CREATE FUNCTION abs(text) RETURNS text SECURITY DEFINER LANGUAGE sql AS 'SELECT name FROM freshet_tokens'",
            in: uri)
        for sql in [
            "SELECT * FROM other.secrets", "SELECT * FROM foreign_one", "SELECT * FROM innocent",
            "SELECT count(*) FROM foreign_one AS pgless", "WITH x AS (SELECT * FROM other.secrets) SELECT 1 FROM x",
            "SELECT 1 WHERE EXISTS (SELECT FROM foreign_one)", "SELECT * FROM foreign_one FOR UPDATE",
            "WITH x AS (INSERT INTO foreign_one VALUES (2) RETURNING a) SELECT * FROM x",
            "SELECT 1 INTO TEMP x",
        ] {
            #expect(await refusal(sql, store)?.hasPrefix("not refused") == false, "\(sql)")
        }
        #expect(try await server.sql("SELECT count(*) FROM foreign_one", in: uri) == "1")
        await store.close()
    }

    @Test func `a query ends in time, by rows and by size`() async throws {
        let store = try await PostgresStore.open(
            PostgresOptions(connection: Secret(try await PrivatePostgres.shared().database())))
        let endless = "SELECT count(*) FROM generate_series(1, 100000000000) a"
        #expect(await refusal(endless, store, time: .milliseconds(50))?.contains("longer than") == true)
        let cut = try await store.query("SELECT generate_series(1, 1000000)", limits: QueryLimits(rows: 1_200))
        #expect(cut.rows.count == 1_200)
        #expect(cut.isTruncated)
        let large = """
            WITH RECURSIVE t(x, n) AS (SELECT 'xxxxxxxx'::text, 0 UNION ALL SELECT x || x, n + 1 FROM t WHERE n < 10)
            SELECT replace(x, 'x', x) FROM t WHERE n = 10
            """
        #expect(await refusal(large, store) == "the query is refused: a value is larger than 64 MB")
        // Nothing of it stays on the connection.
        let later = try await store.query("SELECT 1 AS one", limits: QueryLimits())
        #expect(later.rows == [[.integer(1)]])
        await store.close()
    }

    @Test func `values come with their types`() async throws {
        let store = try await PostgresStore.open(
            PostgresOptions(connection: Secret(try await PrivatePostgres.shared().database())))
        let sql = """
            SELECT 1::smallint, 2.50, 1.5::float8, true, 'x', date '2023-05-28', NULL,
                timestamptz '2023-05-28 14:42:40.25+02', '{"a": 1}'::jsonb, 'NaN'::numeric, interval '1 day', sum(3)
            """
        let result = try await store.query(sql, limits: QueryLimits())
        #expect(
            result.rows == [
                [
                    .integer(1), .decimal("2.5"), .float(1.5), .boolean(true), .text("x"), .date(days: 19_505), .null,
                    .timestamp(seconds: 1_685_277_760, nanoseconds: 250_000_000), .json("{\"a\": 1}"), .text("NaN"),
                    .text("1 day"), .integer(3),
                ]
            ])
        await store.close()
    }
}
