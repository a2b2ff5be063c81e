import FreshetTesting
import Testing

@Suite struct PlanContractTests {
    @Test(arguments: PlanContract.all)
    func `the SQLite store keeps the contract of plans`(check: PlanContract.Check) async throws {
        let scratch = try Scratch()
        try await check.run { try await scratch.open() }
    }
}
