import FreshetCore
import FreshetRedis
import FreshetTesting
import Testing

/// Ways to a server: users, passwords, encryption, addresses.
@Suite(.enabled(if: PrivateRedis.isInstalled, "redis-server is not installed")) struct RedisAccessTests {
    /// Why a coordinator cannot be reached; `nil` when it can.
    private static func trouble(_ options: RedisOptions) async throws -> String? {
        let coordinator = try RedisCoordinator(options)
        var found: String?
        do throws(StoreError) {
            _ = try await coordinator.ping()
        } catch {
            found = "\(error)"
        }
        await coordinator.close()
        return found
    }

    private static func options(_ url: String) throws -> RedisOptions {
        var options = try RedisOptions(url: Secret(url))
        options.connectTimeout = .seconds(10)
        return options
    }

    @Test func `a password opens, and no message ever shows it`() async throws {
        var settings = PrivateRedis.Options()
        settings.password = "s3cretword"
        settings.settings = ["user worker on >a@b:c/d ~freshet:* &freshet:* +@all -@dangerous +info"]
        let server = try await PrivateRedis.start(settings)
        defer { server.end() }
        let place = "127.0.0.1:\(server.port)"
        #expect(try await Self.trouble(Self.options("redis://:s3cretword@\(place)")) == nil)
        #expect(try await Self.trouble(Self.options("redis://default:s3cretword@\(place)/3")) == nil)
        for url in ["redis://:wr0ngword@\(place)", "redis://nobody:wr0ngword@\(place)"] {
            let refused = try #require(try await Self.trouble(Self.options(url)))
            #expect(refused.contains("user or the password"))
            #expect(!refused.contains("wr0ngword") && !refused.contains("s3cretword"))
        }
        #expect(try #require(try await Self.trouble(Self.options("redis://\(place)"))).contains("password"))

        let coordinator = try RedisCoordinator(Self.options("redis://worker:a%40b%3Ac%2Fd@\(place)"))
        try await coordinator.line.begin(epoch: "one")
        #expect(try await coordinator.line.epoch() == "one")
        #expect(try await coordinator.limits.used([]) == [])
        #expect(try await coordinator.health().appendsToFile)
        await coordinator.close()
    }

    @Test func `rediss goes by the authorities that are given, and by no others`() async throws {
        var settings = PrivateRedis.Options()
        settings.tls = true
        let server = try await PrivateRedis.start(settings)
        defer { server.end() }
        var options = try Self.options("rediss://localhost:\(server.port)")
        #expect(try #require(try await Self.trouble(options)).contains("Redis at localhost"))
        options.authorities = server.authority
        #expect(try await Self.trouble(options) == nil)
        options.host = "127.0.0.1"
        #expect(try await Self.trouble(options) == nil, "its certificate names the address too")
        options.authorities = "/nowhere/ca.pem"
        #expect(throws: StoreError.refused("the authorities for Redis cannot be read: /nowhere/ca.pem")) {
            try RedisCoordinator(options)
        }
        #expect(try await Self.trouble(Self.options("redis://localhost:\(server.port)")) != nil, "it speaks TLS only")
    }

    @Test func `databases and namespaces keep deployments apart, an IPv6 address works`() async throws {
        let server = try await PrivateRedis.shared()
        let name = namespace()
        var options = patient(port: server.port, namespace: name)
        let first = try RedisCoordinator(options)
        try await first.line.begin(epoch: "first")
        options.database = 2
        options.host = "::1"
        let second = try RedisCoordinator(options)
        #expect(try await second.line.epoch() == nil)
        let third = try await coordinator()
        #expect(try await third.line.epoch() == nil)
        for coordinator in [first, second, third] { await coordinator.close() }
    }

    @Test func `health says what an operator should know`() async throws {
        var settings = PrivateRedis.Options()
        settings.appends = false
        settings.settings = ["maxmemory 64mb", "maxmemory-policy allkeys-lru"]
        let server = try await PrivateRedis.start(settings)
        defer { server.end() }
        let coordinator = try RedisCoordinator(patient(port: server.port))
        let health = try await coordinator.health()
        #expect(health.memoryLimit == 64 << 20)
        #expect(health.evictionPolicy == "allkeys-lru")
        #expect(health.warnings.count == 2)
        #expect(health.warnings[0].contains("noeviction"))
        #expect(health.warnings[1].contains("appendonly"))
        await coordinator.close()
        let shared = try await FreshetRedisTests.coordinator()
        #expect(try await shared.health().warnings == [])
        await shared.close()
    }

    @Test(arguments: [
        ("redis://localhost", "localhost", 6379, 0, false), ("redis://h:1/4", "h", 1, 4, false),
        ("rediss://u:p@h.example:6380/0", "h.example", 6380, 0, true), ("redis://[::1]", "::1", 6379, 0, false),
        ("redis://:p%2F@[fe80::1]:7000/1", "fe80::1", 7000, 1, false), ("redis://h/", "h", 6379, 0, false),
    ])
    func `addresses are read`(url: String, host: String, port: Int, database: Int, isEncrypted: Bool) throws {
        let options = try Self.options(url)
        #expect(options.host == host && options.port == port && options.database == database)
        #expect(options.isEncrypted == isEncrypted)
    }

    @Test func `user and password are unescaped`() throws {
        let options = try Self.options("redis://a%3Ab:c%40%2F%3A@h")
        #expect(options.user == "a:b")
        #expect(options.password?.reveal() == "c@/:")
        #expect(!"\(options)".contains("c@/:"))
    }

    @Test(arguments: [
        "http://h", "redis:/h", "redis://", "redis://h:0", "redis://h:99999", "redis://h:x", "redis://h/x",
        "redis://h/-1",
        "redis://[::1", "redis://u:%zz@h", "redis://h/1?tls=1", "redis://u:geheim@h:x",
    ])
    func `a bad address is refused without being shown`(url: String) {
        let error = #expect(throws: StoreError.self) { try Self.options(url) }
        #expect(error.map { "\($0)".contains("geheim") } == false)
    }
}
