import FreshetCore

/// An error rule as the file has it.
struct ErrorRuleDraft: Sendable {
    var statuses: [StatusRange]?
    var path: String?
    var equals: [String]?
    var effect = FailureClass.retry
    var duration: Duration?
    var place = Place()

    init() {}

    init(showing rule: ErrorRule) {
        statuses = rule.statuses.map { StatusRange.cover($0) }
        path = rule.path
        equals = rule.equals?.sorted { ($0.count, $0) < ($1.count, $1) }
        (effect, duration) = (rule.effect, rule.duration)
    }
}

/// One status such as 429, or a class such as `5xx`.
struct StatusRange: Sendable, Hashable {
    let range: ClosedRange<Int>

    var text: OrderedValue {
        range.count == 100 ? .text("\(range.lowerBound / 100)xx") : .int(range.lowerBound)
    }

    /// Whole classes first written as such, then the single statuses.
    static func cover(_ statuses: Set<Int>) -> [StatusRange] {
        var (rest, result) = (statuses, [StatusRange]())
        for hundred in 1...5 {
            let range = (hundred * 100)...(hundred * 100 + 99)
            if rest.isSuperset(of: range) {
                rest.subtract(range)
                result.append(StatusRange(range: range))
            }
        }
        return (result + rest.map { StatusRange(range: $0...$0) }).sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
}

/// The entries of `errors:`.
enum ErrorTable {
    static let rule = Section<ErrorRuleDraft>(
        "error_rule", at: "sources.<source>.errors[]",
        doc: "When an answer is an error although its status may be good, and what follows. "
            + "A rule needs `status`, `path` or both; where both are given, both must match.",
        example: "{ path: \"$.error.code\", equals: [5], then: wait, for: PT1M }",
        defaults: ErrorRuleDraft(), place: \.place,
        keys: [
            Key(
                "status", \.statuses, .optional(.oneOrMore(.status)), defaultWords: "every status",
                synonyms: ["statuses", "code"],
                "Statuses that the rule looks at: numbers, or a class such as `5xx`."),
            Key(
                "path", \.path, .optional(.jsonPath), synonyms: ["json", "jsonpath", "match"],
                "A JSONPath into the body; the rule needs a match there that is not null."),
            Key(
                "equals", \.equals, .optional(.oneOrMore(.comparable)), defaultWords: "any value but null",
                synonyms: ["equal", "value", "values", "is", "in"], "The values at `path` that count: texts or numbers."
            ),
            Key(
                "then", \.effect, .choice("a consequence"), required: true,
                synonyms: ["effect", "action", "do", "class"],
                "What follows: `retry` (may pass), `wait` (quota used up, not a failure), `park_key` (this key rests), "
                    + "`disable_key` (until the configuration changes), `stop_source` (nothing is sent for a while), "
                    + "`maintenance` (probe until it is over), `not_found` (as a 404), `permanent` (trying again cannot help)."
            ),
            Key(
                "for", \.duration, .optional(.duration()),
                defaultWords: "what the answer's headers say, else a default",
                synonyms: ["duration", "wait", "period"], "How long a wait, a parked key or a stopped source lasts."),
        ])

    /// The rule, or `nil` after a problem.
    static func make(_ draft: ErrorRuleDraft, _ node: ConfigNode, _ reading: inout Reading) -> ErrorRule? {
        if draft.statuses == nil, draft.path == nil {
            reading.problem(node, "would match every answer; give status, path or both")
            return nil
        }
        if draft.equals != nil, draft.path == nil {
            reading.problem(draft.place, "equals", "needs path: the JSONPath of the value to compare")
            return nil
        }
        let timed: Set<FailureClass> = [.wait, .parkKey, .stopSource, .retry, .maintenance]
        if draft.duration != nil, !timed.contains(draft.effect) {
            reading.warning(draft.place, "for", "means nothing with then: \(draft.effect.rawValue)")
        }
        return ErrorRule(
            statuses: draft.statuses.map { Set($0.flatMap(\.range)) }, path: draft.path,
            equals: draft.equals.map(Set.init), effect: draft.effect, duration: draft.duration)
    }
}

extension Kind where Value == String {
    /// A value to compare with: a text, or a number as it is written.
    fileprivate static var comparable: Kind {
        let text = Kind.text("value", example: "5")
        return Kind(type: text.type, read: text.read) { Int($0) == nil ? .text($0) : .bare($0) }
    }
}

extension Kind where Value == StatusRange {
    static var status: Kind {
        Kind(type: .either([.integer(100...599), .text("class such as `5xx`", pattern: "^[1-5]xx$")])) {
            node, reading in
            guard let text = node.scalar?.text.lowercased() else {
                reading.wrong(node, want: "a status such as 429, or a class such as 5xx")
                return nil
            }
            if let status = Int(text), (100...599).contains(status) { return StatusRange(range: status...status) }
            if text.count == 3, text.hasSuffix("xx"), let hundred = text.first?.wholeNumberValue,
                (1...5).contains(hundred)
            {
                return StatusRange(range: (hundred * 100)...(hundred * 100 + 99))
            }
            reading.problem(
                node, "\(node.found) is not an HTTP status: write a number such as 429, or a class such as 5xx")
            return nil
        } show: {
            $0.text
        }
    }
}

extension Kind where Value == [ErrorRule] {
    /// Rules, names of ready rules, or a list of both.
    static var errorRules: Kind {
        let rule = ErrorTable.rule.kind.converted {
            ErrorTable.make($0, $1, &$2)
        } back: {
            ErrorRuleDraft(showing: $0)
        }
        let preset = ConfigType.choice(ErrorPreset.names)
        let item = Kind(type: .either([preset, rule.type])) { node, reading in
            guard let scalar = node.scalar else { return rule.read(node, &reading).map { [$0] } }
            if let preset = ErrorPreset.all.first(where: { $0.name == scalar.text }) { return preset.rules }
            reading.problem(
                node,
                "there are no ready rules named \(node.found); "
                    + Suggestion.sentence(for: scalar.text, in: ErrorPreset.names, listing: "names"))
            return nil
        } show: { rules in
            rules.first.flatMap(rule.show)
        }
        let many = Kind<[[ErrorRule]]>.oneOrMore(item)
        return Kind(type: many.type) { node, reading in
            if node.isNull { return [] }
            return many.read(node, &reading)?.flatMap { $0 }
        } show: { rules in
            many.show(rules.map { [$0] })
        }
    }
}
