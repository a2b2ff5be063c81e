/// One difference between two documents.
public struct JSONChange: Hashable, Sendable {
    /// What happens to the old document at a path.
    public enum Operation: String, Hashable, Sendable {
        /// A member appears, or an element is put in at that index.
        case add
        /// A member or element goes.
        case remove
        /// A value becomes another one.
        case replace
        /// The elements of an array, known by a key, come to stand in another order; see ``JSONChange/order``.
        case reorder
    }

    /// What happens.
    public let operation: Operation
    /// Where: an RFC 6901 pointer into the document as the changes before this one leave it.
    public let pointer: String
    /// The same for people: a JSONPath in which an element that has a key is named by it, `$.members[?@.tag=='#2PP'].rank`.
    public let path: String
    /// The exact old text; `nil` for `add` and `reorder`, and when it is longer than the limit.
    public let before: String?
    /// The exact new text; `nil` for `remove` and `reorder`, and when it is longer than the limit.
    public let after: String?
    /// For `reorder`: at each place the index that its element had; empty for everything else.
    public let order: [Int]

    /// Creates a difference.
    public init(
        _ operation: Operation, pointer: String, path: String, before: String? = nil, after: String? = nil,
        order: [Int] = []
    ) {
        self.operation = operation
        self.pointer = pointer
        self.path = path
        self.before = before
        self.after = after
        self.order = order
    }

    /// Writes an object with `op`, `path`, `at`, and `before`, `after` (as JSON) and `order` as far as they are known.
    ///
    /// Values that are too long are `null` with `before_omitted` or `after_omitted` beside them.
    /// - Parameter json: A writer that expects a value.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("op", operation.rawValue)
        json.field("path", pointer)
        json.field("at", path)
        if operation == .remove || operation == .replace { write("before", before, to: &json) }
        if operation == .add || operation == .replace { write("after", after, to: &json) }
        if operation == .reorder {
            json.key("order")
            json.beginArray()
            for index in order { json.int(index) }
            json.endArray()
        }
        json.endObject()
    }

    private func write(_ name: String, _ text: String?, to json: inout JSONWriter) {
        json.key(name)
        guard let text else {
            json.null()
            json.key("\(name)_omitted")
            return json.bool(true)
        }
        json.raw(text.utf8)
    }

    /// The bytes that it takes in a list, about.
    var weight: Int {
        pointer.utf8.count + path.utf8.count + (before?.utf8.count ?? 0) + (after?.utf8.count ?? 0) + order.count * 5
            + 64
    }
}
