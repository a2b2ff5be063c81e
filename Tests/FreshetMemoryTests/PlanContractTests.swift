import FreshetMemory
import FreshetTesting
import Testing

@Suite struct PlanContractTests {
    @Test(arguments: PlanContract.all)
    func `the memory store keeps the contract of plans`(check: PlanContract.Check) async throws {
        try await check.run { MemoryStore() }
    }
}
