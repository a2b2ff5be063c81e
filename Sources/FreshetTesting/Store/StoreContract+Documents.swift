import FreshetCore

private typealias F = ContractFixture

extension StoreContract {
    static let documents: [Check] = [
        Check("a document that was never asked for is nil") { f in
            let missing = try await f.store.document(F.id("A"))
            try expect(missing == nil, "nil for a document never asked for")
            try await f.enqueue("A")
            let queued = try await f.store.document(F.id("A"))
            try expect(queued == nil, "a queued job is not a document")
        },
        Check("first content becomes version 1 and is read back byte for byte") { f in
            let body = "{\"n\":1e-09,\"big\":123456789012345678901234567890,\"nul\":\"\0\",\"ü\":\"日本\"}"
            let validators = Validators(etag: "W/\"x\"", lastModified: "Sun, 06 Nov 1994 08:49:37 GMT")
            let result = try await f.commit("#UV0YR2Q8/ä", F.content(body, validators: validators), at: 5)
            try expectEqual(result.effect, .newVersion)
            let found = try await f.document("#UV0YR2Q8/ä")
            try expectEqual(found.body, Array(body.utf8), "the body")
            try expectEqual(found.state, result.state, "the state read back")
            try expectEqual(found.state.presence, .live)
            try expectEqual(found.state.version, 1)
            try expectEqual(found.state.lastUpdated, F.t(5))
            try expectEqual(found.state.changedAt, F.t(5))
            try expectEqual(found.state.freshUntil, F.t(65))
            try expectEqual(found.state.validators, validators)
        },
        Check("an identical refetch writes no version and no event but moves the times") { f in
            let event = NewEvent(type: "dataset.updated", source: "clash", document: F.id("A"))
            try await f.commit("A", F.content("{}"), at: 0, keeps: true, onChange: [event])
            let again = try await f.commit("A", F.content("{}"), at: 10, keeps: true, onChange: [event])
            try expectEqual(again.effect, .stateOnly)
            try expect(again.events.isEmpty, "no event for an identical refetch")
            try expectEqual(again.state.lastUpdated, F.t(10))
            try expectEqual(again.state.checkedAt, F.t(10))
            try expectEqual(again.state.changedAt, F.t(0))
            try expectEqual(again.state.version, 1)
            let versions = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 10)
            try expectEqual(versions.count, 1, "versions after an identical refetch")
            let events = try await f.store.events(after: 0, limit: 10).events
            try expectEqual(events.count, 1, "events after an identical refetch")
        },
        Check("content that differs in form only replaces the body quietly") { f in
            let event = NewEvent(type: "dataset.updated", source: "clash")
            try await f.commit("A", F.content("{\"a\":1,\"b\":2}", meaning: "ab"), at: 0, keeps: true)
            let again = try await f.commit(
                "A", F.content("{\"b\":2,\"a\":1}", meaning: "ab"), at: 10, keeps: true, onChange: [event])
            try expectEqual(again.effect, .replaceBody)
            try expect(again.events.isEmpty, "no event for a quiet change")
            let found = try await f.document("A")
            try expectEqual(text(found.body), "{\"b\":2,\"a\":1}", "the newest form is served")
            try expectEqual(found.state.changedAt, F.t(0))
            let versions = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 10)
            try expectEqual(versions.map { text($0.body) }, ["{\"b\":2,\"a\":1}"], "one version, replaced in place")
            try expectEqual(versions.map(\.changedAt), [F.t(0)], "the version keeps its time")
        },
        Check("not modified moves the times, keeps the body, and takes new validators") { f in
            try await f.commit("A", F.content("{}", validators: Validators(etag: "\"1\"", lastModified: "x")), at: 0)
            let again = try await f.commit(
                "A", .notModified(validators: Validators(etag: "\"2\""), freshFor: .seconds(30)), at: 20)
            try expectEqual(again.effect, .stateOnly)
            let found = try await f.document("A")
            try expectEqual(text(found.body), "{}")
            try expectEqual(found.state.validators, Validators(etag: "\"2\"", lastModified: "x"))
            try expectEqual(found.state.freshUntil, F.t(50))
        },
        Check("a failure keeps the last good document and says why") { f in
            try await f.commit("A", F.content("{\"good\":1}"), at: 0)
            try await f.commit("A", .failed(F.note("timeout", at: F.t(9), status: nil)), at: 9)
            try await f.commit("A", .failed(F.note("upstream-503", at: F.t(19))), at: 19)
            let found = try await f.document("A")
            try expectEqual(text(found.body), "{\"good\":1}", "the good body stays")
            try expectEqual(found.state.presence, .live)
            try expectEqual(found.state.lastUpdated, F.t(0))
            try expectEqual(found.state.checkedAt, F.t(19))
            let failure = try require(found.state.failure, "the failure")
            try expectEqual(failure.kind, "upstream-503")
            try expectEqual(failure.count, 2, "failures in a row")
            try expectEqual(failure.status, 503)
            try expectEqual(failure.at, F.t(19))
            try await f.commit("A", F.content("{\"good\":1}"), at: 30)
            let healed = try await f.document("A")
            try expect(healed.state.failure == nil, "a success forgets the failure")
        },
        Check("a failure of an unknown key is remembered without a body") { f in
            try await f.commit("A", .failed(F.note()), at: 3)
            let found = try await f.document("A")
            try expectEqual(found.state.presence, .unknown)
            try expectEqual(found.body, [])
            try expectEqual(found.state.version, 0)
            try expectEqual(found.state.failure?.kind, "upstream-503")
        },
        Check("a 404 of an unknown key is missing, and content afterwards makes it live") { f in
            try await f.commit("A", F.notFound(), at: 0)
            let missing = try await f.document("A")
            try expectEqual(missing.state.presence, .missing)
            try expectEqual(missing.state.freshUntil, F.t(300))
            try await f.commit("A", F.content("{}"), at: 5)
            let live = try await f.document("A")
            try expectEqual(live.state.presence, .live)
            try expectEqual(live.state.version, 1)
            try expectEqual(live.state.consecutiveNotFound, 0)
        },
        Check("a known key is gone after enough 404s in a row, its body and history kept") { f in
            try await f.commit("A", F.content("{}"), at: 0)
            for second in 1...2 { try await f.commit("A", F.notFound(), at: Int64(second)) }
            let almost = try await f.document("A")
            try expectEqual(almost.state.presence, .live)
            try expectEqual(almost.state.consecutiveNotFound, 2)
            try await f.commit("A", F.notFound(), at: 3)
            let gone = try await f.document("A")
            try expectEqual(gone.state.presence, .gone)
            try expectEqual(text(gone.body), "{}", "the last good body is kept")
            let versions = try await f.store.versions(of: F.id("A"), since: nil, until: nil, limit: 10)
            try expectEqual(versions.count, 1, "history is kept")
            let back = try await f.commit("A", F.content("{}"), at: 9)
            try expectEqual(back.state.presence, .live)
            try expectEqual(back.state.version, 1)
        },
        Check("a success between 404s starts the count again") { f in
            try await f.commit("A", F.content("{}"), at: 0)
            for second in 1...2 { try await f.commit("A", F.notFound(), at: Int64(second)) }
            try await f.commit("A", F.content("{}"), at: 3)
            for second in 4...5 { try await f.commit("A", F.notFound(), at: Int64(second)) }
            let found = try await f.document("A")
            try expectEqual(found.state.presence, .live)
        },
        Check("fallback never displaces real content, and real content displaces fallback") { f in
            try await f.commit("A", F.content("filler", origin: .fallback), at: 0)
            let filler = try await f.document("A")
            try expectEqual(filler.state.origin, .fallback)
            let real = try await f.commit("A", F.content("real"), at: 1)
            try expectEqual(real.effect, .newVersion)
            let refused = try await f.commit("A", F.content("filler", origin: .fallback), at: 2)
            try expectEqual(refused.effect, .stateOnly)
            let found = try await f.document("A")
            try expectEqual(text(found.body), "real")
            try expectEqual(found.state.origin, .upstream)
        },
        Check("bodies may be empty, large, and of any bytes") { f in
            var random = SeededGenerator(seed: 7)
            let large = (0..<3_000_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            for (key, body) in [("empty", []), ("large", large), ("bytes", (0...255).map { UInt8($0) })] {
                let content = FetchedContent(
                    body: body, contentHash: F.hash(key), bodyHash: F.hash(key), freshFor: .seconds(1))
                try await f.commit(key, .content(content), at: 0)
                let found = try await f.document(key)
                try expect(found.body == body, "the \(key) body is read back byte for byte")
            }
            let keys = try await f.store.keys(of: F.clan, after: nil, limit: 10)
            try expectEqual(keys.map(\.bytes), [256, 0, 3_000_000], "bytes in the key list")
        },
        Check("documents of different datasets and sources do not meet") { f in
            try await f.commit("A", F.content("clan"), at: 0, in: F.clan)
            try await f.commit("A", F.content("player"), at: 0, in: F.player)
            let other = try await f.store.document(F.id("A", F.repo))
            try expect(other == nil, "nothing under the same key elsewhere")
            let player = try await f.document("A", in: F.player)
            try expectEqual(text(player.body), "player")
        },
        Check("keys come in binary order, page by page, without gap or repeat") { f in
            let keys = ["b", "B", "a/b", "a", "é", "Z", "aa", "~", "日", "#1", "_"]
            for key in keys { try await f.commit(key, F.content(key), at: 0) }
            try await f.commit("other", F.content("x"), at: 0, in: F.player)
            var (seen, after): ([String], String?) = ([], nil)
            while true {
                let page = try await f.store.keys(of: F.clan, after: after, limit: 3)
                seen += page.map(\.key)
                guard let last = page.last else { break }
                try expect(page.count <= 3, "a page holds at most its limit")
                after = last.key
            }
            let sorted = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            try expectEqual(seen, sorted, "all keys in binary order")
            let none = try await f.store.keys(of: F.repo, after: nil, limit: 3)
            try expect(none.isEmpty, "no keys in a dataset nobody asked for")
        },
    ]
}
