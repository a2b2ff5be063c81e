import FreshetCore
import FreshetPostgres
import FreshetTesting
import Testing

@Suite(
    .enabled(if: PrivatePostgres.isInstalled, "PostgreSQL is not installed; scripts/bootstrap --test installs it"),
    .timeLimit(.minutes(5)))
struct PostgresTLSTests {
    @Test func `the server is believed only with a certificate of the authority that was named`() async throws {
        var options = PrivatePostgres.Options()
        options.tls = true
        let (server, stranger) = (
            try await PrivatePostgres.start(options), try await PrivatePostgres.start(options)
        )
        defer {
            server.end()
            stranger.end()
        }
        let uri = try await server.database().replacing("127.0.0.1", with: "localhost")
        let verified = "\(uri)?sslmode=verify-full&sslrootcert="
        let store = try await TestDatabase.open(verified + server.authority)
        try await store.setValue([1], for: "a")
        let encrypted = try await server.sql(
            "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'freshet'",
            in: server.uri("postgres"))
        #expect(encrypted == "t")
        await store.close()
        await #expect(throws: StoreError.self, "another authority") {
            try await TestDatabase.open(verified + stranger.authority)
        }
        let otherName = verified.replacing("localhost", with: "127.0.0.1")
        await #expect(throws: StoreError.self, "another name") {
            try await TestDatabase.open(otherName + server.authority)
        }
    }

    @Test func `no error tells the password`() async throws {
        let port = try await PrivatePostgres.shared().port
        for string in [
            "postgresql://freshet:s3cret@127.0.0.1:1/none", "postgresql://freshet:s3cret@127.0.0.1:\(port)/none",
            "host=127.0.0.1 password=s3cret port=\(port) dbname='", "postgresql://freshet:s3cret@127.0.0.1:x/none",
            "password=s3cret nonsense", "postgresql://x:s3cret@[::1/none",
        ] {
            do {
                _ = try await PostgresStore.open(PostgresOptions(connection: Secret(string)))
                Issue.record("there is no such database")
            } catch {
                #expect(!"\(error)".contains("s3cret"))
            }
        }
    }
}
