/// The walk over the tape behind ``Fingerprint``.
///
/// It goes through the words once, first to last. What is open lives on stacks that are shared by the whole document
/// and only grow to its depth and its widest objects, so nothing is allocated per value.
struct FingerprintWalk {
    /// An open container.
    private struct Frame {
        /// The index of the first word after it.
        let end: Int
        let isObject: Bool
        /// Elements in the source, for positions that count from the end.
        let count: Int
        /// Of an array: what its elements so far hash to.
        var hash: ContentHash
        /// Elements seen, ignored ones included.
        var position = 0
        /// Elements that count.
        var kept: UInt64 = 0
        /// Of an object: the key whose value comes next.
        var key = ContentHash(low: 0, high: 0)
        /// Of an object: where its members begin among `members`.
        let firstMember: Int
        /// Where its ignore states are on `active`.
        let states: Range<Int>
    }

    private struct Member {
        let key: ContentHash
        let value: ContentHash
    }

    private let words: UnsafeBufferPointer<TapeWord>
    private let bytes: UnsafeBufferPointer<UInt8>
    private let ignoring: IgnoreSet
    private let ignores: Bool
    private var outer: [Frame] = []
    private var members: [Member] = []
    private var active: [Int] = []
    private var table: [Int32] = []
    private var scratch: [UInt8] = []

    static func hash(_ value: JSONValue, ignoring: IgnoreSet) -> ContentHash {
        guard !ignoring.ignoresRoot else { return ContentHash(0, seed: .literal) }
        return value.tape.words.withUnsafeBufferPointer { words in
            value.tape.bytes.withUnsafeBufferPointer { bytes in
                var walk = FingerprintWalk(words: words, bytes: bytes, ignoring: ignoring)
                return walk.run(from: value.index)
            }
        }
    }

    /// Hashes a value inside a document whose ignored paths have led to the states in `active`.
    static func hash(_ value: JSONValue, ignoring: IgnoreSet, active: [Int]) -> ContentHash {
        value.tape.words.withUnsafeBufferPointer { words in
            value.tape.bytes.withUnsafeBufferPointer { bytes in
                var walk = FingerprintWalk(words: words, bytes: bytes, ignoring: ignoring, active: active)
                return walk.run(from: value.index)
            }
        }
    }

    private init(words: UnsafeBufferPointer<TapeWord>, bytes: UnsafeBufferPointer<UInt8>, ignoring: IgnoreSet) {
        var active: [Int] = []
        ignoring.enterRoot(&active)
        self.init(words: words, bytes: bytes, ignoring: ignoring, active: active)
    }

    private init(
        words: UnsafeBufferPointer<TapeWord>, bytes: UnsafeBufferPointer<UInt8>, ignoring: IgnoreSet, active: [Int]
    ) {
        self.words = words
        self.bytes = bytes
        self.ignoring = ignoring
        ignores = !ignoring.isEmpty
        self.active = active
    }

    private mutating func run(from root: Int) -> ContentHash {
        guard words[root].kind.isContainer else { return scalar(words[root]) }
        var frame = open(root, states: 0..<active.count)
        var index = root &+ 2
        while true {
            if index == frame.end {
                let hash = close(frame)
                guard let parent = outer.popLast() else { return hash }
                active.removeLast(active.count &- parent.states.upperBound)
                frame = parent
                deliver(hash, to: &frame)
                continue
            }
            if frame.isObject {
                frame.key = text(words[index], seed: .key)
                index &+= 1
            } else {
                frame.position &+= 1
            }
            if ignores, isIgnored(in: frame) {
                active.removeLast(active.count &- frame.states.upperBound)
                index = words[index].kind.isContainer ? words[index &+ 1].endOnTape : index &+ 1
            } else if words[index].kind.isContainer {
                outer.append(frame)
                frame = open(index, states: frame.states.upperBound..<active.count)
                index &+= 2
            } else {
                if ignores { active.removeLast(active.count &- frame.states.upperBound) }
                deliver(scalar(words[index]), to: &frame)
                index &+= 1
            }
        }
    }

