import Yams

/// Says in plain words why a file is not YAML.
enum YAMLFault {
    static func explain(_ error: any Error, in text: String) -> (ConfigMark, String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let fault = error as? YamlError else { return (ConfigMark(line: 1, column: 1), "cannot be read as YAML") }
        switch fault {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = ConfigMark(line: mark.line, column: mark.column)
            if problem.hasPrefix("found undefined alias") {
                return (place, "this alias has no anchor: write &name before the value that *name repeats, above it")
            }
            if problem.hasPrefix("but found another document") {
                return (place, "a second document begins here: keep one, without ---")
            }
            if let hint = hint(problem, near: place, in: lines) { return (place, hint) }
            if let context, let open = unclosed(problem, context) {
                return (ConfigMark(line: context.mark.line, column: context.mark.column), open)
            }
            let where_ = context.map { " \($0.text) that starts in line \($0.mark.line)" } ?? ""
            return (place, "not YAML: \(problem)\(where_)")
        case .reader(let problem, let offset, _, _):
            let line = offset.map { text.prefix($0).count(where: \.isNewline) + 1 } ?? 1
            return (ConfigMark(line: line, column: 1), "not YAML: \(problem); the file must be UTF-8 text")
        default:
            return (ConfigMark(line: 1, column: 1), "cannot be read as YAML")
        }
    }

    /// Something that opens and never closes is shown where it opens.
    private static func unclosed(_ problem: String, _ context: YamlError.Context) -> String? {
        if problem.contains("unexpected end of stream"), context.text.contains("quoted scalar") {
            return "not YAML: the quote that opens here is not closed"
        }
        if problem.contains("did not find expected ',' or") {
            let bracket = context.text.contains("mapping") ? "{" : "["
            return "not YAML: the \(bracket) that opens here is not closed, or a comma is missing in it"
        }
        return nil
    }

    /// The mistakes that people make, recognised by the line at fault.
    private static func hint(_ problem: String, near mark: ConfigMark, in lines: [Substring]) -> String? {
        guard mark.line >= 1, mark.line <= lines.count else { return nil }
        let line = lines[mark.line - 1]
        if line.prefix(while: \.isWhitespace).contains("\t") || problem.contains("tab") {
            return "not YAML: a tab stands where YAML indents; use spaces"
        }
        for number in [mark.line, mark.line - 1] where number >= 1 {
            let text = lines[number - 1]
            if text.contains("${"), text.contains("{ ") || text.contains("[") {
                return "not YAML: a ${…} inside { } or [ ] needs quotes, such as [\"${env:NAME}\"]"
            }
        }
        if problem.contains("cannot start any token") {
            return "not YAML: a value that starts with %, @ or ` needs quotes"
        }
        if problem.contains("did not find expected node content") {
            return "not YAML: a value is missing here; is a [ or { above not closed?"
        }
        if problem.contains("mapping values are not allowed") {
            return
                "not YAML: a value cannot follow here; is the line above indented alike, and is a text with \": \" quoted?"
        }
        if problem.contains("could not find expected ':'") {
            return "not YAML: a key without \": \" stands here or just above"
        }
        if problem.contains("did not find expected key") || problem.contains("did not find expected '-'") {
            return "not YAML: this line is indented unlike the lines it belongs to"
        }
        return nil
    }
}
