/// How the elements of two arrays are known to be the same ones: by a member that each has and no two share.
struct DiffIdentity {
    /// The member's name.
    let name: String
    /// The identities of the old and the new elements, in order.
    let old: [[UInt8]]
    let new: [[UInt8]]

    private static let names = ["id", "tag", "key", "name"]

    /// Finds the identity of two arrays' elements; nil when they have none, or either array is empty.
    ///
    /// - Parameters:
    ///   - old: The old elements.
    ///   - new: The new elements.
    ///   - declared: The member that is declared for them; it is tried before those that are guessed.
    ///   - ignoring: What does not count.
    init?(old: [DiffMachine.Side], new: [DiffMachine.Side], declared: String?, ignoring: IgnoreSet) {
        guard !old.isEmpty, !new.isEmpty else { return nil }
        for name in (declared.map { [$0] } ?? []) + Self.names {
            guard let before = Self.identities(of: old, name, ignoring) else { continue }
            guard let after = Self.identities(of: new, name, ignoring) else { continue }
            (self.name, self.old, self.new) = (name, before, after)
            return
        }
        return nil
    }

    private static func identities(
        of elements: [DiffMachine.Side], _ name: String, _ ignoring: IgnoreSet
    ) -> [[UInt8]]? {
        var name = name
        let hash = name.withUTF8 { ContentHash($0, seed: .key) }
        var seen: Set<[UInt8]> = []
        var identities: [[UInt8]] = []
        for element in elements {
            guard let member = element.value[name], member.kind == .string || member.kind == .number else { return nil }
            // What does not count cannot tell elements apart.
            var active = element.active
            if ignoring.enter(key: hash, parent: 0..<element.active.count, &active) { return nil }
            // The kind goes in front, so that 1 and "1" stay different.
            let identity = [member.kind == .string ? UInt8(ascii: "s") : UInt8(ascii: "n")] + member.content
            guard seen.insert(identity).inserted else { return nil }
            identities.append(identity)
        }
        return identities
    }

    /// An identity as a literal of a JSONPath filter.
    static func literal(_ identity: [UInt8]) -> String {
        let text = String(decoding: identity.dropFirst(), as: UTF8.self)
        guard identity.first == UInt8(ascii: "s") else { return text }
        // The quoting of names is that of literals, too.
        let quoted = JSONPath(segments: [JSONPath.Segment(.name("\u{1}" + text))]).description
        return "'" + quoted.dropFirst("$['\\u0001".count).dropLast(2) + "'"
    }
}
