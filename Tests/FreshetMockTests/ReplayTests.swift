import FoundationEssentials
import NIOCore
import NIOHTTP1
import Testing

@testable import FreshetMock

/// A folder of recordings for one test.
private final class Recordings {
    let path: String

    init(_ files: [String: String]) throws {
        path = "\(FileManager.default.temporaryDirectory.path)/freshet-replay-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)")) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension MockHandler {
    func get(_ target: String) -> MockResponse { respond(to: MockRequest(target: target)) }
    func text(_ target: String) -> String { String(buffer: get(target).body.bytes) }
}

@Suite struct `Replaying recordings` {
    private func entry(_ file: String, _ request: String, _ status: Int = 200) -> String {
        #"{"file":"\#(file)","request":"\#(request)","status":\#(status),"kind":"mock","headers":{"cache-control":"max-age=9"}}"#
    }

    private func handler(
        _ files: [String: String], _ entries: [String], variants: ReplayVariants = .first
    ) throws -> ReplayHandler {
        var files = files
        files["index.json"] = "[\(entries.joined(separator: ","))]"
        let recordings = try Recordings(files)
        return try ReplayHandler(directory: recordings.path, variants: variants)
    }

    @Test func `an exact path is preferred to a placeholder, status 200 to another`() throws {
        let handler = try handler(
            ["a.json": "1", "b.json": "2", "c.json": "3", "d.json": "4"],
            [
                entry("d.json", "GET /clans/{tag}", 404), entry("a.json", "GET /clans/{tag}"),
                entry("b.json", "GET /clans/%232PP"),
                entry("c.json", "GET /clans/{tag}/currentwar (private war log)", 403),
            ])
        #expect(handler.text("/clans/%232PP") == "2")
        #expect(handler.text("/clans/%239PP") == "1")
        #expect(handler.text("/v1/clans/%232PP?x=1") == "2")
        #expect(handler.get("/clans/%232PP/currentwar").status == 403)
        #expect(handler.get("/clans/%232PP").headers.first(name: "cache-control") == "max-age=9")
        #expect(handler.get("/nothing/here").status == 404)
        #expect(handler.text("/anything/d.json") == "4")
        #expect(handler.endpoint(of: "/v1/clans/%239PP") == "/clans/{tag}")
    }

    @Test func `the query that agrees best decides, and may be ignored`() throws {
        let handler = try handler(
            ["all.json": "0", "one.json": "1", "two.json": "2", "any.json": "3"],
            [
                entry("all.json", "GET /v1/positions?account=0x..."),
                entry("one.json", "GET /v1/positions?account=0x...&page=1&page_size=1"),
                entry("two.json", "GET /v1/positions?account=0x...&page=2&page_size=1"),
                entry("any.json", "GET /clans?name=..."),
            ])
        #expect(handler.text("/v1/positions?account=0xab") == "0")
        #expect(handler.text("/v1/positions?page_size=1&account=0xab&page=2") == "2")
        #expect(handler.text("/v1/positions?account=0xab&page=1&page_size=1") == "1")
        #expect(handler.text("/clans?name=abc&limit=3") == "3")
        #expect(handler.text("/clans") == "3")
        #expect(handler.text("/positions?account=0x1&page=2&page_size=1") == "2")
    }

    @Test func `relative paths, notes and absolute addresses are understood`() throws {
        let handler = try handler(
            ["a.xml": "<a/>", "b.json": "2", "c.json": "3", "d.json": "4", "e.json": "5"],
            [
                entry("a.xml", "GET soccernew/home (upcoming matches)"),
                entry("b.json", "GET soccernew/home (upcoming matches) with ?json=1"),
                entry("c.json", "GET https://api.example.org/tesseract/data.records?cube=c 1&locale=en"),
                entry("d.json", "GET /admin/.../orders.json"), entry("e.json", "GET /locations/{bad id}", 400),
            ])
        #expect(handler.text("/KEY/soccernew/home") == "<a/>")
        #expect(handler.get("/soccernew/home").headers.first(name: "content-type") == "text/xml; charset=utf-8")
        #expect(handler.text("/soccernew/home?json=1") == "2")
        #expect(handler.text("/tesseract/data.records?cube=c+1&locale=en") == "3")
        #expect(handler.text("/data.records?cube=c+1") == "3")
        #expect(handler.text("/admin/api/2024-01/orders.json") == "4")
        #expect(handler.get("/locations/x").status == 400)
    }

