extension DiffMachine {
    /// Which old element became which new one.
    private struct Match {
        /// By old index, the new one.
        var successors: [Int?]
        /// The key's name and, by new index, its text; `nil` where elements have no key.
        var names: (name: String, values: [[UInt8]])?
    }

    mutating func compareArrays(_ old: Side, _ new: Side, _ path: DiffPath) {
        let (before, after) = (elements(of: old), elements(of: new))
        let identity = DiffIdentity(
            old: before, new: after, declared: keys.rules.isEmpty ? nil : keys.member(at: path), ignoring: ignoring)
        let match = identity.map(Self.match) ?? align(before, after)
        var isTaken = [Bool](repeating: false, count: after.count)
        var kept: [Int] = []
        for (place, successor) in match.successors.enumerated() {
            guard let successor else { continue }
            isTaken[successor] = true
            kept.append(place)
        }
        for place in before.indices.reversed() where match.successors[place] == nil {
            let name = identity.map {
                DiffPath.Step.keyed(place, name: $0.name, value: DiffIdentity.literal($0.old[place]))
            }
            found.append(.remove(before[place], path.appending(name ?? .element(place))))
        }
        reorder(kept, match, path)
        func step(_ place: Int) -> DiffPath.Step {
            guard let names = match.names else { return .element(place) }
            return .keyed(place, name: names.name, value: DiffIdentity.literal(names.values[place]))
        }
        for place in after.indices where !isTaken[place] {
            found.append(.add(after[place], path.appending(step(place))))
        }
        for place in kept {
            guard let successor = match.successors[place] else { continue }
            let (one, two) = (before[place], after[successor])
            if !one.isSameText(as: two) { found.append(.compare(one, two, path.appending(step(successor)))) }
        }
    }

    /// Tells of a new order among the elements that stay.
    private mutating func reorder(_ kept: [Int], _ match: Match, _ path: DiffPath) {
        let successors = kept.compactMap { match.successors[$0] }
        guard zip(successors, successors.dropFirst()).contains(where: { $0 > $1 }) else { return }
        // Positions among those that stay, in the order of their new places.
        found.append(.reorder(successors.indices.sorted { successors[$0] < successors[$1] }, path))
    }

    private func elements(of array: Side) -> [Side] {
        var elements: [Side] = []
        elements.reserveCapacity(array.value.count)
        for (position, value) in array.value.elements.enumerated() {
            var active = array.active
            let states = 0..<array.active.count
            if ignoring.enter(position: position, of: array.value.count, parent: states, &active) { continue }
            active.removeFirst(array.active.count)
            elements.append(Side(value: value, active: active))
        }
        return elements
    }

    // MARK: By key

    private static func match(_ identity: DiffIdentity) -> Match {
        var places: [[UInt8]: Int] = [:]
        for (place, key) in identity.new.enumerated() { places[key] = place }
        return Match(successors: identity.old.map { places[$0] }, names: (identity.name, identity.new))
    }

    // MARK: By position

    /// Aligns elements without a key: equal ones that keep their order anchor the others.
    private func align(_ old: [Side], _ new: [Side]) -> Match {
        var successors = [Int?](repeating: nil, count: old.count)
        let shorter = min(old.count, new.count)
        var front = 0
        while front < shorter, old[front].isSameText(as: new[front]) { front += 1 }
        var back = 0
        while back < shorter - front, old[old.count - 1 - back].isSameText(as: new[new.count - 1 - back]) { back += 1 }
        for place in 0..<front { successors[place] = place }
        for place in 0..<back { successors[old.count - 1 - place] = new.count - 1 - place }
        var (low, high) = (front, front)
        for (one, two) in anchors(old, front..<old.count - back, new, front..<new.count - back) {
            Self.pair(low..<one, high..<two, &successors)
            successors[one] = two
            (low, high) = (one + 1, two + 1)
        }
        Self.pair(low..<old.count - back, high..<new.count - back, &successors)
        return Match(successors: successors, names: nil)
    }

    /// Pairs what lies between two anchors by position.
    private static func pair(_ old: Range<Int>, _ new: Range<Int>, _ successors: inout [Int?]) {
        for (one, two) in zip(old, new) { successors[one] = two }
    }

    /// Equal elements in ascending order on both sides: the k-th of a kind belongs to the k-th, and of those pairs the
    /// longest run without a crossing stays.
    private func anchors(
        _ old: [Side], _ oldRange: Range<Int>, _ new: [Side], _ newRange: Range<Int>
    ) -> [(Int, Int)] {
        // One against one is compared anyway.
        guard !oldRange.isEmpty, !newRange.isEmpty, oldRange.count + newRange.count > 2 else { return [] }
        var places: [Fingerprint: [Int]] = [:]
        for place in newRange.reversed() { places[hash(new[place]), default: []].append(place) }
        var pairs: [(Int, Int)] = []
        for place in oldRange {
            if let successor = places[hash(old[place])]?.popLast() { pairs.append((place, successor)) }
        }
        return Self.longestAscending(pairs)
    }

    private func hash(_ side: Side) -> Fingerprint {
        Fingerprint(FingerprintWalk.hash(side.value, ignoring: ignoring, active: side.active))
    }

    /// The longest subsequence whose second parts ascend.
    private static func longestAscending(_ pairs: [(Int, Int)]) -> [(Int, Int)] {
        /// By length less one, the pair that ends such a run lowest.
        var ends: [Int] = []
        var previous = [Int](repeating: -1, count: pairs.count)
        for index in pairs.indices {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if pairs[ends[middle]].1 < pairs[index].1 { low = middle + 1 } else { high = middle }
            }
            if low > 0 { previous[index] = ends[low - 1] }
            if low == ends.count { ends.append(index) } else { ends[low] = index }
        }
        var run: [(Int, Int)] = []
        var at = ends.last ?? -1
        while at >= 0 {
            run.append(pairs[at])
            at = previous[at]
        }
        return run.reversed()
    }
}
