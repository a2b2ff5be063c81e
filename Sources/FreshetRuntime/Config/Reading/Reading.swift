/// What has been found so far while a file is read.
struct Reading: Sendable {
    let file: String
    private(set) var problems: [ConfigProblem] = []
    private(set) var warnings: [ConfigProblem] = []
    /// Paths of map entries that were left out because of a problem.
    var unusable: Set<String> = []
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

    /// Addresses appear in status, logs and metrics, so a variable that speaks of a credential is out of place there.
    mutating func warnOfSecret(inAddress node: ConfigNode) {
        guard let scalar = node.scalar, scalar.origin == .interpolated else { return }
        let names = scalar.written.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }).map(
            String.init)
        guard let name = names.first(where: Redaction.isSensitive), scalar.written.contains("${env:\(name)") else {
            return
        }
        warning(
            node.mark, node.path,
            "addresses are shown in status and logs, and \(name) sounds like a credential; put it under auth if the API allows"
        )
    }

    private func make(_ mark: ConfigMark, _ path: String, _ message: String) -> ConfigProblem {
        ConfigProblem(file: file, line: mark.line, column: mark.column, path: path, message: message)
    }
}
