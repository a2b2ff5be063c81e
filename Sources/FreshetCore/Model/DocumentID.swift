/// The name of a dataset: one kind of document of one source, written `source.name`.
public struct DatasetID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The source, such as `clash`.
    public let source: String
    /// The dataset inside the source, such as `clan`.
    public let name: String

    /// Creates a dataset name from its two parts.
    public init(source: String, name: String) { (self.source, self.name) = (source, name) }

    /// Reads `source.name`; the source is what stands before the first dot.
    ///
    /// `nil` when a part is missing.
    public init?(_ text: String) {
        guard let dot = text.firstIndex(of: "."), dot != text.startIndex, text.index(after: dot) != text.endIndex
        else { return nil }
        self.init(source: String(text[..<dot]), name: String(text[text.index(after: dot)...]))
    }

    /// `source.name`.
    public var description: String { "\(source).\(name)" }

    /// Orders by source, then by name.
    public static func < (a: DatasetID, b: DatasetID) -> Bool { (a.source, a.name) < (b.source, b.name) }
}

/// The address of one document: a dataset and a key.
///
/// The key holds the parameter values in the order of the path template, joined by `/`; inside a value `/` and
/// `%` are percent-encoded. A dataset without parameters has one document, under the key `_`.
public struct DocumentID: Hashable, Sendable, CustomStringConvertible {
    /// The dataset.
    public let dataset: DatasetID
    /// The key, already normalised.
    public let key: String

    /// The key of the single document of a dataset without parameters.
    public static let singletonKey = "_"

    /// Creates an address from a dataset and a normalised key.
    public init(dataset: DatasetID, key: String) { (self.dataset, self.key) = (dataset, key) }

    /// `source.dataset/key`, for logs and messages.
    public var description: String { "\(dataset)/\(key)" }
}