    /// Puts the states of the value that comes next on `active` and says whether it is ignored.
    private mutating func isIgnored(in frame: Frame) -> Bool {
        guard !frame.states.isEmpty else { return false }
        if frame.isObject { return ignoring.enter(key: frame.key, parent: frame.states, &active) }
        return ignoring.enter(position: frame.position - 1, of: frame.count, parent: frame.states, &active)
    }

    @inline(__always) private func open(_ index: Int, states: Range<Int>) -> Frame {
        let isObject = words[index].kind == .object
        let seed = ContentHash.Seed.array.rawValue
        return Frame(
            end: words[index &+ 1].endOnTape, isObject: isObject, count: words[index].length,
            hash: ContentHash(low: seed, high: ~seed), firstMember: members.count, states: states)
    }

    @inline(__always) private mutating func deliver(_ hash: ContentHash, to frame: inout Frame) {
        if frame.isObject {
            members.append(Member(key: frame.key, value: hash))
        } else {
            frame.hash.combine(hash)
            frame.kept &+= 1
        }
    }

    private mutating func close(_ frame: Frame) -> ContentHash {
        guard frame.isObject else {
            var hash = frame.hash
            hash.finish(frame.kept)
            return hash
        }
        var hash = ContentHash(low: ContentHash.Seed.object.rawValue, high: 0)
        var kept: UInt64 = 0
        let first = frame.firstMember
        let isWide = members.count &- first > 16
        if isWide { prepareTable(for: members.count &- first) }
        // From the last to the first, so that of repeated keys the last counts.
        var place = members.count &- 1
        while place >= first {
            let member = members[place]
            let isRepeated = isWide ? !enterTable(place) : isKeyBehind(place)
            if !isRepeated {
                var pair = member.key
                pair.combine(member.value)
                pair.finish(1)
                hash.add(pair)
                kept &+= 1
            }
            place &-= 1
        }
        members.removeLast(members.count &- first)
        hash.finish(kept)
        return hash
    }

    /// Whether the key at a place stands again behind it; for narrow objects.
    @inline(__always) private func isKeyBehind(_ place: Int) -> Bool {
        let key = members[place].key
        var other = place &+ 1
        while other < members.count {
            if members[other].key == key { return true }
            other &+= 1
        }
        return false
    }

    /// Empties a hash table of places in `members`, at most half full with `count` entries.
    private mutating func prepareTable(for count: Int) {
        let size = 1 << (Int.bitWidth - (count * 2 - 1).leadingZeroBitCount)
        table.removeAll(keepingCapacity: true)
        table.append(contentsOf: repeatElement(-1, count: size))
    }

    /// Enters a member's key; false when it is there already.
    private mutating func enterTable(_ place: Int) -> Bool {
        let key = members[place].key
        let mask = table.count &- 1
        var slot = Int(truncatingIfNeeded: key.low) & mask
        while table[slot] >= 0 {
            if members[Int(table[slot])].key == key { return false }
            slot = (slot &+ 1) & mask
        }
        table[slot] = Int32(truncatingIfNeeded: place)
        return true
    }

    private mutating func scalar(_ word: TapeWord) -> ContentHash {
        switch word.kind {
        case .plainString, .escapedString, .plainKey, .escapedKey: text(word, seed: .string)
        case .integer, .real: ContentHash(JSONText.source(of: word, in: bytes), seed: .number)
        case .isTrue: ContentHash(1, seed: .literal)
        case .isFalse: ContentHash(2, seed: .literal)
        default: ContentHash(3, seed: .literal)
        }
    }

    @inline(__always) private mutating func text(_ word: TapeWord, seed: ContentHash.Seed) -> ContentHash {
        let source = JSONText.source(of: word, in: bytes)
        guard word.kind.isEscaped else { return ContentHash(source, seed: seed) }
        scratch.removeAll(keepingCapacity: true)
        JSONText.unescape(source, into: &scratch)
        return scratch.withUnsafeBufferPointer { ContentHash($0, seed: seed) }
    }
}
