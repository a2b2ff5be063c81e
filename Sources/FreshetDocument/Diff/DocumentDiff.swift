/// What differs between two documents, field by field.
///
/// The order of an object's keys, white space and the way strings are escaped make no difference; number texts are
/// compared exactly; of repeated keys the last counts. There are no changes exactly when the ``Fingerprint``s of the two are
/// equal under the same ignore set.
///
/// **Arrays.** Elements are matched by the member that ``DiffKeys`` declares for the array; without a declaration (or when
/// it does not hold) by the first of `id`, `tag`, `key` and `name` that every element of both arrays has as a string or
/// number, unique in each. Other arrays are aligned: equal elements that keep their order stay, and what lies between them
/// is compared by position. That takes time in the order of n log n, and finds a longest common run where elements do not
/// repeat.
///
/// **Order.** Applied one after the other to the old document, the changes give the new one (what is ignored aside). In an
/// array, removals come first, from the last to the first, then one `reorder`, then what is added, from the first to the
/// last, then what changed inside the elements, with the indexes that they have by then. An element that is ignored counts
/// for no index.
public struct DocumentDiff: Hashable, Sendable {
    /// How much is listed.
    public struct Limits: Hashable, Sendable {
        /// Differences to list, 0 or more.
        public var count = 200
        /// The longest old or new text to keep, in bytes.
        public var textBytes = 1024
        /// The bytes that the list may take, about.
        public var totalBytes = 32 << 10

        /// The limits of events.
        public init() {}

        /// Limits of one's own.
        public init(count: Int, textBytes: Int = 1024, totalBytes: Int = 32 << 10) {
            (self.count, self.textBytes, self.totalBytes) = (count, textBytes, totalBytes)
        }
    }

    /// The first differences, as many as the limits allow.
    public let changes: [JSONChange]
    /// How many there are.
    public let count: Int

    /// Whether there are more than are listed.
    public var isTruncated: Bool { count > changes.count }

    /// Whether nothing differs.
    public var isEmpty: Bool { count == 0 }

    /// Compares two values.
    /// - Parameters:
    ///   - old: What was there before.
    ///   - new: What is there now.
    ///   - ignoring: Paths, from these values as `$`, that do not count on either side.
    ///   - keys: What the elements of arrays are known by.
    ///   - limits: How much is listed; everything is counted.
    public init(
        from old: JSONValue, to new: JSONValue, ignoring: IgnoreSet = .none, keys: DiffKeys = .none,
        limits: Limits = Limits()
    ) {
        var machine = DiffMachine(ignoring: ignoring, keys: keys, limits: limits)
        machine.run(old, new)
        changes = machine.changes
        count = machine.count
    }

    /// Writes the members `changes`, `change_count` and `truncated` into an object.
    /// - Parameter json: A writer that expects a key.
    public func writeMembers(to json: inout JSONWriter) {
        json.key("changes")
        json.beginArray()
        for change in changes { change.write(to: &json) }
        json.endArray()
        json.key("change_count")
        json.int(count)
        json.key("truncated")
        json.bool(isTruncated)
    }
}
