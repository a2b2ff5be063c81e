/// A field of a cron expression, in the order in which they are written.
public enum CronField: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// 0...59.
    case minute
    /// 0...23.
    case hour
    /// 1...31.
    case dayOfMonth
    /// 1...12 or JAN...DEC.
    case month
    /// 0...7 or SUN...SAT; 0 and 7 are Sunday.
    case dayOfWeek

    /// The numbers that the field may hold.
    public var range: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// The field's name, such as `day of month`.
    public var description: String {
        switch self {
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    /// What may be written, for people.
    var allowed: String {
        let numbers =
            switch self {
            case .minute, .hour, .dayOfMonth: "\(range.lowerBound)-\(range.upperBound)"
            case .month: "1-12, JAN-DEC"
            case .dayOfWeek: "0-7, SUN-SAT"
            }
        return "*, \(numbers), ranges such as 2-4, steps such as */2, and lists of these"
    }

    /// The numbers that a text such as `1-5,30` or `*/15` names; Sunday is 0.
    func values(in text: Substring) throws(CronError) -> CronSet {
        var set = CronSet()
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard !item.isEmpty else { throw .value(self, text: String(text)) }
            try add(item, to: &set)
        }
        return set
    }

    private func add(_ item: Substring, to set: inout CronSet) throws(CronError) {
        let halves = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var step = 1
        if halves.count == 2 {
            guard let written = number(halves[1]), (1...range.upperBound).contains(written) else {
                throw .step(self, text: String(item))
            }
            step = written
        }
        // Sunday is written in two ways and counted once.
        let last = self == .dayOfWeek ? 6 : range.upperBound
        let span: ClosedRange<Int>
        if halves[0] == "*" {
            span = range.lowerBound...last
        } else {
            let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2, let low = value(ends[0]), var high = value(ends[ends.count - 1]) else {
                throw .value(self, text: String(item))
            }
            if ends.count == 2 {
                // SAT-SUN means the weekend.
                if self == .dayOfWeek, high < low, number(ends[1]) == nil { high += 7 }
                guard low <= high, high <= range.upperBound else { throw .backwards(self, text: String(item)) }
            } else if halves.count == 2 {
                high = max(low, last)
            }
            span = low...high
        }
        for value in stride(from: span.lowerBound, through: span.upperBound, by: step) {
            set.insert(self == .dayOfWeek ? value % 7 : value)
        }
    }

    private func value(_ text: Substring) -> Int? {
        guard let value = number(text) ?? word(text), range.contains(value) else { return nil }
        return value
    }

    /// A number written in digits only, without a sign.
    private func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }

    private func word(_ text: Substring) -> Int? {
        let words: [String] =
            switch self {
            case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
            case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
            default: []
            }
        return words.firstIndex(of: text.uppercased()).map { $0 + range.lowerBound }
    }
}

/// Numbers from 0 to 63.
struct CronSet: Hashable, Sendable {
    private var bits: UInt64 = 0

    mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }

    func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }

    /// The smallest number that is at least `value`.
    func first(from value: Int) -> Int? {
        let rest = (bits >> UInt64(value)) << UInt64(value)
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }

    func union(_ other: CronSet) -> CronSet { CronSet(bits: bits | other.bits) }

    func intersection(_ other: CronSet) -> CronSet { CronSet(bits: bits & other.bits) }

    init() {}

    private init(bits: UInt64) { self.bits = bits }
}
