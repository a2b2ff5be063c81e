import FreshetCore
import FreshetEngine
import FreshetTesting
import Synchronization
import Testing

@testable import FreshetServer

@Suite struct HomeTests {
    private static let attack = "<script>alert('1')</script>"

    @Test func `the page says without a script how everything stands`() async throws {
        try await World.run { (world: World) async throws in
            world.mirror.metrics.increment(
                "freshet_upstream_requests_total", [("source", "clash"), ("key_id", "k1"), ("outcome", "200")], by: 5)
            let page = try await world.get("/").text
            for part in [
                "clash takes calls", "●</span> ok", ">71 % ", "5 min", "/v1/clash/clan", "<noscript>",
                "next: refreshes what falls due", "critical", "key k1", "37<small> of 40 / 1 s</small>",
                "Nothing has changed yet.",
            ] { #expect(page.contains(part), "\(part)") }
            world.mirror.script.withLock { $0.isDown = true }
            world.clock.advance(by: .seconds(3))
            let down = try await world.get("/").text
            #expect(down.contains("<strong>clash down</strong>") && down.contains("▲"))
            #expect(down.contains("next: tries again by itself") && down.contains("since <time"))
        }
    }

    @Test func `nothing inline and nothing from elsewhere`() async throws {
        try await World.run { (world: World) async throws in
            let page = try await world.get("/")
            let policy = page["Content-Security-Policy"] ?? ""
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"))
            #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
            #expect(page["X-Content-Type-Options"] == "nosniff" && page["Cache-Control"] == "no-store")
            let text = page.text
            for part in [" style=", "<style", " onclick", "http://", "https://", "javascript:"] {
                #expect(!text.contains(part), "\(part)")
            }
            #expect(text.ranges(of: "<script").count == 1)
        }
    }

    @Test(arguments: [
        ("/home/home.css", "text/css; charset=utf-8"), ("/home/home.js", "text/javascript; charset=utf-8"),
        ("/home/morph.js", "text/javascript; charset=utf-8"), ("/home/news.js", "text/javascript; charset=utf-8"),
        ("/home/stream.js", "text/javascript; charset=utf-8"), ("/home/icon.svg", "image/svg+xml"),
    ])
    func `a file is sent once`(path: String, type: String) async throws {
        try await World.run { (world: World) async throws in
            let file = try await world.get(path)
            #expect(file.status == 200 && file["Content-Type"] == type && file.text.utf8.count > 100)
            #expect(file["Cache-Control"] == "no-cache")
            let tag = try #require(file["ETag"])
            let again = try await world.get(path, ["If-None-Match: \(tag)"])
            #expect(again.status == 304 && again["ETag"] == tag && again.text.isEmpty)
            #expect(try await world.get(path, ["If-None-Match: \"other\""]).status == 200)
            #expect(try await world.get("/home/other.js").status == 404)
        }
    }

    @Test func `names, keys and what events say are text`() async throws {
        try await World.run { configuration in
            configuration.sources.append(SourceConfig(name: HomeTests.attack, baseURL: "http://127.0.0.1:1"))
            if let dataset = configuration.datasets.first {
                configuration.datasets.append(
                    DatasetConfig(
                        id: DatasetID(source: HomeTests.attack, name: HomeTests.attack), template: dataset.template))
            }
        } _: { (world: World) async throws in
            let id = DocumentID(
                dataset: DatasetID(source: "clash", name: HomeTests.attack), key: "\"><img src=x onerror=alert(1)>")
            _ = try await world.mirror.store.append(
                [
                    NewEvent(
                        type: "custom.<b>", source: "clash", document: id,
                        payload: Array(#"{"note":"<script>alert(1)</script>"}"#.utf8))
                ], now: world.clock.now())
            world.clock.advance(by: .seconds(3))
            for path in ["/", "/home/board"] {
                let text = try await world.get(path).text
                #expect(
                    !text.contains("<script>") && !text.contains("<img") && !text.contains("<b>\(HomeTests.attack)"))
                #expect(text.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"))
                #expect(text.contains("custom.&lt;b&gt;") && text.contains("onerror=alert(1)&gt;"))
                #expect(text.contains("/v1/why/clash/%3Cscript%3E"))
            }
        }
    }

    // MARK: Access

    @Test func `keys and budgets are for operators`() async throws {
        try await World.run { (world: World) async throws in
            // Without a token this machine may do everything.
            #expect(try await world.get("/home/board").text.contains("key k1"))
            #expect(!(try await world.get("/", ["Sec-Fetch-Site: cross-site"]).text.contains("key k1")))
            let admin = try await token(world, "admin", [])
            let reader = try await token(world, "reader", admin)
            let op = try await token(world, "operator", admin)
            for (fields, shows) in [([], false), (reader, false), (op, true), (admin, true)] {
                for path in ["/", "/home/board"] {
                    let text = try await world.get(path, fields).text
                    #expect(text.contains("key k1") == shows, "\(path) \(fields.count)")
                    #expect(text.contains("/v1/clash/clan") && text.contains("data-reach"))
                }
            }
        }
    }

    @Test func `where reads need a token the page shows what health shows`() async throws {
        try await World.run { configuration in
            configuration.server.readsNeedToken = true
        } _: { (world: World) async throws in
            _ = try await world.mirror.store.append(
                [NewEvent(type: "custom.secret", source: "clash", document: nil, payload: Array(#"{"a":1}"#.utf8))],
                now: world.clock.now())
            world.clock.advance(by: .seconds(3))
            // This machine is its owner's as long as there is no token.
            let admin = try await token(world, "admin", [])
            let page = try await world.get("/")
            #expect(page.status == 200 && page.text.contains("clash takes calls"))
            for part in ["/v1/clash/clan", "custom.secret", "key k1", "Queue", "id=\"news\""] {
                #expect(!page.text.contains(part), "\(part)")
            }
            #expect(try await world.get("/home/board").status == 401)
            #expect(try await world.get("/home/home.js").status == 200)
            let reader = try await token(world, "reader", admin)
            let board = try await world.get("/home/board", reader)
            #expect(board.status == 200 && board.text.contains("custom.secret") && !board.text.contains("key k1"))
            #expect(try await world.get("/home/board", admin).text.contains("key k1"))
        }
    }

    private func token(_ world: World, _ role: String, _ with: [String]) async throws -> [String] {
        let made = try await world.post("/admin/tokens", #"{"name":"n","role":"\#(role)"}"#, with)
        let token = made.text.split(separator: "\"").first { $0.hasPrefix("fr_") } ?? ""
        return ["Authorization: Bearer \(token)"]
    }

    // MARK: Numbers

    @Test func `a board that says the same is not sent again`() async throws {
        try await World.run { (world: World) async throws in
            let first = try await world.get("/home/board")
            let tag = try #require(first["ETag"])
            #expect(first["Freshet-At"] != nil && first["Vary"] == "Authorization")
            world.clock.advance(by: .seconds(5))
            // Ages went on, which is no news.
            #expect(try await world.get("/home/board", ["If-None-Match: \(tag)"]).status == 304)
            world.mirror.script.withLock { $0.isDown = true }
            world.clock.advance(by: .seconds(5))
            let other = try await world.get("/home/board", ["If-None-Match: \(tag)"])
            #expect(other.status == 200 && other["ETag"] != tag)
            #expect(try await world.get("/home/board?x=1").status == 400)
        }
    }

    @Test func `however many look, the store is asked once`() async throws {
        try await World.run { (world: World) async throws in
            _ = try await world.get("/")
            let before = world.mirror.script.withLock { $0.looks }
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try? await world.get("/home/board") } }
            }
            #expect(world.mirror.script.withLock { $0.looks } == before)
            world.clock.advance(by: .seconds(3))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try? await world.get("/") } }
            }
            #expect(world.mirror.script.withLock { $0.looks } == before + 1)
        }
    }

