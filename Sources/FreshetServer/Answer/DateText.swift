import FreshetCore

/// Dates as text, for many answers in a row: they lie in few days, whose text is kept.
struct DateText {
    /// A day's midnight as text; what fills it up means nothing.
    private struct Day {
        var start = Int64.min
        var text = SIMD32<UInt8>()
    }

    private static let secondsPerDay: Int64 = 86_400
    private static let slots = 8

    private var http = [Day](repeating: Day(), count: DateText.slots)
    private var iso = [Day](repeating: Day(), count: DateText.slots)

    /// IMF-fixdate: the same text as ``Timestamp/httpDate``.
    mutating func writeHTTP(_ moment: Timestamp, to writer: inout ByteWriter) {
        guard let (second, text) = DateText.find(moment, in: &http, { $0.httpDate($1) }) else {
            return writer.text(moment.httpDate)
        }
        writer.template(text, length: 29, clock: 17, second)
    }

    /// RFC 3339 in UTC to the second.
    mutating func writeRFC3339(_ moment: Timestamp, to writer: inout ByteWriter) {
        guard let (second, text) = DateText.find(moment, in: &iso, { $0.rfc3339($1) }) else {
            return writer.text(Timestamp(seconds: moment.seconds).rfc3339)
        }
        writer.template(text, length: 20, clock: 11, second)
    }

    /// The second within the moment's day, and the day's text; `nil` outside the years 1970 to 9999.
    private static func find(
        _ moment: Timestamp, in days: inout [Day], _ write: (inout ByteWriter, Timestamp) -> Void
    ) -> (second: Int, text: SIMD32<UInt8>)? {
        let seconds = moment.seconds
        guard (0..<253_402_300_800).contains(seconds) else { return nil }
        let (day, second) = seconds.quotientAndRemainder(dividingBy: secondsPerDay)
        let index = Int(truncatingIfNeeded: day) & (slots - 1)
        let start = seconds - second
        if days[index].start != start {
            days[index] = Day(
                start: start,
                text: withUnsafeTemporaryAllocation(byteCount: 32, alignment: 32) { memory in
                    memory.initializeMemory(as: UInt8.self, repeating: 0)
                    var writer = ByteWriter(memory)
                    write(&writer, Timestamp(seconds: start))
                    return memory.load(as: SIMD32<UInt8>.self)
                })
        }
        return (Int(second), days[index].text)
    }
}
