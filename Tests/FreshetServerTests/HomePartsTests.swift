import FreshetCore
import FreshetEngine
import Testing

@testable import FreshetServer

@Suite struct HomePartsTests {
    // MARK: History

    private let noon = Timestamp(seconds: 1_800_000_000 / 60 * 60)

    @Test func `calls are counted into the minute in which they were seen`() {
        var history = HomeHistory()
        history.add(["a": .init(calls: 100, failed: 7, live: 4, stale: 1)], at: noon)
        // What was before the first look belongs to no minute.
        #expect(history.minutes(of: "a", at: noon).last == .init(calls: 0, failed: 0, live: 4, stale: 1))
        history.add(["a": .init(calls: 103, failed: 8, live: 4, stale: 0)], at: noon + .seconds(10))
        history.add(["a": .init(calls: 110, failed: 8, live: 5, stale: 0)], at: noon + .seconds(70))
        let minutes = history.minutes(of: "a", at: noon + .seconds(70))
        #expect(minutes.count == 60 && minutes[57] == nil)
        #expect(minutes[58] == .init(calls: 3, failed: 1, live: 4, stale: 0))
        #expect(minutes[59] == .init(calls: 7, failed: 0, live: 5, stale: 0))
        #expect(HomeHistory.lately(minutes) == 3)
    }

    @Test func `an hour is kept, and sources are added up`() {
        var history = HomeHistory()
        for minute in 0..<200 {
            history.add(
                ["a": .init(calls: minute * 2, failed: 0, live: 1, stale: 1), "b": .init(calls: minute)],
                at: noon + .seconds(Int64(minute) * 60))
        }
        let end = noon + .seconds(199 * 60)
        #expect(history.total(at: end).allSatisfy { $0?.calls == 3 && $0?.freshShare == 0 })
        #expect(history.total(at: end + .seconds(3600)).allSatisfy { $0 == nil })
        #expect(history.minutes(of: "other", at: end).allSatisfy { $0 == nil })
    }

    @Test func `counters that begin anew and clocks that are set back do no harm`() {
        var history = HomeHistory()
        history.add(["a": .init(calls: 50)], at: noon)
        history.add(["a": .init(calls: 3)], at: noon + .seconds(60))
        #expect(history.total(at: noon + .seconds(60)).last??.calls == 0)
        history.add(["a": .init(calls: 4)], at: noon - .seconds(600))
        let minutes = history.total(at: noon - .seconds(600))
        #expect(minutes.last??.calls == 1 && minutes.dropLast().allSatisfy { $0 == nil })
    }

    @Test func `calls are told apart by source and outcome`() {
        let found = HomeDesk.calls([
            #"source="a",key_id="k",outcome="200""#: 5, #"source="a",key_id="k",outcome="404""#: 1,
            #"source="a",key_id="k",outcome="503""#: 2, #"source="b",key_id="none",outcome="timeout""#: 3,
            #"source="b",key_id="k",outcome="304""#: 4, "": 9,
        ])
        #expect(found == ["a": .init(calls: 8, failed: 2), "b": .init(calls: 7, failed: 3)])
    }

    // MARK: Events

    @Test(arguments: [
        ("dataset.updated", #"{"first":true,"origin":"upstream","bytes":32323}"#, "first load, 31 KiB"),
        (
            "dataset.updated", #"{"first":true,"origin":"fallback","bytes":10}"#,
            "filler, not from upstream, first load, 10 B"
        ),
        (
            "dataset.updated",
            #"{"first":false,"changes":[{"op":"replace","path":"/a","before":1.0,"after":2},{"op":"add","path":"/b","after":"x"},{"op":"remove","path":"/c"}],"change_count":9}"#,
            #"/a 1.0 → 2, /b added "x", and 7 more"#
        ),
        (
            "dataset.updated",
            #"{"changes":[{"op":"remove","path":"/c","before":null,"before_omitted":true},{"op":"reorder","path":"/d","order":[1,0]}],"change_count":2}"#,
            "/c removed …, /d in another order"
        ),
        ("schema.changed", #"{"table":"clans","version":2,"changes":["added a"]}"#, "clans version 2: added a"),
        ("key.parked", #"{"message":"refused","key_id":"5e2e"}"#, "5e2e: refused"),
        ("job.dead", #"{"kind":"timeout","message":"gave up"}"#, "gave up"),
        ("custom.note", #"{"sender":"c_1","a":[1, 2],"b":"t"}"#, #"a [1, 2], b "t""#),
        ("custom.note", "not json", ""),
    ])
    func `an event is told in one line`(type: String, payload: String, line: String) {
        #expect(HomeNews.line(type, Array(payload.utf8)) == line)
    }

    @Test func `the newest fifty events are kept, newest first`() {
        var news = HomeNews()
        let event = { (offset: Int64) in
            Event(
                offset: offset, at: Timestamp(seconds: offset), type: "custom.a", source: nil, document: nil,
                payload: Array("{}".utf8))
        }
        news.add((1...40).map(event), epoch: "e", newest: 40)
        news.add((41...70).map(event), epoch: "e", newest: 70)
        #expect(news.items.count == 50 && news.items.first?.id == "e:70" && news.items.last?.id == "e:21")
        var stale = event(71)
        stale.type = "dataset.stale"
        news.add([stale], epoch: "e", newest: 71)
        #expect(news.items.first?.id == "e:70" && news.place?.offset == 71, "staleness is shown in numbers")
        news.add([], epoch: "f", newest: 0)
        #expect(news.items.isEmpty && news.place == EventPlace(epoch: "f", offset: 0))
    }

    // MARK: Words

    @Test func `states have a word and a sign of their own`() {
        var status = SourceStatus(name: "a")
        #expect(HomeState(status).word == "ok" && HomeState(nil).word == "unknown")
        status.health = .limited
        #expect(HomeState(status).sign == "◐")
        status.health = .down
        let words = ["breaker-open", "maintenance", "stopped", "key-parked"].map { condition in
            status.condition = condition
            return HomeState(status)
        }
        #expect(words.map(\.word) == ["down", "maintenance", "stopped", "no key"])
        #expect(Set(words.map(\.sign)).count == 4)
        status.condition = "key-disabled"
        #expect(HomeState(status).next.contains("replace the key"))
    }

    @Test func `numbers are short`() {
        #expect(HomeText.count(1_234_567) == "1\u{202F}234\u{202F}567" && HomeText.count(999) == "999")
        #expect(HomeText.percent(0.9999) == "99 %" && HomeText.percent(1) == "100 %")
        #expect(
            HomeText.bytes(1023) == "1023 B" && HomeText.bytes(1536) == "1.5 KiB"
                && HomeText.bytes(32 << 20) == "32 MiB")
        #expect(HomeText.window(.seconds(3600)) == "1 h" && HomeText.window(.milliseconds(1500)) == "1500 ms")
        #expect(HomeText.span(-5) == "0 s" && HomeText.span(7199) == "119 min" && HomeText.span(200_000) == "2 d")
    }

    @Test func `text put into HTML is escaped, HTML is not`() {
        let inner: HTML = "<b>\("a&b")</b>"
        let outer: HTML = "<p title=\"\("\"'<>")\">\(inner)\([inner, inner])\(3)</p>"
        #expect(outer.text == "<p title=\"&quot;&#39;&lt;&gt;\"><b>a&amp;b</b><b>a&amp;b</b><b>a&amp;b</b>3</p>")
    }
}
