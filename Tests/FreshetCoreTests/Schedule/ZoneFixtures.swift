import FreshetCore

/// Builds TZif files, so that tests depend on no installed time zone database.
enum ZoneFixtures {
    static let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3")
    static let newYork = zone("EST5EDT,M3.2.0,M11.1.0")
    /// Half an hour of daylight saving time, in the southern summer.
    static let lordHowe = zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")
    /// Clocks change at midnight, so that a day begins at 1:00 or its first hour occurs twice.
    static let midnight = zone("<-04>4<-03>,M9.1.6/24,M4.1.6/24")
    /// Winter time is the exception: clocks are set back for it and forward from it.
    static let dublin = zone("IST-1GMT0,M10.5.0,M3.5.0/1")
    /// A day that never was (30 December 2011), as in Samoa, and one that was twice (1 June 2012).
    static let dateLine = zone(
        [(1_325_239_200, 1), (1_338_508_800, 0)], [-36_000, 50_400], "<-10>10")
    /// Local mean time with odd seconds, then a round offset.
    static let oddSeconds = zone([(1_767_225_600, 1)], [3208, 3600], "CET-1")

    static let all = [berlin, newYork, lordHowe, midnight, dublin, dateLine, oddSeconds]

    static func zone(_ footer: String) -> TimeZoneData { zone([], [0], footer) }

    static func zone(_ transitions: [(Int64, Int)], _ types: [Int], _ footer: String) -> TimeZoneData {
        guard let zone = try? TimeZoneData(parsing: bytes(transitions, types, footer)) else {
            preconditionFailure("the fixture is malformed")
        }
        return zone
    }

    /// A file whose transitions name the second and the index of the type from then on; without a footer, version 1.
    static func bytes(
        _ transitions: [(Int64, Int)], _ types: [Int], _ footer: String?, version: Unicode.Scalar = "2"
    ) -> [UInt8] {
        var out: [UInt8] = []
        func number(_ value: Int64, _ size: Int) {
            for shift in (0..<size).reversed() { out.append(UInt8(truncatingIfNeeded: value >> Int64(8 * shift))) }
        }
        func block(_ size: Int, _ transitions: [(Int64, Int)]) {
            out += Array("TZif".utf8) + [footer == nil ? 0 : UInt8(ascii: version)] + Array(repeating: 0, count: 15)
            for count in [0, 0, 0, transitions.count, types.count, 4] { number(Int64(count), 4) }
            for transition in transitions { number(transition.0, size) }
            for transition in transitions { out.append(UInt8(transition.1)) }
            for type in types {
                number(Int64(type), 4)
                out += [0, 0]
            }
            out += Array("ABC\0".utf8)
        }
        // Whoever reads the second block must not look at the first one's times.
        block(4, footer == nil ? transitions : [])
        if let footer {
            block(8, transitions)
            out += [10] + Array(footer.utf8) + [10]
        }
        return out
    }
}

func at(_ text: String) -> Timestamp {
    guard let moment = Timestamp(rfc3339: text) else { preconditionFailure("\(text) is no moment") }
    return moment
}

/// The first `count` times of an expression after a moment.
func runs(_ text: String, after: String, count: Int, zone: any ZoneRules = UTCRules()) throws -> [String] {
    let cron = try CronExpression(text)
    var (moment, found): (Timestamp, [String]) = (at(after), [])
    while found.count < count, let next = cron.next(after: moment, zone: zone) {
        found.append(next.rfc3339)
        moment = next
    }
    return found
}
