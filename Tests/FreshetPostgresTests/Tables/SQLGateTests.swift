import FreshetCore
import Testing

@testable import FreshetPostgres

@Suite struct SQLGateTests {
    @Test(arguments: [
        "SELECT 1", "select a, \"B\" from crimes where x = 'it''s; fine' -- end", "(SELECT 1) UNION (SELECT 2)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", "VALUES (1), (2)",
        "TABLE crimes", "SELECT x::numeric(10, 2), CAST(y AS varchar(9)) FROM t AS s(x, y)",
        "SELECT count(*) FILTER (WHERE ok) OVER (PARTITION BY a ORDER BY b) FROM t", "SELECT $$a;b$$, $x$ $$ $x$",
        "SELECT E'\\'; pg_sleep(1)' /* ; /* nested */ ; */ AS a", "SELECT * FROM generate_series(1, 3) g(i)",
        "SELECT version, has_war, xml, current FROM members WHERE name IN ('a') AND id = ANY (ARRAY[1, 2])",
        "SELECT EXTRACT(epoch FROM at), coalesce(a, b), a.b FROM t JOIN s USING (id)", "SELECT 1.5e-3, .5, 1e9;;  ",
        "SELECT * FROM json_to_recordset('[]') AS t(a int, b text)",
    ])
    func `a plain question passes`(sql: String) throws {
        _ = try SQLGate.admit(sql)
    }

    @Test(arguments: [
        "", " -- nothing", "DELETE FROM t", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t", "COPY t TO PROGRAM 'x'",
        "DO $$ BEGIN END $$", "SET ROLE postgres", "EXPLAIN ANALYZE SELECT 1", "BEGIN", "COMMIT", "SHOW all",
        "SELECT pg_read_file('/etc/passwd')", "SELECT \"pg_read_file\"('/etc/passwd')",
        "SELECT pg_catalog.pg_read_file('x')", "SELECT PG_READ_FILE /* x */ ('x')", "SELECT lo_import('/etc/passwd')",
        "SELECT * FROM dblink('host=x', 'select 1') AS t(a int)", "SELECT set_config('role', 'none', true)",
        "SELECT query_to_xml('select * from freshet_tokens', true, true, '')", "SELECT current_setting('x')",
        "SELECT * FROM ts_stat('select 1')", "SELECT nextval('s')", "SELECT pg_sleep(100)",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_terminate_backend(1)", "SELECT * FROM pg_stat_activity", "SELECT * FROM information_schema.tables",
        "SELECT * FROM freshet_tokens", "SELECT * FROM \"freshet_tokens\"", "SELECT * FROM FRESHET_TOKENS",
        "SELECT * FROM U&\"\\0066reshet_tokens\"", "SELECT 1 FROM t) AS q; DROP TABLE x; --", "SELECT (1",
        "SELECT 'open", "SELECT \"open", "SELECT /* open", "SELECT $a$ open", "SELECT $1", "SELECT 1 WHERE '\0' = ''",
        "SELECT repeat('x', 1000000000)", "SELECT a pg_read_file(b) FROM t", "SELECT x AT TIME ZONE lo_get(a)",
        "SELECT has_table_privilege('a', 'b')", "SELECT table_to_xml('t', true, true, '')", "SELECT mine(1)",
        "WITH x AS (SELECT 1) DELETE FROM t WHERE pg_sleep(1) IS NULL", "SELECT public.f(1)",
    ])
    func `everything else is refused`(sql: String) {
        #expect(throws: StoreError.self) { try SQLGate.admit(sql) }
    }

    @Test func `what follows the statement is cut off, and nothing else`() throws {
        #expect(try SQLGate.admit("SELECT 'a;b' ; -- c") == "SELECT 'a;b' ")
        #expect(try SQLGate.admit("SELECT 1 -- c") == "SELECT 1 -- c")
    }
}
