import FreshetCore

/// Builds TZif files, so that tests depend on no installed time zone database.
enum ZoneFixtures {
    static let berlin = zone([], [3600], "CET-1CEST,M3.5.0,M10.5.0/3")
    static let newYork = zone([], [-18_000], "EST5EDT,M3.2.0,M11.1.0")
    /// Half an hour of daylight saving time, in the southern summer.
    static let lordHowe = zone([], [37_800], "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")

    static func zone(_ transitions: [(Int64, Int)], _ types: [Int], _ footer: String) -> TimeZoneData {
        guard let zone = try? TimeZoneData(parsing: bytes(transitions, types, footer)) else {
            preconditionFailure("the fixture is malformed")
        }
        return zone
    }

    /// - Parameter transitions: The second and the index of the type from then on.
    static func bytes(_ transitions: [(Int64, Int)], _ types: [Int], _ footer: String?, version: UInt8 = 50) -> [UInt8]
    {
        var out: [UInt8] = []
        func number(_ value: Int64, _ size: Int) {
            for shift in (0..<size).reversed() { out.append(UInt8(truncatingIfNeeded: value >> Int64(8 * shift))) }
        }
        func block(_ size: Int) {
            out += Array("TZif".utf8) + [footer == nil ? 0 : version] + Array(repeating: 0, count: 15)
            for count in [0, 0, 0, transitions.count, types.count, 4] { number(Int64(count), 4) }
            for transition in transitions { number(transition.0, size) }
            for transition in transitions { out.append(UInt8(transition.1)) }
            for type in types {
                number(Int64(type), 4)
                out += [0, 0]
            }
            out += Array("ABC\0".utf8)
        }
        block(4)
        if let footer {
            block(8)
            out += [10] + Array(footer.utf8) + [10]
        }
        return out
    }
}

func at(_ text: String) -> Timestamp {
    guard let moment = Timestamp(rfc3339: text) else { preconditionFailure("\(text) is no moment") }
    return moment
}
