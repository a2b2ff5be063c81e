/// Paths whose values do not count, compiled so that a walk over a document can follow all of them at once.
///
/// A value that any of the paths selects is left out with everything in it, as if it were absent. An element left out
/// of an array closes the gap: with `$[0]` ignored, `[1,2]` and `[9,2]` are alike.
public struct IgnoreSet: Hashable, Sendable {
    /// The paths, in the order given.
    public let paths: [JSONPath]
    /// The paths as a tree of states; state 0 belongs to the document itself.
    private let states: [State]

    /// Ignores nothing.
    public static let none = IgnoreSet([])

    /// Compiles paths.
    /// - Parameter paths: What to ignore; `$` ignores the whole document.
    public init(_ paths: [JSONPath]) {
        self.paths = paths
        var states = [State()]
        for path in paths {
            var at = 0
            for segment in path.segments { at = Self.follow(segment, from: at, in: &states) }
            states[at].isEnd = true
        }
        self.states = states
    }

    /// Whether nothing is ignored.
    public var isEmpty: Bool { paths.isEmpty }

    /// Two sets are equal when they were made from the same paths in the same order.
    public static func == (left: IgnoreSet, right: IgnoreSet) -> Bool { left.paths == right.paths }

    /// Feeds the paths into a hasher.
    public func hash(into hasher: inout Hasher) { hasher.combine(paths) }

    // MARK: Compiling

    private enum Matcher: Equatable, Sendable {
        case name(ContentHash)
        case index(Int)
        case any
    }

    private struct Edge: Equatable, Sendable {
        let matcher: Matcher
        let target: Int
    }

    private struct State: Equatable, Sendable {
        var edges: [Edge] = []
        /// Whether a value in this state is ignored.
        var isEnd = false
        /// Whether the state stays active at every depth below, which `..` asks for.
        var loops = false
        /// The looping state that becomes active together with this one and holds its `..` edges.
        var descent: Int?
    }

    private static func follow(_ segment: JSONPath.Segment, from state: Int, in states: inout [State]) -> Int {
        var from = state
        if segment.descends {
            if let descent = states[state].descent {
                from = descent
            } else {
                from = states.count
                states.append(State(loops: true))
                states[state].descent = from
            }
        }
        let matcher: Matcher =
            switch segment.selector {
            case .name(var name): .name(name.withUTF8 { ContentHash($0, seed: .key) })
            case .index(let position): .index(position)
            case .any: .any
            }
        if let edge = states[from].edges.first(where: { $0.matcher == matcher }) { return edge.target }
        states[from].edges.append(Edge(matcher: matcher, target: states.count))
        states.append(State())
        return states.count - 1
    }

    // MARK: Following

    /// Whether the document itself is ignored.
    var ignoresRoot: Bool { states[0].isEnd }

    /// Appends the states that are active at the document to a stack.
    func enterRoot(_ stack: inout [Int]) {
        guard !isEmpty else { return }
        add(0, to: &stack, above: stack.count)
    }

    /// Appends the states that are active at a member to a stack.
    /// - Parameters:
    ///   - key: The hash of the member's key.
    ///   - parent: Where on the stack the states of the object are.
    ///   - stack: What is active, outermost first.
    /// - Returns: Whether the member is ignored.
    @inline(__always)
    func enter(key: ContentHash, parent: Range<Int>, _ stack: inout [Int]) -> Bool {
        enter(parent: parent, &stack) { matcher in
            switch matcher {
            case .name(let name): name == key
            case .any: true
            case .index: false
            }
        }
    }

    /// Appends the states that are active at an element to a stack; as ``enter(key:parent:_:)``.
    @inline(__always)
    func enter(position: Int, of count: Int, parent: Range<Int>, _ stack: inout [Int]) -> Bool {
        enter(parent: parent, &stack) { matcher in
            switch matcher {
            case .index(let wanted): wanted == position || wanted == position - count
            case .any: true
            case .name: false
            }
        }
    }

    @inline(__always)
    private func enter(parent: Range<Int>, _ stack: inout [Int], where matches: (Matcher) -> Bool) -> Bool {
        let bottom = stack.count
        var isIgnored = false
        for place in parent {
            let state = stack[place]
            if states[state].loops { add(state, to: &stack, above: bottom) }
            for edge in states[state].edges where matches(edge.matcher) {
                if states[edge.target].isEnd { isIgnored = true }
                add(edge.target, to: &stack, above: bottom)
            }
        }
        return isIgnored
    }

    private func add(_ state: Int, to stack: inout [Int], above bottom: Int) {
        guard !stack[bottom...].contains(state) else { return }
        stack.append(state)
        if let descent = states[state].descent { add(descent, to: &stack, above: bottom) }
    }
}
