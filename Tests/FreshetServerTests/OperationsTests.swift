import FreshetCore
import FreshetTesting
import HTTPTypes
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import FreshetServer

@Suite struct OperationsTests {
    @Test func `an upstream outage is a warning and never un-ready`() async throws {
        try await World.run { (world: World) async throws in
            #expect(try await world.get("/health").text.hasPrefix(#"{"status":"pass""#))
            world.mirror.script.withLock { $0.isDown = true }
            let health = try await world.get("/health")
            #expect(health.status == 200 && health["Content-Type"] == "application/health+json")
            #expect(health.text.hasPrefix(#"{"status":"warn""#) && health.text.contains(#""source:clash""#))
            #expect(try await world.get("/readyz").status == 200)
            #expect(try await world.get("/livez").text == "ok\n")
        }
    }

    @Test func `a store that does not answer is not ready`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8")
            await world.mirror.store.close()
            #expect(try await world.get("/readyz").status == 503)
            #expect(try await world.get("/v1/clash/clan/UV0YR2Q8").status == 200)
            #expect(try await world.get("/v1/clash/clan/OTHER1").status == 503)
        }
    }

    @Test func `metrics are well formed and count`() async throws {
        try await World.run { (world: World) async throws in
            world.publish("UV0YR2Q8")
            for _ in 0..<3 { _ = try await RawClient.exchange(port: world.port, [Array(CorpusTests.plain.utf8)]) }
            let page = try await world.get("/metrics")
            #expect(page["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = page.text.split(separator: "\n")
            #expect(lines.contains("freshet_lane_reads_total{outcome=\"hit\"} 2"))
            #expect(lines.contains("freshet_read_seconds_count 2"))
            #expect(lines.contains("freshet_budget_left_key_1s{source=\"clash\",key_id=\"k1\"} 37"))
            #expect(lines.contains("freshet_documents_stale{source=\"clash\",dataset=\"clan\"} 2"))
            #expect(lines.contains("freshet_oldest_age_seconds{source=\"clash\",dataset=\"clan\"} 300"))
            #expect(lines.contains { $0.hasPrefix("freshet_process_resident_memory_bytes ") })
            #expect(lines.contains { $0.hasPrefix("freshet_process_open_fds ") })
            for line in lines where !line.hasPrefix("#") {
                let value = line.split(separator: " ").last.flatMap { Double($0) }
                #expect(value != nil, "\(line)")
            }
        }
    }

    @Test func `the page shows sources and escapes what it shows`() async throws {
        try await World.run { (world: World) async throws in
            world.mirror.script.withLock { $0.isDown = true }
            world.clock.advance(by: .seconds(3))
            let page = try await world.get("/")
            #expect(page["Content-Type"] == "text/html; charset=utf-8")
            #expect(page.text.contains("breaker open: &lt;b&gt;timeouts&lt;/b&gt;"))
            #expect(page.text.contains("/v1/clash/clan") && page.text.contains("5 min"))
        }
    }

    @Test func `OpenAPI lists what the router answers, and nothing else`() async throws {
        try await World.run { (world: World) async throws in
            let text = try await world.get("/openapi.json").text
            #expect(text.hasPrefix(#"{"openapi":"3.1.0""#))
            let hub = EventHub(
                group: MultiThreadedEventLoopGroup.singleton, store: world.mirror.store, bell: world.mirror.eventBell,
                clock: world.clock, logger: Logger(label: "t"), heartbeat: .seconds(15))
            let tokens = TokenService(store: world.mirror.store, readsNeedToken: false, clock: world.clock)
            let home = HomePage(
                service: world.mirror, tokens: tokens, build: BuildInfo(version: "1"),
                desk: HomeDesk(service: world.mirror, clock: world.clock))
            let table = RouteList.make(
                hub: hub,
                reader: DocumentReader(service: world.mirror, cold: ColdKeys(perMinute: 1, clock: world.clock)),
                tokens: tokens,
                operations: OperationsRoutes(
                    service: world.mirror,
                    metrics: MetricsPage(
                        service: world.mirror, lanes: [], router: RouterCounters(), build: BuildInfo(version: "1")),
                    build: BuildInfo(version: "1")), home: home, build: BuildInfo(version: "1"),
                logger: .init(label: "t"))
            let listed = OpenAPITests.paths(in: text)
            #expect(listed.contains("/v1/clash/clan/{tag}/history") && listed.contains("/v1/clash/leagues/_"))
            for path in listed {
                let example = path.split(separator: "/").map { $0.hasPrefix("{") ? "x" : $0 }.joined(separator: "/")
                guard case .nothing = table.find(.get, "/" + example) else { continue }
                Issue.record("the router does not know \(path)")
            }
            let patterns = Set(listed.map { OpenAPITests.shape($0) })
            for route in table.routes where !route.pattern.contains("{dataset}") {
                #expect(patterns.contains(OpenAPITests.shape(route.pattern)), "\(route.pattern)")
            }
        }
    }
}

enum OpenAPITests {
    /// The keys of `paths`: every quoted text that begins with a slash and is followed by an object.
    static func paths(in text: String) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated().compactMap { index, piece in
            index % 2 == 1 && piece.hasPrefix("/") ? String(piece) : nil
        }
    }

    static func shape(_ path: String) -> String {
        path.split(separator: "/").map { $0.hasPrefix("{") ? "{}" : String($0) }.joined(separator: "/")
    }
}
