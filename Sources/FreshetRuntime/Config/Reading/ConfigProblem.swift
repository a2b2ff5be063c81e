/// One thing that is wrong, or doubtful, in a configuration file, with the place where it stands.
///
/// The text never holds the value of a secret or of an interpolated variable: it shows what the file says.
public struct ConfigProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file as it was named, such as `freshet.yaml`, or `environment` for a variable.
    public let file: String
    /// The line, from 1; 0 when the problem is not about a line.
    public let line: Int
    /// The column, from 1, counted in Unicode scalars; 0 when the problem is not about a line.
    public let column: Int
    /// The keys that lead to the value, such as `sources.clash.limits[0].calls`; empty for the whole file.
    public let path: String
    /// What is wrong and what to write instead.
    public let message: String

    /// Creates a problem.
    public init(file: String, line: Int = 0, column: Int = 0, path: String = "", message: String) {
        (self.file, self.line, self.column) = (file, line, column)
        (self.path, self.message) = (path, message)
    }

    /// `file:line:column: path: message`, without the parts that do not apply.
    public var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        return path.isEmpty ? "\(place): \(message)" : "\(place): \(path): \(message)"
    }
}

/// Everything that is wrong with a configuration, found in one pass.
public struct ConfigProblems: Error, Sendable, CustomStringConvertible {
    /// At least one, in the order of the file.
    public let problems: [ConfigProblem]

    /// Sorts and stores the problems.
    public init(_ problems: [ConfigProblem]) { self.problems = problems.inOrderOfFile() }

    /// One line per problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension [ConfigProblem] {
    func inOrderOfFile() -> [ConfigProblem] {
        var seen: Set<ConfigProblem> = []
        return filter { seen.insert($0).inserted }.sorted {
            // `.env` comes before the file that uses it.
            ($0.file, $0.line, $0.column, $0.path, $0.message) < ($1.file, $1.line, $1.column, $1.path, $1.message)
        }
    }
}
