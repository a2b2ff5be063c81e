/// A hash table of objects that know their own key: open addressing, linear probing, 16 bytes a slot.
///
/// The caller brings the hash and compares; that way a lookup by borrowed bytes allocates nothing.
struct ProbeTable<Node: AnyObject & Sendable>: Sendable {
    private(set) var count = 0
    private var hashes: [UInt64]
    private var nodes: [Node?]
    private var mask: Int

    init() {
        hashes = Array(repeating: 0, count: 8)
        nodes = Array(repeating: nil, count: 8)
        mask = 7
    }

    var capacity: Int { mask + 1 }

    /// The node with this hash that `matches` accepts.
    func find(_ hash: UInt64, _ matches: (Node) -> Bool) -> Node? {
        var index = home(hash)
        while let node = nodes[index] {
            if hashes[index] == hash, matches(node) { return node }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Adds a node that is not in the table.
    mutating func insert(_ node: Node, hash: UInt64) {
        if (count + 1) * 4 > capacity * 3 { grow() }
        place(node, hash)
        count += 1
    }

    /// Removes this very node; `false` when it is not in the table.
    @discardableResult
    mutating func remove(_ node: Node, hash: UInt64) -> Bool {
        var index = home(hash)
        while let found = nodes[index] {
            if found === node {
                removeSlot(index)
                return true
            }
            index = (index + 1) & mask
        }
        return false
    }

    /// The node in a slot, `0..<capacity`.
    func node(at slot: Int) -> Node? { nodes[slot] }

    /// Every node, in no order.
    func forEach(_ body: (Node) -> Void) {
        for case let node? in nodes { body(node) }
    }

    private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & mask }

    private mutating func place(_ node: Node, _ hash: UInt64) {
        var index = home(hash)
        while nodes[index] != nil { index = (index + 1) & mask }
        nodes[index] = node
        hashes[index] = hash
    }

    /// Empties a slot and moves later nodes of the run forward, so that no tombstone is left.
    private mutating func removeSlot(_ slot: Int) {
        var hole = slot
        nodes[hole] = nil
        count -= 1
        var index = (hole + 1) & mask
        while let node = nodes[index] {
            let distance = (index - home(hashes[index])) & mask
            if distance >= (index - hole) & mask {
                nodes[hole] = node
                hashes[hole] = hashes[index]
                nodes[index] = nil
                hole = index
            }
            index = (index + 1) & mask
        }
    }

    private mutating func grow() {
        let (oldNodes, oldHashes) = (nodes, hashes)
        let size = capacity * 2
        mask = size - 1
        nodes = Array(repeating: nil, count: size)
        hashes = Array(repeating: 0, count: size)
        for (node, hash) in zip(oldNodes, oldHashes) {
            if let node { place(node, hash) }
        }
    }
}
