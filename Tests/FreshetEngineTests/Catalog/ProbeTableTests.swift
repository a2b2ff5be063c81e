import FreshetTesting
import Testing

@testable import FreshetEngine

@Suite struct ProbeTableTests {
    private final class Node: Sendable {
        let key: Int
        let hash: UInt64
        init(_ key: Int, _ hash: UInt64) { (self.key, self.hash) = (key, hash) }
    }

    /// Few distinct hashes make long runs, where removal is hard.
    @Test(arguments: [UInt64(3), 64, .max])
    func `it holds what a dictionary holds after any operations`(distinctHashes: UInt64) {
        var random = SeededGenerator(seed: distinctHashes)
        var table = ProbeTable<Node>()
        var model: [Int: Node] = [:]
        for _ in 0..<20_000 {
            let key = Int.random(in: 0..<300, using: &random)
            if let node = model[key] {
                #expect(table.find(node.hash) { $0.key == key } === node)
                if Bool.random(using: &random) {
                    let wasThere = table.remove(node, hash: node.hash)
                    #expect(wasThere)
                    model[key] = nil
                }
            } else {
                let node = Node(key, UInt64.random(in: 0..<distinctHashes, using: &random))
                table.insert(node, hash: node.hash)
                model[key] = node
            }
        }
        #expect(table.count == model.count)
        for node in model.values { #expect(table.find(node.hash) { $0.key == node.key } === node) }
        var seen = 0
        table.forEach { node in
            #expect(model[node.key] === node)
            seen += 1
        }
        #expect(seen == model.count)
    }

    @Test func `the hash spreads paths that differ little`() {
        let hasher = PathHash(seed: 42)
        var seen: Set<UInt64> = []
        var shards = [Int](repeating: 0, count: 64)
        for index in 0..<10_000 {
            let hash = Array("/v1/clash/clan/\(index)".utf8).withUnsafeBytes(hasher.hash)
            seen.insert(hash)
            shards[Int(hash >> 58)] += 1
        }
        #expect(seen.count == 10_000)
        #expect(shards.allSatisfy { (80...250).contains($0) })
        let other = Array("/v1/clash/clan/0".utf8).withUnsafeBytes(PathHash(seed: 43).hash)
        #expect(!seen.contains(other))
    }
}
