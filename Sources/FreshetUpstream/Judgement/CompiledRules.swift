import FreshetCore
import FreshetDocument

/// The error rules of a source with their paths read.
struct CompiledRules: Sendable {
    private struct Rule: Sendable {
        var rule: ErrorRule
        var path: JSONPath?
    }

    private let rules: [Rule]

    /// - Throws: When a path is wrong; the loader of the configuration refuses it long before.
    init(_ rules: [ErrorRule]) throws(JSONPathError) {
        var compiled: [Rule] = []
        for rule in rules {
            compiled.append(
                Rule(rule: rule, path: try rule.path.map { (path) throws(JSONPathError) in try JSONPath(path) }))
        }
        self.rules = compiled
    }

    /// Whether the body matters for an answer of this status.
    func needBody(status: Int) -> Bool {
        rules.contains { $0.path != nil && $0.rule.statuses?.contains(status) ?? true }
    }

    /// The first rule that matches.
    ///
    /// A rule without a path matches by status alone, and needs statuses to do so: otherwise it would match every
    /// answer.
    ///
    /// - Parameters:
    ///   - status: The answer's status.
    ///   - root: Its body, if that is JSON.
    /// - Returns: The rule as configured; `nil` when none matches.
    func match(status: Int, root: JSONValue?) -> ErrorRule? {
        rules.first { CompiledRules.matches($0, status: status, root: root) }?.rule
    }

    private static func matches(_ rule: Rule, status: Int, root: JSONValue?) -> Bool {
        if let statuses = rule.rule.statuses, !statuses.contains(status) { return false }
        guard let path = rule.path else { return rule.rule.statuses != nil }
        guard let root else { return false }
        let found = path.matches(in: root)
        guard let wanted = rule.rule.equals else { return found.contains { !$0.isNull } }
        return found.contains { text(of: $0).map(wanted.contains) ?? false }
    }

    /// A scalar as configuration writes it: strings decoded, everything else as it stands in the document.
    private static func text(of value: JSONValue) -> String? {
        switch value.kind {
        case .string: value.string
        case .number, .bool, .null: value.rawText
        case .object, .array: nil
        }
    }
}