    @Test func `a store that does not answer is the first thing that is said`() async throws {
        let look = HomeLook(at: Timestamp(seconds: 1_800_000_000), report: nil)
        for reach in [HomeView.Reach.health, .reader, .operator] {
            let html = HomeView(configuration: World.configuration(), look: look, reach: reach).html.text
            #expect(html.contains("The store does not answer") && html.contains("unknown"))
        }
    }

    @Test func `one of several processes says who they are, and whose calls it counts`() async throws {
        var look = HomeLook(at: Timestamp(seconds: 1_800_000_000))
        var report = StatusReport(at: look.at, startedAt: look.at)
        report.cluster = ClusterReport(member: "a<b", role: .reader)
        report.cluster?.queue = "line"
        look.report = report
        let html = HomeView(configuration: World.configuration(), look: look, reach: .reader).html.text
        #expect(html.contains("This one: reader. Jobs are leased in the <b>line</b>."))
        #expect(html.contains("</b> a minute, of this process only: 0 calls"))
    }

    @Test func `without a source the page says how to begin`() async throws {
        var look = HomeLook(at: Timestamp(seconds: 1_800_000_000))
        look.report = StatusReport(at: look.at, startedAt: look.at)
        let html = HomeView(
            configuration: Configuration(dataDirectory: "/tmp", store: .memory), look: look, reach: .operator
        ).html.text
        #expect(html.contains("No source is configured") && html.contains("freshet init"))
    }
}
