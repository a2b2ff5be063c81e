/// What has been found so far while a file is read.
struct Reading: Sendable {
    let file: String
    private(set) var problems: [ConfigProblem] = []
    private(set) var warnings: [ConfigProblem] = []
    /// Values that were not usable because of a problem that was reported before.
    private var silenced = 0

    /// Grows with everything that is wrong; a section compares it to know whether it was read in full.
    var faults: Int { problems.count + silenced }

    init(file: String) { self.file = file }

    mutating func problem(_ node: ConfigNode, _ message: String) { problem(node.mark, node.path, message) }

    mutating func problem(_ mark: ConfigMark, _ path: String, _ message: String) {
        problems.append(make(mark, path, message))
    }

    /// A problem with one key of a section, or with the section where the key is not given.
    mutating func problem(_ place: Place, _ key: String, _ message: String) {
        problem(place.keys[key] ?? place.mark, "\(place.path).\(key)", message)
    }

    mutating func problem(inFile file: String, line: Int = 0, _ path: String = "", _ message: String) {
        problems.append(ConfigProblem(file: file, line: line, column: line > 0 ? 1 : 0, path: path, message: message))
    }

    mutating func warning(_ mark: ConfigMark, _ path: String, _ message: String) {
        warnings.append(make(mark, path, message))
    }

    mutating func warning(_ place: Place, _ key: String, _ message: String) {
        warning(place.keys[key] ?? place.mark, "\(place.path).\(key)", message)
    }

    /// The value has the wrong shape: says what stands there and what to write.
    mutating func wrong(_ node: ConfigNode, want: String, hiding: Bool = false) {
        if node.isBroken {
            silenced += 1
            return
        }
        if node.isNull { return problem(node, "is empty; write \(want)") }
        problem(node, "found \(hiding ? node.foundKind : node.found); write \(want)")
    }

    private func make(_ mark: ConfigMark, _ path: String, _ message: String) -> ConfigProblem {
        ConfigProblem(file: file, line: mark.line, column: mark.column, path: path, message: message)
    }
}
