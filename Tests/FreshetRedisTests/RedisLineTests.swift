import FreshetCore
import FreshetRedis
import FreshetTesting
import Testing

@Suite(.enabled(if: PrivateRedis.isInstalled, "redis-server is not installed")) struct RedisLineTests {
    @Test(arguments: StoreContract.jobs)
    func `the line keeps the contract of a queue`(check: StoreContract.JobCheck) async throws {
        let coordinator = try await coordinator()
        try await coordinator.line.begin(epoch: "one")
        try await check.run(coordinator.line)
        await coordinator.close()
    }
}
