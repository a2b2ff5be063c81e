import FreshetCore
import FreshetRedis
import FreshetTesting
import Testing

@Suite(.enabled(if: PrivateRedis.isInstalled, "redis-server is not installed")) struct RedisContractTests {
    @Test(arguments: CoordinatorContract.all)
    func `Redis keeps the contract of a coordinator`(check: CoordinatorContract.Check) async throws {
        try await check.run {
            let name = namespace()
            let (one, other) = (try await coordinator(name), try await coordinator(name))
            return CoordinatorContract.Members(
                one: one, other: other,
                lose: { try await PrivateRedis.shared().forget(namespace: name) },
                pass: { try await PrivateRedis.shared().pass($0) })
        }
    }

    @Test(arguments: LimitsContract.all)
    func `Redis keeps the contract of shared limits`(check: LimitsContract.Check) async throws {
        let name = namespace()
        let (one, other) = (try await coordinator(name), try await coordinator(name))
        try await check.run(LimitsContract.Members(one: one.limits, other: other.limits))
        await one.close()
        await other.close()
    }
}
