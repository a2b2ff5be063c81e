import FreshetCore
import FreshetTesting
import Testing

@Suite struct TimeZoneDataTests {
    @Test(arguments: [
        ("2026-03-29T00:59:59Z", 3600), ("2026-03-29T01:00:00Z", 7200), ("2026-10-25T00:59:59Z", 7200),
        ("2026-10-25T01:00:00Z", 3600), ("2026-12-31T23:30:00Z", 3600), ("2040-07-01T00:00:00Z", 7200),
        ("2027-01-01T00:00:00Z", 3600), ("9999-07-01T00:00:00Z", 7200),
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

    @Test(arguments: [
        // 1 March is day 60 whether or not the year has a leap day; as an ordinal it is 59 or 60.
        ("AAA0BBB,J60/0,J61/0", "2024-03-01T12:00:00Z", 3600), ("AAA0BBB,J60/0,J61/0", "2026-03-01T12:00:00Z", 3600),
        ("AAA0BBB,J60/0,J61/0", "2024-02-29T12:00:00Z", 0), ("AAA0BBB,59/0,60/0", "2024-02-29T12:00:00Z", 3600),
        ("AAA0BBB,59/0,60/0", "2026-03-01T12:00:00Z", 3600),
        // Hours beyond the day, before and after it.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600),
        ("IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", 7200),
        ("IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", 10_800),
        // Daylight time all year.
        ("EST5EDT,0/0,J365/25", "2026-01-01T04:59:59Z", -14_400),
        ("EST5EDT,0/0,J365/25", "2026-01-01T05:00:00Z", -14_400),
        ("EST5EDT,0/0,J365/25", "2028-12-31T23:59:59Z", -14_400),
        ("AAA-1:02:03BBB-3:30,M1.1.0,M12.5.0", "2026-06-01T00:00:00Z", 12_600),
        ("AAA-1:02:03BBB-3:30,M1.1.0,M12.5.0", "2026-01-01T00:00:00Z", 3723),
    ])
    func `every form of the POSIX rule is followed`(rule: String, moment: String, offset: Int) {
        #expect(ZoneFixtures.zone(rule).offset(at: at(moment)) == offset)
    }

    @Test func `the transitions of the file come before the footer`() {
        let zone = ZoneFixtures.zone([(1000, 1), (2000, 0), (3000, 1)], [100, 200], "<+05>-5")
        let offsets = [0, 999, 1000, 1999, 2000, 2999].map { zone.offset(at: Timestamp(seconds: $0)) }
        #expect(offsets == [100, 100, 200, 200, 100, 100])
        #expect(zone.offset(at: Timestamp(seconds: 4000)) == 18_000)
        #expect(zone.nextChange(after: Timestamp(seconds: 999)) == Timestamp(seconds: 1000))
        #expect(zone.nextChange(after: Timestamp(seconds: 1000)) == Timestamp(seconds: 2000))
        #expect(zone.nextChange(after: Timestamp(seconds: 3000)) == nil)
    }

    @Test func `version 1 has 32-bit times and no footer`() throws {
        let zone = try TimeZoneData(parsing: ZoneFixtures.bytes([(-1000, 1)], [60, -3600], nil))
        #expect(zone.offset(at: Timestamp(seconds: -1001)) == 60)
        #expect(zone.offset(at: Timestamp(seconds: 9_000_000_000)) == -3600)
    }

    @Test func `without a rule the last offset stays`() {
        let zone = ZoneFixtures.zone([(1000, 1)], [60, -3600], "")
        #expect(zone.offset(at: at("2200-01-01")) == -3600)
        #expect(zone.nextChange(after: Timestamp(seconds: 1000)) == nil)
    }

    @Test func `the next change follows the rule year after year`() {
        var (moment, found): (Timestamp, [String]) = (at("2026-01-01"), [])
        while found.count < 4, let next = ZoneFixtures.newYork.nextChange(after: moment) {
            found.append(next.rfc3339)
            moment = next
        }
        #expect(
            found == ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2027-03-14T07:00:00Z", "2027-11-07T06:00:00Z"])
    }

    @Test func `transitions beyond every timestamp are no change`() {
        let zone = ZoneFixtures.zone([(-1 << 59, 0), (1 << 60, 1)], [0, 3600], "")
        #expect(zone.nextChange(after: at("2026-01-01")) == nil)
        for edge in [Int64.min, .max] {
            #expect(zone.offset(at: Timestamp(microseconds: edge)) == 0)
            _ = ZoneFixtures.berlin.offset(at: Timestamp(microseconds: edge))
        }
        #expect(ZoneFixtures.berlin.nextChange(after: Timestamp(microseconds: .max)) == nil)
    }
}

@Suite struct DamagedZoneDataTests {
    private static let whole = ZoneFixtures.bytes([(1000, 1), (2000, 0)], [100, 200], "CET-1CEST,M3.5.0,M10.5.0/3")

    @Test(arguments: [
        "E5", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0", "EST5EDT", "EST", "EST5EDT,M3.2.0,M11.1.0x", "EST99",
        "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J365", "EST5EDT,0,366", "EST5:60",
        "EST5EDT,M3.2.0/168,M11.1.0", "<EST5", "<E>5", ",", "EST5EDT,,", "EST-", "5", "EST5EDT,M3.2.0,M11.1.0/",
    ])
    func `a broken rule is refused`(rule: String) {
        #expect(throws: TimeZoneError.footer(rule)) { try TimeZoneData(parsing: ZoneFixtures.bytes([], [0], rule)) }
    }

    @Test func `a file cut anywhere is refused and never read past its end`() {
        for length in 0..<Self.whole.count {
            #expect(throws: TimeZoneError.self) { try TimeZoneData(parsing: Array(Self.whole.prefix(length))) }
        }
    }

    @Test func `files that contradict themselves are refused`() {
        func refuses(_ error: TimeZoneError, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(throws: error, sourceLocation: sourceLocation) { try TimeZoneData(parsing: bytes) }
        }
        refuses(.notZoneData, Array("not a zone file, not at all, not in any version of it".utf8))
        refuses(.notZoneData, ZoneFixtures.bytes([], [0], "", version: "1"))
        refuses(.malformed("its transitions are not in order"), ZoneFixtures.bytes([(2, 0), (2, 0)], [0], ""))
        refuses(.malformed("a transition has no type of local time"), ZoneFixtures.bytes([(2, 1)], [0], ""))
        refuses(.malformed("it has no type of local time"), ZoneFixtures.bytes([], [], ""))
        refuses(.malformed("local time is more than 26 h from UTC"), ZoneFixtures.bytes([], [93_601], ""))
        var huge = Self.whole
        huge.replaceSubrange(20..<44, with: [UInt8](repeating: 255, count: 24))
        refuses(.truncated, huge)
        // One leap second in a version 1 file.
        var leap = ZoneFixtures.bytes([], [0], nil) + [UInt8](repeating: 0, count: 8)
        leap[31] = 1
        refuses(.leapSeconds, leap)
    }

    @Test func `bytes changed at random are read or refused, and what is read can be used`() {
        var random = SeededGenerator(seed: 3)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = Self.whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let zone = try? TimeZoneData(parsing: bytes) else { continue }
            accepted += 1
            let moment = Timestamp(microseconds: Int64.random(in: .min ... .max, using: &random))
            #expect(abs(zone.offset(at: moment)) <= 26 * 3600)
            if let next = zone.nextChange(after: moment) { #expect(next > moment) }
        }
        #expect(accepted > 1000)
    }
}
