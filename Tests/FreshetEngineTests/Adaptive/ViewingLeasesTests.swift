import FreshetCore
import Testing

@testable import FreshetEngine

@Suite struct ViewingLeasesTests {
    private let start = Timestamp(seconds: 1000)
    private func id(_ key: String) -> DocumentID { DocumentID(dataset: DatasetID(source: "s", name: "d"), key: key) }

    @Test func `a key is held for as long as the last of its viewers`() {
        var leases = ViewingLeases()
        #expect(
            leases.hold(id("A"), client: "x", until: start + .seconds(60), now: start)
                == .held(until: start + .seconds(60)))
        #expect(
            leases.hold(id("A"), client: "y", until: start + .seconds(90), now: start)
                == .held(until: start + .seconds(90)))
        #expect(leases.release(id("A"), client: "y", now: start) == start + .seconds(60))
        #expect(leases.release(id("A"), client: "x", now: start) == start, "nobody shows it any more")
        #expect(leases.release(id("A"), client: "x", now: start) == nil)
    }

    @Test func `nobody holds a key for longer than ten minutes at a time`() {
        var leases = ViewingLeases()
        let answer = leases.hold(id("A"), client: "x", until: start + .seconds(86_400), now: start)
        #expect(answer == .held(until: start + .seconds(600)))
    }

    @Test func `a client holds fifty keys, and more once some have ended`() {
        var leases = ViewingLeases()
        for number in 0..<50 {
            _ = leases.hold(id("\(number)"), client: "x", until: start + .seconds(60 + number), now: start)
        }
        #expect(
            leases.hold(id("new"), client: "x", until: start + .seconds(60), now: start)
                == .refused(until: start + .seconds(60)))
        #expect(
            leases.hold(id("3"), client: "x", until: start + .seconds(99), now: start)
                == .held(until: start + .seconds(99)))
        #expect(
            leases.hold(id("new"), client: "y", until: start + .seconds(60), now: start)
                == .held(until: start + .seconds(60)))
        let later = start + .seconds(61)
        #expect(
            leases.hold(id("new"), client: "x", until: later + .seconds(60), now: later)
                == .held(until: later + .seconds(60)))
    }
}
