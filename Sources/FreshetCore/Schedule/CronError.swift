/// Why a text is not a cron expression.
public enum CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text has another number of fields than five.
    case fieldCount(Int)
    /// The text begins with `@` and is none of the known names.
    case unknownName(String)
    /// A part of a field is not in its range or not in a known form.
    case value(CronField, text: String)
    /// A range ends before it begins.
    case backwards(CronField, text: String)
    /// A step is not a number from 1 to the end of the field's range.
    case step(CronField, text: String)

    /// What is wrong and what is allowed, as the rest of a sentence.
    public var description: String {
        switch self {
        case .fieldCount(let count):
            "it has \(count) \(count == 1 ? "field" : "fields") instead of five: minute, hour, day of month, month, "
                + "day of week"
        case .unknownName(let text):
            "\"\(text)\" is unknown; allowed are \(CronExpression.namedExpressions.map(\.name).joined(separator: ", "))"
        case .value(let field, let text):
            "the \(field) cannot be \"\(text)\"; allowed are \(field.allowed)"
        case .backwards(let field, let text):
            "the \(field) range \"\(text)\" ends before it begins; allowed are \(field.allowed)"
        case .step(let field, let text):
            "the \(field) step in \"\(text)\" is not a number from 1 to \(field.range.upperBound)"
        }
    }
}
