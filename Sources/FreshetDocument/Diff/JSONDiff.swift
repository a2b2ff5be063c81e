/// What differs between two documents, field by field.
///
/// The order of an object's keys, white space and the way strings are escaped make no difference; number texts are
/// compared exactly; of repeated keys the last counts. Arrays whose elements are all objects with a member `id`,
/// `tag`, `key` or `name` (the first of these that every element has, unique, as a string or number) are matched by
/// it; others by position. There are no changes exactly when the ``Fingerprint``s of the two are equal under the same
/// ignore set.
public struct JSONDiff: Hashable, Sendable {
    /// The differences, in the order of the old document, what was added to a container last.
    public let changes: [JSONChange]
    /// Whether there are more than the maximum.
    public let isTruncated: Bool

    /// Compares two values.
    /// - Parameters:
    ///   - old: What was there before.
    ///   - new: What is there now.
    ///   - ignoring: Paths, from these values as `$`, that do not count on either side.
    ///   - maximumCount: Differences to list, 0 or more.
    ///   - maximumTextBytes: The longest old or new text to keep, in bytes; longer ones are left out.
    public init(
        from old: JSONValue, to new: JSONValue, ignoring: IgnoreSet = .none, maximumCount: Int = 100,
        maximumTextBytes: Int = 1_024
    ) {
        var machine = DiffMachine(ignoring: ignoring, maximumCount: maximumCount, maximumTextBytes: maximumTextBytes)
        machine.run(old, new)
        changes = machine.changes
        isTruncated = machine.isTruncated
    }

    /// Whether nothing differs.
    public var isEmpty: Bool { changes.isEmpty && !isTruncated }

    /// Writes the differences as an array of objects, as ``JSONChange/write(to:)``.
    /// - Parameter json: A writer that expects a value.
    public func write(to json: inout JSONWriter) {
        json.beginArray()
        for change in changes { change.write(to: &json) }
        json.endArray()
    }
}
