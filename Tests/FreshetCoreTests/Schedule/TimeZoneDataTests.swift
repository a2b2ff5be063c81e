import FreshetCore
import Testing

@Suite struct TimeZoneDataTests {
    @Test(arguments: [
        ("2026-03-29T00:59:59Z", 3600), ("2026-03-29T01:00:00Z", 7200), ("2026-10-25T00:59:59Z", 7200),
        ("2026-10-25T01:00:00Z", 3600), ("2026-12-31T23:30:00Z", 3600), ("2040-07-01T00:00:00Z", 7200),
    ])
    func `the footer's rule gives the offset of Berlin`(moment: String, offset: Int) {
        #expect(ZoneFixtures.berlin.offset(at: at(moment)) == offset)
    }

    @Test(arguments: [
        ("2026-04-04T14:59:59Z", 39_600), ("2026-04-04T15:00:00Z", 37_800), ("2026-10-03T15:29:59Z", 37_800),
        ("2026-10-03T15:30:00Z", 39_600), ("2027-01-01T00:00:00Z", 39_600),
    ])
    func `half an hour of summer time in the south works`(moment: String, offset: Int) {
        #expect(ZoneFixtures.lordHowe.offset(at: at(moment)) == offset)
    }

    @Test func `the transitions of the file come before the footer`() {
        let zone = ZoneFixtures.zone([(1000, 1), (2000, 0), (3000, 1)], [100, 200], "<+05>-5")
        #expect(
            [0, 999, 1000, 1999, 2000, 2999].map { zone.offset(at: Timestamp(seconds: $0)) } == [
                100, 100, 200, 200, 100, 100,
            ])
        #expect(zone.offset(at: Timestamp(seconds: 4000)) == 18_000)
        #expect(zone.nextTransition(after: Timestamp(seconds: 1000)) == Timestamp(seconds: 2000))
        #expect(zone.nextTransition(after: Timestamp(seconds: 3000)) == nil)
    }

    @Test func `version 1 has 32-bit times and no footer`() throws {
        let zone = try TimeZoneData(parsing: ZoneFixtures.bytes([(-1000, 1)], [60, -3600], nil))
        #expect(zone.offset(at: Timestamp(seconds: -1001)) == 60)
        #expect(zone.offset(at: Timestamp(seconds: 9_000_000_000)) == -3600)
    }

    @Test func `next transition follows the rule year after year`() {
        var (moment, found): (Timestamp, [String]) = (at("2026-01-01"), [])
        for _ in 0..<4 {
            guard let next = ZoneFixtures.newYork.nextTransition(after: moment) else { break }
            found.append(next.rfc3339)
            moment = next
        }
        #expect(
            found == [
                "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2027-03-14T07:00:00Z", "2027-11-07T06:00:00Z",
            ])
    }

    @Test(arguments: ["EST5EDT,J60/2,J300/2", "EST5EDT4,59,299", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "UTC0"])
    func `forms of the POSIX rule are read`(rule: String) {
        #expect(throws: Never.self) { try TimeZoneData(parsing: ZoneFixtures.bytes([], [0], rule)) }
    }

    @Test(arguments: ["E5", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0", "EST", "EST5EDT,M3.2.0,M11.1.0x", "EST99"])
    func `a broken rule is refused`(rule: String) {
        #expect(throws: TimeZoneDataError.self) { try TimeZoneData(parsing: ZoneFixtures.bytes([], [0], rule)) }
    }

    @Test func `a file cut anywhere is refused and never read past its end`() {
        let whole = ZoneFixtures.bytes([(1000, 1), (2000, 0)], [100, 200], "CET-1CEST,M3.5.0,M10.5.0/3")
        for length in 0..<whole.count {
            #expect(throws: TimeZoneDataError.self) { try TimeZoneData(parsing: Array(whole.prefix(length))) }
        }
    }
}
