/// Why a text is not a path that ``JSONPath`` understands.
public struct JSONPathError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text that was read.
    public let path: String
    /// The character at fault, counted in Unicode scalars from 1; one beyond the last when something is missing at
    /// the end.
    public let position: Int
    /// What is wrong, and what would be right.
    public let reason: String

    /// One sentence with the path, the place and the reason.
    public var description: String { "The path \"\(path)\" is wrong at character \(position): \(reason)." }
}
