import FreshetCore

/// Numbers and times as the page shows them; home.js does the same.
enum HomeText {
    static func bytes(_ count: Int) -> String {
        switch count {
        case ..<1024: "\(count) B"
        case ..<(1 << 20): "\(tenth(count, 1 << 10)) KiB"
        case ..<(1 << 30): "\(tenth(count, 1 << 20)) MiB"
        default: "\(tenth(count, 1 << 30)) GiB"
        }
    }

    private static func tenth(_ count: Int, _ unit: Int) -> String {
        let tenths = count * 10 / unit
        return tenths >= 100 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    /// Groups of three digits: `12 345`, with spaces that do not break.
    static func count(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var out = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { out.append("\u{202F}") }
            out.append(digit)
        }
        return (number < 0 ? "−" : "") + out
    }

    /// A share as whole percents, rounded down: 100 % means all.
    static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded(.down))) %" }

    static func span(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(max(0, seconds)) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }

    /// A window: `1 s`, `10 min`, `1 h`, `1 d`; the largest unit that fits.
    static func window(_ window: Duration) -> String {
        let milliseconds = window.microseconds / 1000
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")]
        for (size, name) in units where milliseconds >= size && milliseconds % size == 0 {
            return "\(milliseconds / size) \(name)"
        }
        return "\(milliseconds) ms"
    }

    /// A moment without its fraction of a second.
    static func second(_ moment: Timestamp) -> Timestamp {
        Timestamp(microseconds: moment.microseconds - moment.microseconds % 1_000_000)
    }
}
