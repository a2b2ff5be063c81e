import FreshetMemory
import FreshetTesting
import Testing

@Suite struct MemoryStoreTests {
    @Test(arguments: StoreContract.all)
    func `the memory store keeps the contract`(check: StoreContract.Check) async throws {
        try await check.run { MemoryStore() }
    }

    @Test func `every promise has its own name and there are many`() {
        let names = StoreContract.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.count >= 40)
    }

    @Test func `two stores have logs of different names`() async throws {
        let (first, second) = (MemoryStore(), MemoryStore())
        #expect(try await first.eventEpoch() != second.eventEpoch())
    }
}
