import FreshetTesting
import Testing

@Suite(.enabled(if: PrivatePostgres.isInstalled, "PostgreSQL is not installed; scripts/bootstrap --test installs it"))
struct PrivatePostgresTests {
    @Test func `a database is empty, and goes through a pooler, too`() async throws {
        let server = try await PrivatePostgres.shared()
        let uri = try await server.database()
        _ = try await server.sql("CREATE TABLE a (b int); INSERT INTO a VALUES (1), (2)", in: uri)
        #expect(try await server.sql("SELECT b FROM a ORDER BY b", in: server.pooled(uri)) == "1\n2")
        #expect(try await server.database() != uri)
    }

    @Test func `a server that crashed comes back with what was committed`() async throws {
        let server = try await PrivatePostgres.start()
        defer { server.end() }
        let uri = try await server.database()
        _ = try await server.sql("CREATE TABLE a (b int); INSERT INTO a VALUES (7)", in: uri)
        try await server.crash()
        await #expect(throws: PrivatePostgres.Failure.self) { try await server.sql("SELECT 1", in: uri) }
        try await server.resumeService()
        #expect(try await server.sql("SELECT b FROM a", in: uri) == "7")
    }
}
