/// The comparison behind ``JSONDiff``: a list of pairs still to compare instead of recursion, so that depth costs
/// memory, not stack.
struct DiffMachine {
    /// A value of one document and the ignore states that are active there.
    struct Side {
        let value: JSONValue
        let active: [Int]
    }

    private enum Work {
        case compare(Side, Side, JSONPath)
        case report(JSONChange)
    }

    private let ignoring: IgnoreSet
    private let maximumCount: Int
    private let maximumTextBytes: Int
    private(set) var changes: [JSONChange] = []
    private(set) var isTruncated = false
    /// What is still to do, the next one last.
    private var work: [Work] = []
    /// What the container being compared adds to `work`, in order.
    private var found: [Work] = []
    private var reports = 0

    init(ignoring: IgnoreSet, maximumCount: Int, maximumTextBytes: Int) {
        self.ignoring = ignoring
        self.maximumCount = max(0, maximumCount)
        self.maximumTextBytes = maximumTextBytes
    }

    mutating func run(_ old: JSONValue, _ new: JSONValue) {
        guard !ignoring.ignoresRoot else { return }
        var active: [Int] = []
        ignoring.enterRoot(&active)
        work = [.compare(Side(value: old, active: active), Side(value: new, active: active), .root)]
        while let next = work.popLast() {
            switch next {
            case .report(let change):
                guard changes.count < maximumCount else {
                    isTruncated = true
                    return
                }
                changes.append(change)
            case .compare(let old, let new, let path):
                (found, reports) = ([], 0)
                compare(old, new, path)
                work.append(contentsOf: found.reversed())
            }
        }
    }

    private mutating func compare(_ old: Side, _ new: Side, _ path: JSONPath) {
        if old.active == new.active, old.value.rawBytes == new.value.rawBytes { return }
        switch (old.value.kind, new.value.kind) {
        case (.object, .object): compareObjects(old, new, path)
        case (.array, .array): compareArrays(old, new, path)
        case (.string, .string): if old.value.content != new.value.content { changed(old, new, path) }
        case (.null, .null): return
        case (.bool, .bool): if old.value.bool != new.value.bool { changed(old, new, path) }
        case (.number, .number): if old.value.rawBytes != new.value.rawBytes { changed(old, new, path) }
        default: changed(old, new, path)
        }
    }

    // MARK: Objects

    private mutating func compareObjects(_ old: Side, _ new: Side, _ path: JSONPath) {
        let (oldMembers, newMembers) = (members(of: old), members(of: new))
        for key in oldMembers.order where !isFull {
            guard let before = oldMembers.sides[key] else { continue }
            let place = path.appending(.name(String(decoding: key, as: UTF8.self)))
            if let after = newMembers.sides[key] {
                found.append(.compare(before, after, place))
            } else {
                removed(before, place)
            }
        }
        for key in newMembers.order where !isFull && oldMembers.sides[key] == nil {
            guard let after = newMembers.sides[key] else { continue }
            added(after, path.appending(.name(String(decoding: key, as: UTF8.self))))
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

    // MARK: Arrays

    private mutating func compareArrays(_ old: Side, _ new: Side, _ path: JSONPath) {
        let (before, after) = (elements(of: old), elements(of: new))
        if let identity = DiffIdentity(old: before.map(\.side), new: after.map(\.side), ignoring: ignoring) {
            return compare(before, after, by: identity, path)
        }
        for (one, two) in zip(before, after) {
            found.append(.compare(one.side, two.side, path.appending(.index(two.position))))
        }
        for one in before.dropFirst(after.count) where !isFull {
            removed(one.side, path.appending(.index(one.position)))
        }
        for two in after.dropFirst(before.count) where !isFull {
            added(two.side, path.appending(.index(two.position)))
        }
    }

    private mutating func compare(
        _ before: [Element], _ after: [Element], by identity: DiffIdentity, _ path: JSONPath
    ) {
        var places: [[UInt8]: Int] = [:]
        for (place, key) in identity.new.enumerated() { places[key] = place }
        var last = -1
        var isReordered = false
        for (one, key) in zip(before, identity.old) where !isFull {
            guard let place = places.removeValue(forKey: key) else {
                removed(one.side, path.appending(.index(one.position)))
                continue
            }
            if place < last { isReordered = true }
            last = place
            found.append(.compare(one.side, after[place].side, path.appending(.index(after[place].position))))
        }
        for (two, key) in zip(after, identity.new) where !isFull && places[key] != nil {
            added(two.side, path.appending(.index(two.position)))
        }
        if isReordered { report(JSONChange(path: path, kind: .reordered, old: nil, new: nil)) }
    }

    /// An element that counts, and where it stands.
    private struct Element {
        let side: Side
        let position: Int
    }

    private func elements(of array: Side) -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(array.value.count)
        for (position, value) in array.value.elements.enumerated() {
            var active = array.active
            let states = 0..<array.active.count
            if ignoring.enter(position: position, of: array.value.count, parent: states, &active) { continue }
            active.removeFirst(array.active.count)
            elements.append(Element(side: Side(value: value, active: active), position: position))
        }
        return elements
    }

    // MARK: Reports

    /// Whether this container alone has brought more reports than can be listed.
    private var isFull: Bool { reports > maximumCount }

    private mutating func report(_ change: JSONChange) {
        found.append(.report(change))
        reports += 1
    }

    private mutating func added(_ new: Side, _ path: JSONPath) {
        report(JSONChange(path: path, kind: .added, old: nil, new: text(new.value)))
    }

    private mutating func removed(_ old: Side, _ path: JSONPath) {
        report(JSONChange(path: path, kind: .removed, old: text(old.value), new: nil))
    }

    private mutating func changed(_ old: Side, _ new: Side, _ path: JSONPath) {
        report(JSONChange(path: path, kind: .changed, old: text(old.value), new: text(new.value)))
    }

    private func text(_ value: JSONValue) -> String? {
        value.byteRange.count <= maximumTextBytes ? value.rawText : nil
    }
}
