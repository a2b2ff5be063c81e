/// A path with parameters in braces, such as `/repos/{owner}/{repo}` or `/search?q={q}&limit=50`.
public struct PathTemplate: Sendable, Hashable, CustomStringConvertible {
    /// A piece of the template.
    enum Piece: Sendable, Hashable {
        case literal(String)
        case parameter(String)
    }

    let path: [[Piece]]
    let query: [(name: String, value: [Piece])]
    private let text: String
    /// The parameters in order of appearance; their values make the key.
    public let parameters: [String]

    /// Reads a template.
    ///
    /// - Throws: ``PathTemplateError`` when it does not start with `/`, a brace is open, or a name is empty or repeated.
    public init(_ text: String) throws(PathTemplateError) {
        guard text.hasPrefix("/") else { throw .noSlash(text) }
        self.text = text
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var segments: [[Piece]] = []
        for segment in halves[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            segments.append(try PathTemplate.pieces(segment, in: text))
        }
        var fields: [(name: String, value: [Piece])] = []
        if halves.count == 2 {
            for field in halves[1].split(separator: "&") {
                let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                fields.append((String(parts[0]), try PathTemplate.pieces(parts.count == 2 ? parts[1] : "", in: text)))
            }
        }
        (path, query) = (segments, fields)
        var names: [String] = []
        for case .parameter(let name) in segments.joined() { names.append(name) }
        for field in fields { for case .parameter(let name) in field.value { names.append(name) } }
        guard Set(names).count == names.count else { throw .repeated(text) }
        parameters = names
    }

    /// The base URL itself: `/`, without parameters.
    public static let root = PathTemplate()

    private init() { (path, query, text, parameters) = ([[.literal("")]], [], "/", []) }

    /// The template as written.
    public var description: String { text }

    /// Two templates are equal when they are written alike.
    public static func == (a: PathTemplate, b: PathTemplate) -> Bool { a.text == b.text }
    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// The path and query for parameter values in the order of ``parameters``, percent-encoded.
    public func expand(_ values: [String]) -> String {
        var remaining = values[...]
        func render(_ pieces: [Piece]) -> String {
            pieces.map { piece in
                switch piece {
                case .literal(let text): text
                case .parameter: PercentEncoding.encode(remaining.popFirst() ?? "")
                }
            }.joined()
        }
        let pathText = path.map { "/" + render($0) }.joined()
        guard !query.isEmpty else { return pathText }
        return pathText + "?" + query.map { "\($0.name)=\(render($0.value))" }.joined(separator: "&")
    }

    /// The parameter values when `path` (still percent-encoded) and `query` fit this template; `nil` otherwise.
    ///
    /// Every field of the template's query must be present with its value; a field the template does not name
    /// makes it another document, so the match fails.
    public func match(path candidate: Substring, query candidateQuery: Substring?) -> [String]? {
        guard candidate.first == "/" else { return nil }
        let segments = candidate.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == path.count else { return nil }
        var values: [String] = []
        for (segment, pieces) in zip(segments, path) {
            guard PathTemplate.match(segment, pieces, into: &values) else { return nil }
        }
        var fields = (candidateQuery ?? "").split(separator: "&").map {
            $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        }
        for field in query {
            guard let index = fields.firstIndex(where: { $0[0] == field.name }) else { return nil }
            let found = fields.remove(at: index)
            guard PathTemplate.match(found.count == 2 ? found[1] : "", field.value, into: &values) else { return nil }
        }
        return fields.isEmpty ? values : nil
    }

    private static func match(_ text: Substring, _ pieces: [Piece], into values: inout [String]) -> Bool {
        var rest = text
        for (index, piece) in pieces.enumerated() {
            switch piece {
            case .literal(let literal):
                guard rest.hasPrefix(literal) else { return false }
                rest = rest.dropFirst(literal.count)
            case .parameter:
                var end = rest.endIndex
                if index + 1 < pieces.count, case .literal(let next) = pieces[index + 1] {
                    guard let found = lastRange(of: next, in: rest) else { return false }
                    end = found
                }
                guard end > rest.startIndex, let value = PercentEncoding.decode(rest[..<end]) else { return false }
                values.append(value)
                rest = rest[end...]
            }
        }
        return rest.isEmpty
    }

    /// Where the last occurrence of `needle` begins, so that `{id}.json` matches `a.json.json` as `a.json`.
    private static func lastRange(of needle: String, in text: Substring) -> Substring.Index? {
        var index = text.endIndex
        while index > text.startIndex {
            index = text.index(before: index)
            if text[index...].hasPrefix(needle) { return index }
        }
        return nil
    }

    private static func pieces(_ text: Substring, in whole: String) throws(PathTemplateError) -> [Piece] {
        var (pieces, literal, rest) = ([Piece](), "", text)
        while let character = rest.popFirst() {
            guard character == "{" else {
                if character == "}" { throw .unbalanced(whole) }
                literal.append(character)
                continue
            }
            guard let close = rest.firstIndex(of: "}") else { throw .unbalanced(whole) }
            let name = String(rest[..<close])
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
                throw .badName(whole, name)
            }
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            if literal.isEmpty, case .parameter? = pieces.last { throw .adjacent(whole) }
            pieces.append(.parameter(name))
            literal = ""
            rest = rest[rest.index(after: close)...]
        }
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }
}

/// Why a path template could not be read.
public enum PathTemplateError: Error, CustomStringConvertible, Equatable {
    /// It does not start with a slash.
    case noSlash(String)
    /// A brace is open or closed without its other half.
    case unbalanced(String)
    /// A parameter's name is empty or has other characters than letters, digits and `_`.
    case badName(String, String)
    /// A parameter appears twice.
    case repeated(String)
    /// Two parameters touch, so that their values cannot be told apart.
    case adjacent(String)

    /// A sentence for the person who wrote the template.
    public var description: String {
        switch self {
        case .noSlash(let text): "\"\(text)\" must start with /: the path follows base_url"
        case .unbalanced(let text): "\"\(text)\" has a brace without its other half: write {name}"
        case .badName(let text, let name):
            "\"\(text)\" has the parameter \"\(name)\": use letters, digits and _ between the braces"
        case .repeated(let text): "\"\(text)\" names a parameter twice: give each its own name"
        case .adjacent(let text): "\"\(text)\" has two parameters that touch: put something between them"
        }
    }
}
