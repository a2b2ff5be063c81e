import FreshetCore
import FreshetDocument

extension Kind where Value == String {
    /// A JSONPath in the part of RFC 9535 that Freshet knows.
    static var jsonPath: Kind {
        Kind(type: .text("JSONPath", pattern: "^\\$")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a JSONPath such as \"$.items[*].id\"")
                return nil
            }
            do throws(JSONPathError) {
                _ = try JSONPath(scalar.text)
                return scalar.text
            } catch {
                reading.problem(
                    node, "\(node.found) is not a JSONPath: \(error.reason), at character \(error.position)")
                return nil
            }
        } show: {
            .text($0)
        }
    }

    /// A cron expression with five fields.
    static var cron: Kind {
        Kind(type: .text("cron expression")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a cron expression such as \"0 6 * * *\"")
                return nil
            }
            guard let fault = CronSyntax.fault(scalar.text) else { return scalar.text }
            reading.problem(node, "\(node.found) is not a cron expression: \(fault); write it such as \"0 6 * * *\"")
            return nil
        } show: {
            .text($0)
        }
    }
}

/// Whether a text has the form of a five-field cron expression.
enum CronSyntax {
    private static let fields: [(name: String, range: ClosedRange<Int>, words: [String])] = [
        ("minute", 0...59, []), ("hour", 0...23, []), ("day of month", 1...31, []),
        ("month", 1...12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        ("day of week", 0...7, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]

    static func fault(_ text: String) -> String? {
        let parts = text.split(separator: " ")
        guard parts.count == 5 else { return "it has \(parts.count) fields instead of five" }
        for (part, field) in zip(parts, fields) {
            for item in part.split(separator: ",", omittingEmptySubsequences: false)
            where !isGood(item, field.range, field.words) {
                return "the \(field.name) cannot be \"\(part)\""
            }
        }
        return nil
    }

    private static func isGood(_ item: Substring, _ range: ClosedRange<Int>, _ words: [String]) -> Bool {
        let halves = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if halves.count == 2 {
            guard let step = Int(halves[1]), step > 0 else { return false }
        }
        if halves[0] == "*" { return true }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { text -> Int? in
            let value = Int(text) ?? words.firstIndex(of: text.lowercased()).map { $0 + range.lowerBound }
            return value.flatMap { range.contains($0) ? $0 : nil }
        }
        guard ends.count == 1 || ends.count == 2, let first = ends[0], let last = ends[ends.count - 1] else {
            return false
        }
        return first <= last
    }
}
