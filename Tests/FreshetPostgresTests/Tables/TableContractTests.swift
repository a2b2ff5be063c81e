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
}