    @Test func `files of elements, errors for any request, the same request twice`() throws {
        let handler = try handler(
            [
                "items.json": #"[{"id":7,"n":1.50},{"id":"x9"}]"#, "m.json": #"{"m":1}"#, "k.json": #"{"k":1}"#,
                "ip.json": "{}",
                "first.json": "1", "second.json": "2", "note.txt": "hello",
            ],
            [
                entry("items.json", "GET item/{id}.json for each element"), entry("m.json", "any", 503),
                entry("ip.json", "any, key used from another IP", 403), entry("k.json", "any, bad key", 403),
                entry("first.json", "GET /same"), entry("second.json", "same"),
                entry("note.txt", "vendor list of feed URLs"),
            ], variants: .cycle)
        #expect(handler.text("/v0/item/7.json") == #"{"id":7,"n":1.50}"#)
        #expect(handler.text("/v0/item/x9.json") == #"{"id":"x9"}"#)
        #expect(handler.get("/v0/item/8.json").status == 404)
        #expect(String(buffer: handler.failure(.maintenance).body.bytes) == #"{"m":1}"#)
        #expect(String(buffer: handler.failure(.keyRefused).body.bytes) == #"{"k":1}"#)
        #expect(handler.failure(.status(418)).status == 418)
        #expect([handler.text("/same"), handler.text("/same"), handler.text("/same")] == ["1", "2", "1"])
        #expect(handler.text("/note.txt") == "hello")
    }

