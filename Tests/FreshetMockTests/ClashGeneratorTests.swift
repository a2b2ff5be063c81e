import NIOCore
import NIOHTTP1
import Testing

@testable import FreshetMock

@Suite struct `The Clash generator's leagues, raids and seasons` {
    private func generator(step: Int64, clans: Int = 20) -> ClashGenerator {
        ClashGenerator(
            clans: clans, changeEvery: .seconds(60),
            clock: MockClock(monotonic: { .zero }, unix: { .seconds(step * 60) }))
    }

    @Test func `a league has seven rounds in which everybody meets everybody, then ends`() throws {
        var found = 0
        for tag in generator(step: 0).clanTags {
            let path = "/v1/clans/%23\(tag)/currentwar/leaguegroup"
            guard generator(step: 6_400).get(path).status == 200 else { continue }
            found += 1
            let early = try generator(step: 6_400).document(path)
            #expect(early["state"] == "preparation")
            #expect(early["rounds"]?.arrayValue?.count { $0["warTags"]?.arrayValue?.first != "#0" } == 2)
            let late = generator(step: 6_413)
            let group = try late.document(path)
            let clans = Set((group["clans"]?.arrayValue ?? []).compactMap { $0["tag"]?.stringValue })
            #expect(clans.count == 8 && clans.contains("#\(tag)"))
            var met: Set<Set<String>> = []
            for round in group["rounds"]?.arrayValue ?? [] {
                var playing: Set<String> = []
                for war in round["warTags"]?.arrayValue ?? [] {
                    let number = String((war.stringValue ?? "").dropFirst())
                    let json = try late.document("/v1/clanwarleagues/wars/%23\(number)")
                    let sides = ["clan", "opponent"].compactMap { json[$0]?["tag"]?.stringValue }
                    playing.formUnion(sides)
                    met.insert(Set(sides))
                    #expect(["preparation", "inWar", "warEnded"].contains(json["state"]?.stringValue ?? ""))
                }
                #expect(playing == clans)
            }
            #expect(met.count == 28)
            #expect(generator(step: 6_416).get(path).status == 404)
        }
        #expect(found > 3)
    }

    @Test func `raids go on, end, and never take back what was looted`() throws {
        let tag = generator(step: 0).clanTags[0]
        let path = "/v1/clans/%23\(tag)/capitalraidseasons"
        var loot: [Int] = []
        var states: [String] = []
        for step in Int64(800)..<804 {
            let first = try generator(step: step).document(path)["items"]?.arrayValue?.first
            loot.append(first?["capitalTotalLoot"]?.intValue ?? -1)
            states.append(first?["state"]?.stringValue ?? "")
        }
        #expect(states == ["ongoing", "ongoing", "ongoing", "ended"])
        #expect(loot == loot.sorted() && loot[3] > 0)
        #expect(try generator(step: 800).document(path + "?limit=3")["items"]?.arrayValue?.count == 3)
    }

    @Test func `with a season everybody's donation counters begin at zero`() throws {
        let tag = generator(step: 0).clanTags[0]
        func donations(_ step: Int64) throws -> [Int] {
            let members = try generator(step: step).document("/v1/clans/%23\(tag)")["memberList"]?.arrayValue ?? []
            return members.compactMap { $0["donations"]?.intValue }
        }
        #expect(try donations(479).contains { $0 > 100 })
        #expect(try donations(480).allSatisfy { $0 == 0 })
        let pass = try generator(step: 500).document("/v1/goldpass/seasons/current")
        #expect(pass["startTime"]?.stringValue == "19700101T080000.000Z")
    }

    @Test func `a key of another address is refused as such, images need none`() throws {
        let generator = generator(step: 0)
        let target = "/v1/clans/%23\(generator.clanTags[0])"
        let refused = generator.respond(to: MockRequest(target: target, key: "ip-192.0.2.9-abc"))
        #expect(refused.status == 403)
        let reason = try MockJSON(parsing: refused.body.bytes.readableBytesView)["reason"]
        #expect(reason == "accessDenied.invalidIp")
        #expect(generator.respond(to: MockRequest(target: target, key: "ip-127.0.0.1-abc")).status == 200)
        let image = generator.respond(to: MockRequest(target: "/badges/70/x.png"))
        #expect(image.headers.first(name: "content-type") == "image/png" && image.body.count > 60)
    }
}
