import FreshetCore
import Glibc
import Testing

/// The installed time zone database.
private enum SystemZones {
    static func bytes(_ name: String) -> [UInt8]? {
        guard let file = fopen("/usr/share/zoneinfo/\(name)", "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 17)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }
}

/// Nothing is tested where no time zone database is installed.
@Suite(.enabled(if: SystemZones.bytes("Europe/Berlin") != nil))
struct SystemZoneTests {
    private func zone(_ name: String) throws -> TimeZoneData {
        try TimeZoneData(parsing: try #require(SystemZones.bytes(name)))
    }

    @Test(arguments: [
        ("Europe/Berlin", "1980-04-06T00:59:59Z", 3600), ("Europe/Berlin", "1980-04-06T01:00:00Z", 7200),
        ("Europe/Berlin", "2026-07-01T00:00:00Z", 7200), ("Europe/Berlin", "2037-10-25T01:00:00Z", 3600),
        ("Europe/Berlin", "2099-07-01T00:00:00Z", 7200), ("America/New_York", "2006-03-20T12:00:00Z", -18_000),
        ("America/New_York", "2007-03-20T12:00:00Z", -14_400), ("America/New_York", "2060-12-01T00:00:00Z", -18_000),
        ("Asia/Kolkata", "2026-01-01T00:00:00Z", 19_800), ("Asia/Kathmandu", "2026-01-01T00:00:00Z", 20_700),
        ("Pacific/Apia", "2011-12-30T09:59:59Z", -36_000), ("Pacific/Apia", "2011-12-30T10:00:00Z", 50_400),
        ("Europe/Dublin", "2026-01-01T00:00:00Z", 0), ("Europe/Dublin", "2050-07-01T00:00:00Z", 3600),
        ("Etc/UTC", "2026-01-01T00:00:00Z", 0),
    ])
    func `known moments have their known offset`(name: String, moment: String, offset: Int) throws {
        #expect(try zone(name).offset(at: at(moment)) == offset)
    }

    @Test(arguments: [("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"), ("America/New_York", "EST5EDT,M3.2.0,M11.1.0")])
    func `the file and its rule agree about this century`(name: String, rule: String) throws {
        let (file, footer) = (try zone(name), ZoneFixtures.zone(rule))
        var moment = at("2010-01-01")
        while let next = footer.nextChange(after: moment), next < at("2100-01-01") {
            #expect(file.nextChange(after: moment) == next)
            #expect(file.offset(at: next) == footer.offset(at: next))
            moment = next
        }
        #expect(moment > at("2099-06-01"))
    }

    @Test func `a time that clocks skip or show twice runs once`() throws {
        let (berlin, newYork) = (try zone("Europe/Berlin"), try zone("America/New_York"))
        #expect(
            try runs("30 2 * * *", after: "2026-03-28T12:00:00Z", count: 2, zone: berlin) == [
                "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z",
            ])
        #expect(
            try runs("30 1 * * *", after: "2026-10-31T12:00:00Z", count: 2, zone: newYork) == [
                "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z",
            ])
    }

    @Test func `changes are ordered and complete`() throws {
        for name in ["Europe/Berlin", "Africa/Casablanca", "America/St_Johns", "Pacific/Kwajalein", "Asia/Gaza"] {
            guard let zone = try? zone(name) else { continue }
            var (moment, changes) = (at("1800-01-01"), 0)
            while let next = zone.nextChange(after: moment), next < at("2100-01-01") {
                #expect(next > moment)
                // Between two changes the offset does not move.
                #expect(zone.offset(at: moment) == zone.offset(at: next - .seconds(1)))
                (moment, changes) = (next, changes + 1)
            }
            #expect(changes > 2)
        }
    }
}
