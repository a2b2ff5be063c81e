/// Why rows do not make a document.
public struct RebuildError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path of the table at fault.
    public let table: [String]
    /// What is wrong; no values.
    public let reason: String

    /// One sentence with the table and the reason.
    public var description: String {
        "The rows of \(table.joined(separator: " / ")) make no document: \(reason). Replay the document to rebuild them."
    }
}
