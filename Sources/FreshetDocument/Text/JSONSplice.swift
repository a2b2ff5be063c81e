/// Joins the pages of a paginated answer into one document.
public enum JSONSplice {
    /// The first page with the items of all pages in its item array.
    ///
    /// Everything of the first page outside the item array stays as it is, byte for byte, and so does every item of
    /// every page with the text between items; nothing is parsed into values and written again. One page alone comes
    /// back unchanged.
    /// - Parameters:
    ///   - pages: The pages in order, at least one, each a complete JSON document.
    ///   - items: The path of the item array in each page; `$` when each page is an array.
    ///   - limits: What is refused for its size, per page.
    /// - Returns: The joined document.
    /// - Throws: Which page does not fit, and why.
    public static func merge(
        pages: [[UInt8]], items: JSONPath, limits: JSONLimits = .standard
    ) throws(JSONSpliceError) -> [UInt8] {
        var roots: [JSONValue] = []
        for (number, page) in pages.enumerated() {
            do {
                roots.append(try JSONTape(page, limits: limits).root)
            } catch {
                throw .malformed(page: number + 1, error)
            }
        }
        return try merge(pages: roots, items: items)
    }

    /// As ``merge(pages:items:limits:)``, for pages that are parsed already.
    /// - Parameters:
    ///   - pages: The roots of the pages in order, at least one.
    ///   - items: The path of the item array in each page.
    /// - Returns: The joined document.
    /// - Throws: Which page does not fit, and why.
    public static func merge(pages: [JSONValue], items: JSONPath) throws(JSONSpliceError) -> [UInt8] {
        var arrays: [JSONValue] = []
        for (number, page) in pages.enumerated() { arrays.append(try array(in: page, items, page: number + 1)) }
        guard let first = pages.first, let head = arrays.first else { throw .noPages }
        let source = first.tape.bytes
        var hasItems = head.count > 0
        let joint = hasItems ? itemRange(of: head).upperBound : head.byteRange.lowerBound + 1
        var joined: [UInt8] = []
        joined.reserveCapacity(arrays.reduce(source.count) { $0 + $1.byteRange.count })
        joined.append(contentsOf: source[first.byteRange.lowerBound..<joint])
        for array in arrays.dropFirst() where array.count > 0 {
            if hasItems { joined.append(UInt8(ascii: ",")) }
            joined.append(contentsOf: array.tape.bytes[itemRange(of: array)])
            hasItems = true
        }
        joined.append(contentsOf: source[joint..<first.byteRange.upperBound])
        return joined
    }

    private static func array(
        in page: JSONValue, _ items: JSONPath, page number: Int
    ) throws(JSONSpliceError) -> JSONValue {
        let matches = items.isSingular ? items.first(in: page).map { [$0] } ?? [] : items.matches(in: page)
        guard let match = matches.first else { throw .noItems(page: number, items) }
        guard matches.count == 1 else { throw .severalMatches(page: number, items, count: matches.count) }
        guard match.kind == .array else { throw .notAnArray(page: number, items, found: match.kind) }
        return match
    }

    /// From the first byte of the first item to the last byte of the last; the array has at least one.
    private static func itemRange(of array: JSONValue) -> Range<Int> {
        let range = array.byteRange
        let start = JSONValue(tape: array.tape, index: array.index + 2).byteRange.lowerBound
        // Only white space stands between the last item and the bracket.
        var end = range.upperBound - 1
        while JSONShape.isSpace(array.tape.bytes[end - 1]) { end -= 1 }
        return start..<end
    }
}

/// Why pages could not be joined; pages are counted from 1.
public enum JSONSpliceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There was no page at all.
    case noPages
    /// A page is not JSON.
    case malformed(page: Int, JSONError)
    /// A page has nothing at the path of the items.
    case noItems(page: Int, JSONPath)
    /// A page has several values at the path of the items.
    case severalMatches(page: Int, JSONPath, count: Int)
    /// What a page has at the path of the items is not an array.
    case notAnArray(page: Int, JSONPath, found: JSONValue.Kind)

    /// One sentence with the page and what it lacks.
    public var description: String {
        switch self {
        case .noPages:
            "There are no pages to join."
        case .malformed(let page, let error):
            "Page \(page) cannot be joined: \(error)"
        case .noItems(let page, let path):
            "Page \(page) has nothing at \(path), where its items should be."
        case .severalMatches(let page, let path, let count):
            "Page \(page) has \(count) values at \(path); the path of the items must select one."
        case .notAnArray(let page, let path, let kind):
            "Page \(page) has a value of kind \(kind.rawValue) at \(path), where an array of items should be."
        }
    }
}
