import FreshetCore

/// A table's specification with its paths read.
struct RowPlan: Sendable {
    /// One step of the path of the rows.
    struct Step: Sendable {
        var segment: JSONPath.Segment
        /// For `*`: whether it is written `.*`, so that it opens objects, too.
        var opensObjects: Bool
    }

    /// Where a copied column comes from.
    enum Source: Sendable {
        /// A parameter of the key.
        case parameter(String)
        /// The time of the fetch.
        case fetchedAt
        /// A path from the value that the first `depth` steps of the rows' path selected.
        case path(depth: Int, rest: JSONPath)
        /// The place, or member name, that the last of the first `depth` steps chose.
        case place(depth: Int)
    }

    /// A declared column that is found by following member names from the row.
    struct Member: Sendable {
        var name: String
        var path: [[UInt8]]
        /// Whether it takes the row itself where that is a scalar (`$`); its path is then that of a member `value`.
        var isRow = false
    }

    /// A declared column that a path finds once a row.
    struct Computed: Sendable {
        var name: String
        var path: JSONPath
    }

    let spec: Int
    let name: String
    let isAuto: Bool
    let nested: TableSpec.Nested
    let primaryKey: [String]
    let mapKey: String?
    var steps: [Step] = []
    var parents: [(name: String, source: Source)] = []
    var members: [Member] = []
    var computed: [Computed] = []
    var excluded: [[JSONPath.Segment]] = []
    /// Places, from the document, whose elements or members other tables take, whatever stands there.
    var taken: Set<[[UInt8]?]> = []
    /// Places where other tables take what stands there: an array's elements, or an object as it is.
    var takenArrays: Set<[[UInt8]?]> = []

    /// The rows' path in steps, or `nil` when it descends.
    var pattern: [[UInt8]?]? {
        var pattern: [[UInt8]?] = []
        for step in steps {
            guard !step.segment.descends else { return nil }
            switch step.segment.selector {
            case .name(let name): pattern.append(Array(name.utf8))
            case .index, .any: pattern.append(nil)
            }
        }
        return pattern
    }

    /// Names that the declaration gives, which no inferred column may take.
    var declaredNames: Set<String> {
        Set(members.map(\.name) + computed.map(\.name) + parents.map(\.name) + (mapKey.map { [$0] } ?? []))
    }

    /// Whether a value at this place, from the row, takes no part.
    func excludes(_ path: [[UInt8]?]) -> Bool { excluded.contains { Self.matches($0[...], path[...]) } }

    /// The declared column of whatever stands at this place, from the row.
    func column(at path: [[UInt8]?]) -> Member? {
        members.first { $0.path.count == path.count && zip($0.path, path).allSatisfy { $0 == $1 } }
    }

    private static func matches(_ segments: ArraySlice<JSONPath.Segment>, _ path: ArraySlice<[UInt8]?>) -> Bool {
        guard let segment = segments.first else { return path.isEmpty }
        guard let step = path.first else { return false }
        let isMatch =
            switch segment.selector {
            case .name(let name): step.map { $0.elementsEqual(name.utf8) } ?? false
            case .index: false
            case .any: true
            }
        if isMatch, matches(segments.dropFirst(), path.dropFirst()) { return true }
        return segment.descends && matches(segments, path.dropFirst())
    }
}
