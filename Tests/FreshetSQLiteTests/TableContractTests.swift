import FreshetSQLite
import FreshetTesting
import Testing

@Suite struct TableContractTests {
    @Test(arguments: TableContract.all)
    func `the SQLite store keeps the contract of tables`(check: TableContract.Check) async throws {
        let scratch = try Scratch()
        try await check.run { try await scratch.open() }
        let store = try await scratch.open()
        let report = try await store.verify()
        #expect(report.problems == [])
        await store.close()
    }
}
