/// The members that the rows of all tables were seen to have, and what became of them.
///
/// A node is an object at one place of a row, an entry one of its members. A row that looks like the one before it finds
/// each entry by following ``Entry/next``; only what differs is looked up.
struct RowTrie {
    /// What a plan says about a member.
    struct Policy: OptionSet {
        let rawValue: UInt8
        /// It takes no part in the row.
        static let excluded = Policy(rawValue: 1)
        /// An array here (or a map) is kept as JSON.
        static let keepsArrays = Policy(rawValue: 2)
        /// An array here (or a map) takes no part in the row.
        static let dropsArrays = Policy(rawValue: 4)
        /// A column is declared for whatever stands here.
        static let isDeclared = Policy(rawValue: 8)
    }

    /// A member.
    struct Entry {
        var nameOffset: Int32
        var nameLength: Int32
        /// The member of the same object that was first seen after this one, or -1.
        var next: Int32 = -1
        var node: Int32
        /// The node of the objects that stand here, or -1.
        var child: Int32 = -1
        /// The column of the scalars that stand here, or -1.
        var column: Int32 = -1
        /// The table of the arrays that stand here, or -1.
        var arrayTable: Int32 = -1
        /// The table of the maps that stand here, or -1.
        var mapTable: Int32 = -1
        /// The object that had it last, and where it stands among its pending members: tells repeated keys.
        var stamp: UInt32 = 0
        var slot: Int32 = 0
        var policy: Policy = []
    }

    /// An object at one place of a row.
    struct Node {
        var table: Int32
        /// The entry that it stands in, or -1 for the row itself.
        var parent: Int32
        var first: Int32 = -1
        var last: Int32 = -1
        var count: Int32 = 0
        /// Its place in ``RowTrie/indexes`` once it has many members, or -1.
        var index: Int32 = -1
    }

    var entries: [Entry] = []
    var nodes: [Node] = []
    private var names: [UInt8] = []
    private var indexes: [[[UInt8]: Int32]] = []

    /// Members that are looked for one after the other.
    private static let scanned = 12

    mutating func addNode(table: Int, parent: Int32) -> Int32 {
        nodes.append(Node(table: Int32(table), parent: parent))
        return Int32(nodes.count - 1)
    }

    @inline(__always) func isNamed(_ entry: Int32, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let (offset, length) = (Int(entries[Int(entry)].nameOffset), Int(entries[Int(entry)].nameLength))
        guard length == name.count else { return false }
        return names.withUnsafeBufferPointer {
            JSONText.equal(UnsafeBufferPointer(rebasing: $0[offset..<offset + length]), name)
        }
    }

    /// The member of that name, if it was seen.
    func find(_ name: UnsafeBufferPointer<UInt8>, in node: Int32) -> Int32? {
        let index = nodes[Int(node)].index
        if index >= 0 { return indexes[Int(index)][[UInt8](name)] }
        var entry = nodes[Int(node)].first
        while entry >= 0 {
            if isNamed(entry, name) { return entry }
            entry = entries[Int(entry)].next
        }
        return nil
    }

    /// Adds a member that was not there.
    mutating func add(_ name: UnsafeBufferPointer<UInt8>, to node: Int32) -> Int32 {
        let entry = Int32(entries.count)
        entries.append(Entry(nameOffset: Int32(names.count), nameLength: Int32(name.count), node: node))
        names.append(contentsOf: name)
        let last = nodes[Int(node)].last
        if last >= 0 { entries[Int(last)].next = entry } else { nodes[Int(node)].first = entry }
        nodes[Int(node)].last = entry
        nodes[Int(node)].count += 1
        if nodes[Int(node)].index >= 0 {
            indexes[Int(nodes[Int(node)].index)][[UInt8](name)] = entry
        } else if nodes[Int(node)].count > Self.scanned {
            indexMembers(of: node)
        }
        return entry
    }

    private mutating func indexMembers(of node: Int32) {
        var index: [[UInt8]: Int32] = [:]
        var entry = nodes[Int(node)].first
        while entry >= 0 {
            index[nameBytes(of: entry)] = entry
            entry = entries[Int(entry)].next
        }
        nodes[Int(node)].index = Int32(indexes.count)
        indexes.append(index)
    }

    // MARK: Names

    func nameBytes(of entry: Int32) -> [UInt8] {
        let (offset, length) = (Int(entries[Int(entry)].nameOffset), Int(entries[Int(entry)].nameLength))
        return [UInt8](names[offset..<offset + length])
    }

    func name(of entry: Int32) -> String { String(decoding: nameBytes(of: entry), as: UTF8.self) }

    /// The entries from the row to this one.
    func path(of entry: Int32) -> [Int32] {
        var path: [Int32] = []
        var at = entry
        while at >= 0 {
            path.append(at)
            at = nodes[Int(entries[Int(at)].node)].parent
        }
        return path.reversed()
    }
}
