import NIOCore
import NIOHTTP1
import Testing

@testable import FreshetMock

private func fixedClock(_ seconds: Int) -> MockClock {
    MockClock(monotonic: { .zero }, unix: { .seconds(seconds) })
}

extension MockHandler {
    func document(_ target: String) throws -> MockJSON {
        try MockJSON(parsing: get(target).body.bytes.readableBytesView)
    }
}

@Suite struct `The Clash generator` {
    private func generator(at seconds: Int = 1_700_000_000, seed: UInt64 = 1, shuffles: Bool = false) -> ClashGenerator
    {
        ClashGenerator(seed: seed, changeEvery: .seconds(60), shufflesKeys: shuffles, clock: fixedClock(seconds))
    }

    @Test func `tags and numbers are one to one`() {
        for number in ClashTag.smallest..<ClashTag.smallest + 50_000 {
            let tag = ClashTag.tag(of: number)
            #expect(tag.flatMap(ClashTag.number) == number)
        }
        #expect(ClashTag.number(of: "#2PP") != nil)
        #expect(ClashTag.number(of: "02P") != ClashTag.number(of: "2P0"))
        for bad in ["", "2P", "2PA", "2pp", "0289PYLQGRJCU", "#"] { #expect(ClashTag.number(of: bad) == nil) }
        #expect(ClashTag.tag(of: ClashTag.smallest - 1) == nil)
    }

    @Test func `a clan has the fields, types and size of a real one`() throws {
        let generator = generator()
        for tag in generator.clanTags {
            let answer = generator.get("/v1/clans/%23\(tag)")
            #expect(answer.status == 200)
            let clan = try generator.document("/v1/clans/%23\(tag)")
            #expect(clan["tag"] == .string("#\(tag)"))
            let members = try #require(clan["memberList"]?.arrayValue)
            #expect(clan["members"] == .int(members.count))
            #expect((1...50).contains(members.count))
            #expect(answer.body.count < 45_000)
            #expect((clan["warLosses"] == nil) == (clan["isWarLogPublic"] == false))
            #expect(members.first?["clan"] == nil)
            #expect(members.count { $0["role"] == "leader" } == 1)
            let trophies = members.compactMap { $0["trophies"]?.intValue }
            #expect(trophies == trophies.sorted(by: >))
        }
        let sizes = generator.clanTags.map { generator.get("/v1/clans/%23\($0)").body.count }
        #expect(sizes.contains { (15_000...30_000).contains($0) })
    }

    @Test func `members and their own documents agree`() throws {
        let generator = generator()
        let tag = generator.clanTags[0]
        let members = try #require(try generator.document("/v1/clans/%23\(tag)")["memberList"]?.arrayValue)
        for member in members {
            let memberTag = try #require(member["tag"]?.stringValue)
            let target = "/v1/players/\(memberTag.replacing("#", with: "%23"))"
            let player = try generator.document(target)
            #expect(player["clan"]?["tag"] == .string("#\(tag)"))
            for field in ["name", "role", "trophies", "donations", "townHallLevel", "expLevel"] {
                #expect(player[field] == member[field])
            }
            #expect((1_500...4_000).contains(generator.get(target).body.count))
        }
        #expect(try generator.document("/v1/clans/%23\(tag)/members")["items"]?.arrayValue == members)
        #expect(try generator.document("/v1/clans/%23\(tag)/members?limit=3")["items"]?.arrayValue?.count == 3)
    }

    @Test func `nothing moves within a step, something does between steps, everything repeats with the seed`() throws {
        let tag = generator().clanTags[3]
        let target = "/v1/clans/%23\(tag)"
        let base = 1_700_000_040
        #expect(generator(at: base).text(target) == generator(at: base + 19).text(target))
        #expect(generator(at: base).text(target) != generator(at: base + 600).text(target))
        #expect(generator(at: base).text(target) != generator(at: base, seed: 2).text(target))
        let sizes = Set(
            (0..<200).map { step in (try? generator(at: base + step * 3_600).document(target)["members"]?.intValue) ?? 0
            })
        #expect(sizes.count > 1)
    }

    @Test func `shuffled keys are the same document in other bytes`() throws {
        let generator = generator(shuffles: true)
        let target = "/v1/players/%23\(generator.playerTags[0])"
        let texts = (0..<4).map { _ in generator.text(target) }
        #expect(Set(texts).count > 1)
        func sorted(_ value: MockJSON) -> MockJSON {
            switch value {
            case .object(let members):
                .object(members.map { .init($0.name, sorted($0.value)) }.sorted { $0.name < $1.name })
            case .array(let items): .array(items.map(sorted))
            default: value
            }
        }
        #expect(try Set(texts.map { sorted(try MockJSON(parsing: $0)).text }).count == 1)
    }

    @Test func `wars go through all states, and private logs are refused`() throws {
        var states: Set<String> = []
        var refused = 0
        for step in 0..<16 {
            let generator = generator(at: 1_700_000_000 + step * 60)
            for tag in generator.clanTags {
                let answer = generator.get("/v1/clans/%23\(tag)/currentwar")
                #expect(answer.status == generator.get("/v1/clans/%23\(tag)/warlog").status)
                if answer.status == 403 {
                    refused += 1
                } else {
                    states.insert(try generator.document("/v1/clans/%23\(tag)/currentwar")["state"]?.stringValue ?? "")
                }
            }
        }
        #expect(states == ["notInWar", "preparation", "inWar", "warEnded"])
        #expect(refused > 0)
    }

    @Test(arguments: [
        "/v1/clans/%232PP000", "/v1/clans/%23ABC", "/v1/clans/2PP", "/v1/clans", "/v1/nothing/%232PP", "/clans/%232PP",
        "/v1/players/%23P", "/v1/clans/%232PP/nothing", "/v1/clans/%232PP/members/more",
    ])
    func `what does not exist is not found`(target: String) throws {
        let answer = generator().get(target)
        #expect(answer.status == 404)
        #expect(try generator().document(target)["reason"] == "notFound")
    }

    @Test func `verifies tokens`() {
        let generator = generator()
        func status(_ token: String) -> Bool {
            let request = MockRequest(
                method: "POST", target: "/v1/players/%232PP/verifytoken",
                body: ByteBuffer(string: #"{"token":"\#(token)"}"#))
            return String(buffer: generator.respond(to: request).body.bytes).contains(#""status":"ok""#)
        }
        #expect(status("abcd") && !status("bad1") && !status(""))
    }

    @Test func `all listed tags exist`() {
        let generator = ClashGenerator(clans: 500, players: 2_000, clock: fixedClock(0))
        #expect(Set(generator.clanTags).count == 500)
        #expect(Set(generator.playerTags).count == 2_000)
        #expect(generator.clanTags.allSatisfy { ClashTag.number(of: $0) != nil && ClashTag.exists($0) })
        #expect(generator.playerTags.allSatisfy { ClashTag.number(of: $0) != nil && ClashTag.exists($0) })
    }
}

@Suite struct `The GitHub generator` {
    private let generator = GitHubGenerator(clock: fixedClock(1_700_000_000))

    @Test func `repositories and users are there, missing ones are not`() throws {
        let repository = try generator.document("/repos/apple/swift-nio")
        #expect(repository["full_name"] == "apple/swift-nio")
        #expect(repository["owner"]?["login"] == "apple")
        #expect(try generator.document("/users/octocat")["login"] == "octocat")
        let answer = generator.get("/repos/missing-owner/x")
        #expect(answer.status == 404)
        #expect(try generator.document("/repos/missing-owner/x")["message"] == "Not Found")
        #expect(generator.get("/nothing").status == 404)
    }

    @Test func `quota headers count each key`() {
        let first = generator.get("/users/a").headers
        #expect(first.first(name: "x-ratelimit-limit") == "5000")
        #expect(first.first(name: "x-ratelimit-remaining") == "4999")
        #expect(generator.get("/users/a").headers.first(name: "x-ratelimit-remaining") == "4998")
        let other = generator.respond(to: MockRequest(target: "/users/a", key: "k")).headers
        #expect(other.first(name: "x-ratelimit-used") == "1")
        #expect(first.first(name: "x-ratelimit-reset") == "1700002800")
    }

    @Test func `following the links visits every issue once`() async throws {
        try await withMock(generator) { _, bound async throws in
            let count = try #require(
                try await bound.call("/repos/apple/swift-nio").json()["open_issues_count"]?.intValue)
            var target: String? = "/repos/apple/swift-nio/issues?per_page=17"
            var numbers: [Int] = []
            while let next = target {
                let answer = try await bound.call(next)
                numbers += try #require(try answer.json().arrayValue).compactMap { $0["number"]?.intValue }
                let link = answer.header("link")?.split(separator: ", ").first { $0.hasSuffix("rel=\"next\"") }
                target = link.map { String($0.dropFirst("<\(bound.baseURL)".count).prefix { $0 != ">" }) }
            }
            #expect(numbers == Array((1...count).reversed()))
        }
    }
}

@Suite struct `Paged lists` {
    private func ids(_ value: MockJSON?) -> [Int] { value?.arrayValue?.compactMap { $0["id"]?.intValue } ?? [] }

    /// Follows pages as a client of this style does, for at most `limit` pages.
    private func follow(_ handler: PagedHandler, _ style: PagedHandler.Style, limit: Int = 50) throws -> [Int] {
        var seen: [Int] = []
        var target = "/list"
        for page in 1...limit {
            let answer = handler.respond(to: MockRequest(target: target, headers: ["host": "h"]))
            let value = try MockJSON(parsing: answer.body.bytes.readableBytesView)
            let items = ids(value["items"] ?? value)
            seen += items
            switch style {
            case .pageNumber:
                if items.isEmpty { return seen }
                target = "/list?page=\(page + 1)"
            case .offset:
                if seen.count >= value["total"]?.intValue ?? 0 { return seen }
                target = "/list?offset=\(seen.count)&limit=10"
            case .cursor:
                guard let cursor = value["next_cursor"]?.stringValue else { return seen }
                target = "/list?cursor=\(cursor)"
            case .nextURL:
                guard let next = value["next"]?.stringValue else { return seen }
                target = String(next.dropFirst("http://h".count))
            case .linkHeader:
                guard let link = answer.headers.first(name: "link") else { return seen }
                target = String(link.dropFirst("<http://h".count).prefix { $0 != ">" })
            }
        }
        return seen
    }

    @Test(arguments: PagedHandler.Style.allCases, [0, 1, 9, 10, 11, 95])
    func `following gives every item once`(style: PagedHandler.Style, count: Int) throws {
        #expect(try follow(PagedHandler(items: count, style: style), style) == (count == 0 ? [] : Array(1...count)))
    }

    @Test(arguments: [PagedHandler.Style.cursor, .nextURL, .linkHeader])
    func `loops and endless lists never end`(style: PagedHandler.Style) throws {
        #expect(try follow(PagedHandler(items: 20, style: style, fault: .loop), style).count == 500)
        #expect(try follow(PagedHandler(items: 20, style: style, fault: .endless), style).count == 500)
    }

    @Test func `other faults are as said`() throws {
        let away = PagedHandler(items: 20, style: .nextURL, fault: .otherHost("http://elsewhere.example"))
        #expect(try away.document("/list")["next"]?.stringValue?.hasPrefix("http://elsewhere.example/list?") == true)
        let broken = PagedHandler(items: 30, style: .pageNumber, fault: .brokenPage(2))
        #expect([1, 2, 3].map { broken.get("/list?page=\($0)").status } == [200, 500, 200])
        let overlap = PagedHandler(items: 20, style: .pageNumber, fault: .overlap)
        #expect(ids(try overlap.document("/list?page=2")) == Array(10...20))
        #expect(PagedHandler(items: 5, style: .cursor).get("/list?cursor=nonsense").status == 400)
    }
}

@Suite struct `The registry` {
    @Test func `knows its apps by name and takes more`() async throws {
        var apps = MockApps.builtIn
        #expect(apps.app(named: "clash")?.basePath == "/v1")
        #expect(apps.handler(named: "nothing") == nil)
        for app in apps.apps where !app.examples.isEmpty {
            try await withMock(app.make(.init())) { _, bound async throws in
                for example in app.examples { #expect(try await bound.call(app.basePath + example).status == 200) }
            }
        }
        apps.add(.init(name: "clash", summary: "Mine.") { _ in FixedHandler(.json("1")) })
        #expect(apps.apps.count == MockApps.builtIn.apps.count)
        #expect(apps.handler(named: "clash")?.text("/") == "1")
    }

    @Test func `a name that is neither app nor folder lists the apps`() throws {
        #expect(try MockApps.builtIn.resolve("github").name == "github")
        let error = #expect(throws: ReplayError.self) { try MockApps.builtIn.resolve("/nowhere/githup") }
        #expect(error?.description.contains("clash, github") == true)
    }
}
