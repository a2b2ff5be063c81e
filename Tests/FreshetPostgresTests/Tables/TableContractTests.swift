import FreshetCore
import FreshetPostgres
import FreshetTesting
import Testing

@Suite(.enabled(if: PrivatePostgres.isInstalled)) struct TableContractTests {
    @Test(arguments: TableContract.all)
    func `the PostgreSQL store keeps the contract of tables`(check: TableContract.Check) async throws {
        let uri = try await PrivatePostgres.shared().database()
        try await check.run { try await PostgresStore.open(PostgresOptions(connection: Secret(uri))) }
    }

    @Test(arguments: TableContract.all)
    func `it does so through a pooler in transaction mode, too`(check: TableContract.Check) async throws {
        let server = try await PrivatePostgres.shared()
        let uri = try await server.pooled(server.database())
        try await check.run { try await PostgresStore.open(PostgresOptions(connection: Secret(uri))) }
    }
}
