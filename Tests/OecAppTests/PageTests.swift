import Foundation
import FreshetCore
import Testing

@Suite struct `The page of the game` {
    private static let assets = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Apps/Oec/Page/Assets").path

    private func header(_ reply: AppReply, _ name: String) -> String? { reply.headers.first { $0.name == name }?.value }

    /// The names below `page/{version}/` in a text, with the version.
    private func links(_ text: String) -> [(version: String, file: String)] {
        text.split(separator: "\"").filter { $0.hasPrefix("page/") }.map { link in
            let pieces = link.split(separator: "/")
            return (String(pieces[1]), String(pieces[2]))
        }
    }

    @Test func `the program has every file of the folder, as it is there`() async throws {
        let world = try OecWorld()
        let page = try await world.ask("GET", "/", nil)
        #expect(page.reply.status == 200 && page.reply.type == "text/html; charset=utf-8")
        let linked = links(String(decoding: page.reply.body, as: UTF8.self))
        let version = try #require(linked.first?.version)
        #expect(linked.allSatisfy { $0.version == version })
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.assets).filter { $0 != "index.html" }
        #expect(names.sorted() == linked.map(\.file).sorted())
        for name in names {
            let file = try await world.ask("GET", "/page/{version}/{file}", nil, ["version": version, "file": name])
            #expect(file.reply.body == Array(try Data(contentsOf: URL(filePath: Self.assets + "/" + name))), "\(name)")
            #expect(file.reply.type == (name.hasSuffix(".css") ? "text/css" : "text/javascript") + "; charset=utf-8")
            #expect(header(file.reply, "Cache-Control") == "public, max-age=31536000, immutable")
        }
    }

    @Test func `a file that is known is not sent again`() async throws {
        let world = try OecWorld()
        let page = try await world.ask("GET", "/", nil).reply
        let tag = try #require(header(page, "ETag"))
        #expect(header(page, "Cache-Control") == "no-cache")
        for (sent, status) in [(tag, 304), ("\"x\", W/\(tag)", 304), ("*", 304), ("\"x\"", 200), ("", 200)] {
            let again = try await world.ask("GET", "/", nil, headers: [("if-none-match", sent)]).reply
            #expect(again.status == status, "\(sent)")
            #expect(again.body.isEmpty == (status == 304) && header(again, "ETag") == tag)
        }
    }

    @Test func `nothing of others is loaded, and another version is not kept`() async throws {
        let world = try OecWorld()
        let page = try await world.ask("GET", "/", nil).reply
        let policy = try #require(header(page, "Content-Security-Policy"))
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "))
        #expect(!policy.contains("unsafe") && header(page, "X-Content-Type-Options") == "nosniff")
        let other = try await world.ask("GET", "/page/{version}/{file}", nil, ["version": "old", "file": "app.js"])
        #expect(other.reply.status == 200 && header(other.reply, "Cache-Control") == "no-store")
        let none = try await world.ask("GET", "/page/{version}/{file}", nil, ["version": "old", "file": "index.html"])
        #expect(none.reply.status == 404)
    }

    @Test(arguments: [("K7PQ2M", "/apps/oec/?room=K7PQ2M"), ("k7pq2m", "/apps/oec/?room=K7PQ2M")])
    func `a link of the application that this one replaces leads to the room`(code: String, target: String) async throws
    {
        let world = try OecWorld()
        let reply = try await world.ask("GET", "/room/{code}", nil, ["code": code]).reply
        #expect(reply.status == 302 && header(reply, "Location") == target)
        let odd = try await world.ask("GET", "/room/{code}", nil, ["code": "a\r\nSet-Cookie: x"]).reply
        #expect(odd.status == 404)
    }
}
