/// A path with wildcards, for faults and limits.
///
/// `*` stands for anything inside one segment, `**` for any number of segments, `{name}` for one whole segment. A pattern
/// without a leading base path also matches below one: `/clans/*` matches `/v1/clans/%232PP`. Segments are compared
/// percent-decoded, a trailing slash and the query do not matter.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    /// The pattern as written.
    public let description: String
    private let segments: [String]

    /// Creates a pattern; every text is valid.
    public init(_ text: String) {
        description = text
        segments = Target.segments(Target.split(text).path)
    }

    /// Whether a path matches; it is percent-encoded and without the query.
    public func matches(_ path: Substring) -> Bool { matches(segments: Target.segments(path)) }

    func matches(segments path: [String]) -> Bool {
        for start in 0...path.count where Self.match(segments[...], path[start...]) { return true }
        return false
    }

    private static func match(_ pattern: ArraySlice<String>, _ path: ArraySlice<String>) -> Bool {
        guard let head = pattern.first else { return path.isEmpty }
        if head == "**" {
            for skip in path.startIndex...path.endIndex where match(pattern.dropFirst(), path[skip...]) { return true }
            return false
        }
        guard let segment = path.first, matchSegment(head, segment) else { return false }
        return match(pattern.dropFirst(), path.dropFirst())
    }

    private static func matchSegment(_ pattern: String, _ segment: String) -> Bool {
        if pattern.hasPrefix("{"), pattern.hasSuffix("}") { return true }
        return Glob.matches(pattern, segment)
    }
}

/// Matching of one text against a pattern in which `*` stands for any run of characters.
enum Glob {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        guard pattern.contains("*") else { return pattern == text }
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        var (p, t, star, mark) = (0, 0, -1, 0)
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                (star, mark) = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == text[t] {
                (p, t) = (p + 1, t + 1)
            } else if star >= 0 {
                mark += 1
                (p, t) = (star + 1, mark)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
