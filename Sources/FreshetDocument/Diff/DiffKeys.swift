/// By which member the elements of arrays are known, as a dataset declares it.
public struct DiffKeys: Hashable, Sendable {
    struct Rule: Hashable, Sendable {
        /// The array.
        let array: JSONPath
        /// The member of each element.
        let member: String
    }

    let rules: [Rule]

    /// Nothing declared: keys are guessed.
    public static let none = DiffKeys(rules: [])

    private init(rules: [Rule]) { self.rules = rules }

    /// Reads declarations.
    ///
    /// - Parameter declarations: By the path of the elements (`$.memberList[*]`) or of their array (`$.memberList`) the
    ///   member that no two of them share (`tag`).
    /// - Throws: What is wrong with a path.
    public init(_ declarations: [(path: String, member: String)]) throws(JSONPathError) {
        var rules: [Rule] = []
        for (text, member) in declarations {
            var path = try JSONPath(text)
            if let last = path.segments.last, last.selector == .any, !last.descends {
                path = JSONPath(segments: Array(path.segments.dropLast()))
            }
            rules.append(Rule(array: path, member: member))
        }
        self.rules = rules
    }

    /// What is declared for an array.
    func member(at path: DiffPath) -> String? {
        rules.first { path.isSelected(by: $0.array) }?.member
    }
}
