import FreshetCore
import FreshetDocument
import FreshetMock
import FreshetSQLite
import Testing

/// Quiet when nothing changed.
@Suite(.serialized) struct Invariant08Quiet {
    private static func config(_ url: String) -> String {
        """
        sources: { up: { base_url: "\(url)" } }
        datasets:
          up.item:
            get: /items/{id}
            max_age: PT1H
            history: { keep: P1D }
            ignore_changes: ["$.seen", "$.list[*].donations"]
        """
    }

    private static let document =
        #"{"id":7,"seen":1,"list":[{"tag":"a","donations":5},{"tag":"b","donations":6}],"deep":{"x":1,"y":[1,2]}}"#

    /// The times of a document, its version and how many versions are kept.
    private struct Look: Equatable {
        var updated: String?
        var checked: String?
        var changed: String?
        var version: Int?
        var history: Int
    }

    private func look(_ mirror: Mirror) async throws -> Look {
        let meta = try #require(try await mirror.get("/v1/up/item/a?envelope=1").json["meta"])
        let history = try await mirror.get("/v1/up/item/a/history").json.list("versions").count
        return Look(
            updated: meta.text("last_updated"), checked: meta.text("checked_at"), changed: meta.text("changed_at"),
            version: meta.integer("version"), history: history)
    }

    /// Refetches and expects that only the two times that say "looked" have moved.
    private func expectQuiet(_ mirror: Mirror, _ note: String) async throws {
        let before = try await look(mirror)
        #expect(try await mirror.refreshNow("up.item", "a") == "done")
        let after = try await look(mirror)
        #expect(try #require(after.updated) > (try #require(before.updated)), "\(note): last_updated moves")
        #expect(try #require(after.checked) > (try #require(before.checked)), "\(note): checked_at moves")
        #expect(after.changed == before.changed, "\(note): changed_at stays")
        #expect(after.version == before.version, "\(note): version stays")
        #expect(after.history == before.history, "\(note): no history row")
    }

    private func events(_ mirror: Mirror) async throws -> [String] {
        try await mirror.withStoreCopy { try await $0.events(after: 0, limit: 1000).events.map(\.type) }
    }

    @Test func `an identical refetch is no news, with keys in another order, other spacing or a 304`() async throws {
        let upstream = ScriptedUpstream()
        upstream.set("/items/a", Self.document)
        for sendsETag in [false, true] {
            try await withMock(upstream, { $0.sendsETag = sendsETag }) { mock, url in
                let mirror = try Mirror(Self.config(url))
                try await mirror.start()
                upstream.set("/items/a", Self.document)
                try await mirror.warm("/v1/up/item/a")
                try await expectQuiet(mirror, "identical")
                if sendsETag {
                    #expect(mock.counters().keys.contains { $0.statuses[304] != nil }, "the condition was sent")
                } else {
                    try mock.setFaults("reorder-keys")
                    for turn in 1...3 { try await expectQuiet(mirror, "reordered \(turn)") }
                    try mock.setFaults()
                    upstream.set("/items/a", Self.document.map { $0 == "," ? " ,\n\t" : String($0) }.joined())
                    try await expectQuiet(mirror, "other spacing")
                    #expect(try await mirror.get("/v1/up/item/a").text.contains("\t"), "the bytes are upstream's")
                }
                try await mirror.stop()
                #expect(try await events(mirror) == ["dataset.updated"])
            }
        }
    }

    @Test func `a change in ignored paths is served, quietly; any other is news`() async throws {
        let upstream = ScriptedUpstream()
        upstream.set("/items/a", Self.document)
        try await withMock(upstream, { $0.sendsETag = false }) { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            let first = try await mirror.warm("/v1/up/item/a")
            let quiet = Self.document.replacing("\"seen\":1", with: "\"seen\":2").replacing(":6}", with: ":66}")
            upstream.set("/items/a", quiet)
            try await expectQuiet(mirror, "ignored paths")
            let second = try await mirror.get("/v1/up/item/a")
            #expect(second.text == quiet)
            #expect(second.header("ETag") != first.header("ETag"), "other bytes, another tag")
            let before = try await look(mirror)
            let news = quiet.replacing("\"x\":1", with: "\"x\":1.0000000000000000001")
            upstream.set("/items/a", news)
            try await mirror.refreshNow("up.item", "a")
            let after = try await look(mirror)
            #expect(after.version == 2 && after.history == 2)
            #expect(try #require(after.changed) > (try #require(before.changed)))
            #expect(try await mirror.get("/v1/up/item/a").text == news)
            try await mirror.stop()
            #expect(try await events(mirror) == ["dataset.updated", "dataset.updated"])
        }
    }

    @Test func `exact numbers survive byte for byte, on every surface and over a restart`() async throws {
        let numbers = """
            {"long":123456789012345678901234567890,"less":-98765432109876543210,"small":1e-09,"big":1E+400,"money":0.123456789012345678,\
            "zero":-0.0,"trailing":1.10,"text":"\\u00e9 \\/ é","wei":115792089237316195423570985008687907853269984665640564039457584007913129639935}
            """
        let upstream = ScriptedUpstream()
        upstream.set("/items/a", numbers)
        try await withMock(upstream, { $0.sendsETag = false }) { mock, url in
            let mirror = try Mirror(Self.config(url))
            try await mirror.start()
            try await mirror.warm("/v1/up/item/a")
            for restart in 0..<2 {
                if restart == 1 {
                    try await mirror.kill9()
                    try await mirror.start()
                }
                #expect(try await mirror.get("/v1/up/item/a").text == numbers)
                #expect(try await mirror.get("/proxy/up/items/a").text == numbers)
                let data = try #require(try await mirror.get("/v1/up/item/a?envelope=1").json["data"])
                #expect(data.rawText == numbers)
                let versions = try await mirror.get("/v1/up/item/a/history?bodies=1").json.list("versions")
                #expect(versions.first?["data"]?.rawText == numbers)
            }
            // One digit in the thirtieth place is a change.
            upstream.set("/items/a", numbers.replacing("567890,", with: "567891,"))
            try await mirror.refreshNow("up.item", "a")
            #expect(try await look(mirror).version == 2)
            try await mirror.stop()
        }
    }
}