    @Test func `whole exchanges are served, links lead back here`() throws {
        let exchanges = #"""
            [{"scope":"https://api.example.com:443","method":"get","path":"/repos/o/r?x=1","body":"","status":200,
              "response":{"id":1.0},"rawHeaders":["ETag","\"e\"","Link","<https://api.example.com/repos/o/r?x=2>; rel=\"next\"",
              "Content-Length","9","Vary","a","Vary","b"]},
             {"scope":"https://api.example.com:443","method":"delete","path":"/repos/o/r","body":"","status":204,"response":""},
             {"scope":"https://api.example.com:443","method":"get","path":"/tar","body":"","status":200,"response":"1f8b00","responseIsBinary":true}]
            """#
        let handler = try handler(["x.json": exchanges], [entry("x.json", "see method and path in each exchange")])
        let answer = handler.respond(to: MockRequest(target: "/repos/o/r?x=1", headers: ["host": "127.0.0.1:9"]))
        #expect(String(buffer: answer.body.bytes) == #"{"id":1.0}"#)
        #expect(answer.headers.first(name: "link") == "<http://127.0.0.1:9/repos/o/r?x=2>; rel=\"next\"")
        #expect(answer.headers["vary"] == ["a", "b"])
        #expect(!answer.headers.contains(name: "content-length"))
        #expect(handler.respond(to: MockRequest(method: "DELETE", target: "/repos/o/r")).status == 204)
        #expect(Array(handler.get("/tar").body.bytes.readableBytesView) == [0x1F, 0x8B, 0])
    }

    @Test func `JSON-RPC is answered by method and parameters, with the asker's id`() throws {
        let one =
            #"{"request":{"jsonrpc":"2.0","id":1,"method":"eth_call","params":["a"]},"response":{"jsonrpc":"2.0","id":1,"result":"A"}}"#
        let two =
            #"{"request":{"jsonrpc":"2.0","id":1,"method":"eth_call","params":["b"]},"response":{"jsonrpc":"2.0","id":1,"result":"B"}}"#
        let handler = try handler(
            ["1.json": one, "2.json": two], [entry("1.json", "POST eth_call"), entry("2.json", "POST eth_call")])
        func post(_ body: String) -> String {
            String(
                buffer: handler.respond(to: MockRequest(method: "POST", target: "/", body: ByteBuffer(string: body)))
                    .body.bytes)
        }
        #expect(post(#"{"id":9,"method":"eth_call","params":["b"]}"#) == #"{"jsonrpc":"2.0","id":9,"result":"B"}"#)
        #expect(
            post(#"{"id":"z","method":"eth_call","params":["other"]}"#) == #"{"jsonrpc":"2.0","id":"z","result":"A"}"#)
        #expect(
            post(#"[{"id":1,"method":"eth_call","params":["b"]},{"id":2,"method":"eth_call","params":["a"]}]"#)
                .contains("\"id\":2,\"result\":\"A\""))
        #expect(post(#"{"id":1,"method":"none"}"#).contains("-32601"))
    }

    @Test func `a folder without an index serves its files, a broken one says why`() throws {
        let plain = try Recordings(["a.csv": "x,y\n1,2\n"])
        let handler = try ReplayHandler(directory: plain.path)
        #expect(handler.text("/a.csv") == "x,y\n1,2\n")
        #expect(handler.get("/b.csv").status == 404)
        for index in [
            "{}", "[", #"[{"file":"a.json"}]"#, #"[{"file":"../a","request":"any"}]"#,
            #"[{"file":"no.json","request":"any"}]"#,
        ] {
            let broken = try Recordings(["index.json": index])
            #expect(throws: ReplayError.self) { try ReplayHandler(directory: broken.path) }
        }
        #expect(throws: ReplayError.self) { try ReplayHandler(directory: "/nowhere/at/all") }
    }
}

/// The folder of real recordings, when there is one.
private let recordingsRoot: String? = {
    let named = ProcessInfo.processInfo.environment["FRESHET_RECORDINGS"]
    let beside = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/upstream")
        .standardized.path
    let path = named ?? beside
    return FileManager.default.fileExists(atPath: path) ? path : nil
}()

@Suite(.enabled(if: recordingsRoot != nil, "No real recordings here: set FRESHET_RECORDINGS to their folder."))
struct `Real recordings` {
    private func folders() throws -> [String] {
        let root = try #require(recordingsRoot)
        return try FileManager.default.contentsOfDirectory(atPath: root).sorted().map { "\(root)/\($0)" }
    }

    @Test func `every folder loads, and every entry with status 200 can be asked for`() async throws {
        for folder in try folders() {
            let handler = try ReplayHandler(directory: folder)
            try await withMock(handler) { _, bound async throws in
                let connection = try await RawConnection(bound)
                var served: Set<String> = []
                for route in handler.routes where route.method == "GET" {
                    let path = route.path.replacing("...", with: "x").replacing(/\{[^}]*\}/, with: "%239PP").replacing(
                        " ", with: "%20")
                    let target = path.hasPrefix("/") ? path : "/base/\(path)"
                    try await connection.send(bound.request(target))
                    let answer = try await connection.answer()
                    #expect(answer.status != 0 && answer.isComplete, "\(folder) \(route.path)")
                    #expect(
                        answer.status != 404 || route.path.contains("rankings") || route.path.contains("players")
                            || route.path.contains("by-id") || folder.hasSuffix("github-rest")
                            || folder.hasSuffix("hacker-news"), "\(folder) \(route.path)")
                    served.insert(route.path)
                }
                #expect(!served.isEmpty || handler.routes.allSatisfy { $0.method != "GET" }, "\(folder)")
            }
        }
    }

    @Test func `known documents come back byte for byte`() throws {
        let root = try #require(recordingsRoot)
        for (folder, target, file) in [
            ("clash-of-clans", "/v1/clans/%232PP", "clans__clan.2PP.json"),
            ("clash-of-clans", "/v1/clans/%239PP/currentwar", "clans__currentwar.notInWar.json"),
            ("pokeapi", "/pokemon/25", "pokemon__25.json"), ("pokeapi", "/api/v2/type/?limit=100000", "type.list.json"),
            ("goalserve", "/soccernew/home?json=1", "soccernew__home.20190528.json"),
            ("goalserve", "/soccernew/home", "soccernew__home.20190528.xml"),
            ("usgs-earthquakes", "/feed/v1.0/summary/all_week.geojson", "all_week.20180207.geojson"),
            ("rise", "/v1/positions?account=0x1&page=2&page_size=1", "v1.positions.page2.json"),
            (
                "the-odds-api", "/v4/sports/baseball_mlb/odds?regions=us,eu&markets=h2h&apiKey=x",
                "sports__odds.baseball_mlb.20240524.american.json"
            ),
            ("torn", "/v2/faction/?selections=wars", "v2.faction__wars.json"),
            ("shopify", "/admin/api/2024-01/orders.json", "orders.json"),
            ("sports", "/nhl_train_2009_2021.csv", "nhl_train_2009_2021.csv"),
            (
                "oec-tesseract",
                "/tesseract/data.jsonrecords?cube=acs_yg_total_population_1&drilldowns=Year,Nation&locale=en&measures=Population",
                "data.jsonrecords.datausa.acs_yg_total_population_1.json"
            ),
            ("stripe", "/v1/charges/ch_1", "charge.json"),
            ("espn", "/apis/site/v2/sports/hockey/nhl/scoreboard", "scoreboard.hockey.nhl.20220925.json"),
        ] {
            let handler = try ReplayHandler(directory: "\(root)/\(folder)")
            let expected = try Data(contentsOf: URL(filePath: "\(root)/\(folder)/\(file)"))
            let answer = handler.get(target)
            #expect(answer.status == 200, "\(folder) \(target)")
            #expect(answer.body.bytes.readableBytesView.elementsEqual(expected), "\(folder) \(target)")
        }
    }

    @Test func `elements, exchanges and calls are taken apart`() throws {
        let root = try #require(recordingsRoot)
        let news = try ReplayHandler(directory: "\(root)/hacker-news")
        #expect(news.get("/v0/item/17252585.json").status == 200)
        let github = try ReplayHandler(directory: "\(root)/github-rest")
        #expect(github.get("/orgs/octokit-fixture-org").status == 200)
        #expect(github.get("/repos/octokit-fixture-org/hello-world").headers.first(name: "etag") != nil)
        let rpc = try ReplayHandler(directory: "\(root)/ethereum-rpc")
        let body = ByteBuffer(string: #"{"jsonrpc":"2.0","id":41,"method":"eth_chainId"}"#)
        let answer = rpc.respond(to: MockRequest(method: "POST", target: "/", body: body))
        let value = try MockJSON(parsing: answer.body.bytes.readableBytesView)
        #expect(value["id"] == 41)
        #expect(value["result"] != nil)
        let clash = try ReplayHandler(directory: "\(root)/clash-of-clans")
        #expect(clash.failure(.maintenance).status == 503)
        #expect(String(buffer: clash.failure(.keyRefused).body.bytes).contains("Invalid authorization"))
    }
}
