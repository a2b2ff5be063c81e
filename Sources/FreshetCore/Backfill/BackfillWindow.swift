/// The values that one parameter of a dataset runs through in a historical load, first to last.
///
/// Whole numbers (`2018`), days (`2024-03-01`, `20240301`) and months (`2024-03`) are understood; values are written as the
/// first one is.
public struct BackfillWindow: Sendable, Hashable {
    /// The most values that one load may run through.
    public static let limit = 1_000_000

    /// The first value.
    public let from: String
    /// The last value that may come.
    public let to: String
    /// What lies between two values: a count for numbers, a period of days or months otherwise.
    public let step: String?
    private let form: Form
    private let first: Int
    private let stride: Int
    /// How many values there are, at least 1.
    public let count: Int

    private enum Form: Sendable, Hashable {
        case number
        /// Days, with or without hyphens.
        case day(hyphens: Bool)
        case month
    }

    /// Creates a window.
    ///
    /// - Parameters:
    ///   - from: The first value.
    ///   - to: The last value, not before the first.
    ///   - step: For numbers a number; for days `P1D`, `P1W`; for months `P1M`, `P1Y`. One unit unless given.
    /// - Throws: ``BackfillError`` with a sentence for a person.
    public init(from: String, to: String, step: String? = nil) throws(BackfillError) {
        guard let start = BackfillWindow.read(from) else { throw .value(from) }
        guard let end = BackfillWindow.read(to), end.form == start.form else { throw .mixed(from, to) }
        guard end.place >= start.place else { throw .backwards(from, to) }
        (self.from, self.to, self.step) = (from, to, step)
        (form, first) = start
        stride = try BackfillWindow.stride(step, form: start.form)
        let (span, isTooLong) = end.place.subtractingReportingOverflow(start.place)
        guard !isTooLong, span / stride < BackfillWindow.limit else { throw .tooMany(BackfillWindow.limit) }
        count = span / stride + 1
    }

    /// The value at a place, from 0 to ``count`` - 1.
    public func value(at index: Int) -> String {
        let place = first + index * stride
        switch form {
        case .number: return String(place)
        case .month: return "\(pad(place / 12, 4))-\(pad(place % 12 + 1, 2))"
        case .day(let hyphens):
            let date = CivilDate(Timestamp(microseconds: Int64(place) * 86_400_000_000))
            let parts = [pad(date.year, 4), pad(date.month, 2), pad(date.day, 2)]
            return parts.joined(separator: hyphens ? "-" : "")
        }
    }

    private func pad(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func read(_ text: String) -> (form: Form, place: Int)? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isAllDigits = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        guard isAllDigits else { return nil }
        switch parts.map(\.count) {
        case [4, 2]:
            guard let year = Int(parts[0]), let month = Int(parts[1]), (1...12).contains(month) else { return nil }
            return (.month, year * 12 + month - 1)
        case [4, 2, 2]:
            return day(parts[0], parts[1], parts[2]).map { (.day(hyphens: true), $0) }
        case [8]:
            let digits = parts[0]
            let day = day(digits.prefix(4), digits.dropFirst(4).prefix(2), digits.suffix(2))
            return day.map { (.day(hyphens: false), $0) }
        case let lengths where lengths.count == 1:
            // A number that would lose its leading zeros is not taken for one.
            guard let number = Int(text), String(number) == text else { return nil }
            return (.number, number)
        default: return nil
        }
    }

    private static func day(_ year: Substring, _ month: Substring, _ day: Substring) -> Int? {
        guard let year = Int(year), let month = Int(month), let day = Int(day), (1...12).contains(month),
            (1...CivilDate.daysInMonth(year: year, month: month)).contains(day)
        else { return nil }
        return Int(CivilDate(year: year, month: month, day: day).timestamp.microseconds / 86_400_000_000)
    }

    private static func stride(_ step: String?, form: Form) throws(BackfillError) -> Int {
        guard let step else { return 1 }
        if form == .number {
            guard let number = Int(step), number >= 1 else { throw .step(step, want: "a whole number from 1") }
            return number
        }
        guard let period = try? Period(parsing: step), period.time == .zero else {
            throw .step(step, want: form == .month ? "months, such as P1M or P1Y" : "days, such as P1D or P1W")
        }
        switch form {
        case .month where period.days == 0 && period.months >= 1: return period.months
        case .day where period.months == 0 && period.days >= 1: return period.days
        default: throw .step(step, want: form == .month ? "months, such as P1M or P1Y" : "days, such as P1D or P1W")
        }
    }
}

/// Why a historical load cannot begin.
public enum BackfillError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The value is neither a number nor a day or month.
    case value(String)
    /// The ends are written in different ways.
    case mixed(String, String)
    /// The last value comes before the first.
    case backwards(String, String)
    /// The step does not fit the values.
    case step(String, want: String)
    /// There would be more values than this.
    case tooMany(Int)

    /// What is wrong and what would be right.
    public var description: String {
        switch self {
        case .value(let text): "\"\(text)\" is not a number, a day (2024-03-01) or a month (2024-03)"
        case .mixed(let from, let to):
            "\"\(from)\" and \"\(to)\" are not written alike; write both as numbers, days or months"
        case .backwards(let from, let to): "\"\(to)\" comes before \"\(from)\"; give the earlier one first"
        case .step(let step, let want): "\"\(step)\" cannot be the step here; it must be \(want)"
        case .tooMany(let limit):
            "there are more than \(limit) values between the ends; take a shorter window or a longer step"
        }
    }
}
