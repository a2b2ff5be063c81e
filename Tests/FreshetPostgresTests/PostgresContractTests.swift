import FreshetCore
import FreshetPostgres
import FreshetTesting
import Testing

/// Runs every suite of promises over PostgreSQL, with and without a pooler between.
@Suite(
    .enabled(if: PrivatePostgres.isInstalled, "PostgreSQL is not installed; scripts/bootstrap --test installs it"),
    .serialized, .timeLimit(.minutes(10)))
struct PostgresContractTests {
    @Test(arguments: StoreContract.all)
    func `the store keeps the contract`(check: StoreContract.Check) async throws {
        try await check.run { try await TestDatabase.store() }
    }

    @Test(arguments: StoreContract.all)
    func `the store keeps the contract through a pooler in transaction mode`(check: StoreContract.Check) async throws {
        try await check.run {
            let store = try await TestDatabase.store(pooled: true)
            #expect(store.report.isPooled)
            return store
        }
    }

    @Test(arguments: ClusterContract.all)
    func `two processes keep the contract of a cluster`(check: ClusterContract.Check) async throws {
        try await check.run {
            let uri = try await TestDatabase.uri()
            return (try await TestDatabase.open(uri), try await TestDatabase.open(uri))
        }
    }

    @Test(arguments: ClusterContract.all)
    func `one process directly and one through a pooler keep it, too`(check: ClusterContract.Check) async throws {
        try await check.run {
            let uri = try await TestDatabase.uri()
            let pooled = try await PrivatePostgres.shared().pooled(uri)
            return (try await TestDatabase.open(uri), try await TestDatabase.open(pooled))
        }
    }

    @Test(arguments: PlanContract.all)
    func `the store keeps the contract of plans`(check: PlanContract.Check) async throws {
        try await check.run { try await TestDatabase.store() }
    }
}

/// Fresh databases of the server that the tests share.
enum TestDatabase {
    static func uri() async throws -> String { try await PrivatePostgres.shared().database() }

    static func store(pooled: Bool = false) async throws -> PostgresStore {
        let uri = try await uri()
        return try await open(pooled ? PrivatePostgres.shared().pooled(uri) : uri)
    }

    static func open(_ uri: String, _ change: (inout PostgresOptions) -> Void = { _ in }) async throws -> PostgresStore
    {
        var options = PostgresOptions(connection: Secret(uri))
        (options.writers, options.readers) = (3, 3)
        // Many tests at once on few cores: none of them is about how fast a connection is made.
        options.connectTimeout = .seconds(30)
        change(&options)
        return try await PostgresStore.open(options)
    }
}
