/// The comparison behind ``DocumentDiff``: a list of pairs still to compare instead of recursion, so that depth costs
/// memory, not stack.
struct DiffMachine {
    /// A value of one document and the ignore states that are active there.
    struct Side {
        let value: JSONValue
        let active: [Int]

        /// Whether both have the same text under the same ignored paths: equal without a closer look.
        func isSameText(as other: Side) -> Bool {
            let (one, two) = (value.byteRange, other.value.byteRange)
            guard one.count == two.count, active == other.active else { return false }
            return value.tape.bytes.withUnsafeBufferPointer { left in
                other.value.tape.bytes.withUnsafeBufferPointer { right in
                    JSONText.equal(.init(rebasing: left[one]), .init(rebasing: right[two]))
                }
            }
        }
    }

    enum Work {
        case compare(Side, Side, DiffPath)
        case remove(Side, DiffPath)
        case add(Side, DiffPath)
        case reorder([Int], DiffPath)
    }

    let ignoring: IgnoreSet
    let keys: DiffKeys
    private let limits: DocumentDiff.Limits
    private(set) var changes: [JSONChange] = []
    private(set) var count = 0
    private var bytes = 0
    /// What is still to do, the next one last.
    private var work: [Work] = []
    /// What the container being compared adds to `work`, in order.
    var found: [Work] = []

    init(ignoring: IgnoreSet, keys: DiffKeys, limits: DocumentDiff.Limits) {
        (self.ignoring, self.keys, self.limits) = (ignoring, keys, limits)
    }

    mutating func run(_ old: JSONValue, _ new: JSONValue) {
        guard !ignoring.ignoresRoot else { return }
        var active: [Int] = []
        ignoring.enterRoot(&active)
        work = [.compare(Side(value: old, active: active), Side(value: new, active: active), DiffPath())]
        while let next = work.popLast() {
            switch next {
            case .compare(let old, let new, let path):
                found = []
                compare(old, new, path)
                work.append(contentsOf: found.reversed())
            case .remove(let old, let path): report(.remove, path, before: old)
            case .add(let new, let path): report(.add, path, after: new)
            case .reorder(let order, let path): report(.reorder, path, order: order)
            }
        }
    }

    private mutating func compare(_ old: Side, _ new: Side, _ path: DiffPath) {
        if old.isSameText(as: new) { return }
        let isSame: Bool
        switch (old.value.kind, new.value.kind) {
        case (.object, .object): return compareObjects(old, new, path)
        case (.array, .array): return compareArrays(old, new, path)
        case (.string, .string): isSame = old.value.content == new.value.content
        case (.null, .null): isSame = true
        case (.bool, .bool): isSame = old.value.bool == new.value.bool
        case (.number, .number): isSame = old.value.rawBytes == new.value.rawBytes
        default: isSame = false
        }
        if !isSame { report(.replace, path, before: old, after: new) }
    }

    // MARK: Objects

    private mutating func compareObjects(_ old: Side, _ new: Side, _ path: DiffPath) {
        let (oldMembers, newMembers) = (members(of: old), members(of: new))
        for key in oldMembers.order {
            guard let before = oldMembers.sides[key] else { continue }
            let after = newMembers.sides[key]
            if let after, before.isSameText(as: after) { continue }
            let place = path.appending(.member(String(decoding: key, as: UTF8.self)))
            found.append(after.map { .compare(before, $0, place) } ?? .remove(before, place))
        }
        for key in newMembers.order where oldMembers.sides[key] == nil {
            guard let after = newMembers.sides[key] else { continue }
            found.append(.add(after, path.appending(.member(String(decoding: key, as: UTF8.self)))))
        }
    }

    /// The members that count, by the bytes of their keys, and the keys in the order of their first appearance.
    private func members(of object: Side) -> (order: [[UInt8]], sides: [[UInt8]: Side]) {
        var order: [[UInt8]] = []
        var sides: [[UInt8]: Side] = [:]
        for member in object.value.members {
            let key = member.key.content
            var active = object.active
            let hash = key.withUnsafeBufferPointer { ContentHash($0, seed: .key) }
            if ignoring.enter(key: hash, parent: 0..<object.active.count, &active) { continue }
            active.removeFirst(object.active.count)
            if sides.updateValue(Side(value: member.value, active: active), forKey: key) == nil { order.append(key) }
        }
        return (order, sides)
    }

    // MARK: Reports

    private mutating func report(
        _ operation: JSONChange.Operation, _ path: DiffPath, before: Side? = nil, after: Side? = nil, order: [Int] = []
    ) {
        count += 1
        // Once one did not fit, all that follow are only counted: what is listed is the beginning, without gaps.
        guard count == changes.count + 1, changes.count < limits.count else { return }
        let change = JSONChange(
            operation, pointer: path.pointer, path: path.description, before: before.flatMap(text),
            after: after.flatMap(text), order: order)
        guard bytes + change.weight <= limits.totalBytes else { return }
        bytes += change.weight
        changes.append(change)
    }

    private func text(_ side: Side) -> String? {
        side.value.byteRange.count <= limits.textBytes ? side.value.rawText : nil
    }
}
