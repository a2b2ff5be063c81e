/// One difference between two documents.
public struct JSONChange: Hashable, Sendable {
    /// What happened to a value.
    public enum Kind: String, Hashable, Sendable {
        /// It is in the new document only.
        case added
        /// It is in the old document only.
        case removed
        /// It is in both, with different content.
        case changed
        /// It is an array whose elements, known by their identity, stand in another order; what changed in them is
        /// told separately.
        case reordered
    }

    /// Where it happened: in the old document for what was removed, otherwise in the new one.
    public let path: JSONPath
    /// What happened.
    public let kind: Kind
    /// The exact old text; nil for what was added or reordered, and when it is longer than the limit.
    public let old: String?
    /// The exact new text; nil for what was removed or reordered, and when it is longer than the limit.
    public let new: String?

    /// Writes an object with `path`, `change`, and `old` and `new` (as JSON, not as text in a string) as far as they
    /// are known.
    /// - Parameter json: A writer that expects a value.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("path", path.description)
        json.field("change", kind.rawValue)
        if let old { json.field("old", raw: old.utf8) }
        if let new { json.field("new", raw: new.utf8) }
        json.endObject()
    }
}
