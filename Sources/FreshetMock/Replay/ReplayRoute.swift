/// What an entry of an `index.json` says it answers, read from text written for people.
enum ReplayRequest: Equatable {
    /// A method and a path.
    case route(ReplayRoute)
    /// A JSON-RPC method over `POST`.
    case call
    /// Any request, as errors are.
    case any
    /// The same request as the entry before.
    case same
    /// Nothing that can be asked for; the file can only be had by its name.
    case none

    private static let methods: Set<Substring> = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]

    /// Reads texts such as `GET /clans/{tag} (private war log)`, `GET home with ?json=1` or `any, bad key`.
    init(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 1)
        guard let first = words.first else {
            self = .none
            return
        }
        if text == "same" {
            self = .same
        } else if first == "any" || first == "any," {
            self = .any
        } else if Self.methods.contains(first), words.count == 2 {
            let isName = words[1].allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
            self = first == "POST" && isName ? .call : .route(ReplayRoute(method: String(first), text: words[1]))
        } else {
            self = .none
        }
    }
}

/// A request that a recording answers: method, path and query, with placeholders.
struct ReplayRoute: Equatable {
    /// How well a route fits a request; more is better, in the order of the fields.
    struct Fit: Comparable {
        /// Whether no placeholder was needed.
        let isExact: Bool
        /// Segments that are equal, not just allowed.
        let literals: Int
        /// Leading segments that only one side has: the base path.
        let offset: Int
        /// Query parameters that agree, less those that do not.
        let query: Int

        static func < (left: Fit, right: Fit) -> Bool {
            (left.isExact ? 1 : 0, left.literals, -left.offset, left.query)
                < (right.isExact ? 1 : 0, right.literals, -right.offset, right.query)
        }
    }

    private struct Parameter: Equatable {
        let name: String
        let pattern: String
    }

    let method: String
    /// The path as written, for showing.
    let template: String
    /// Whether the entry stands for one answer per element of its file.
    let isPerElement: Bool
    private let segments: [String]
    private let query: [Parameter]
    private let literals: Int
    /// Leading segments that a client may leave out because they belong to the base URL.
    private let base: Int

    init(method: String, text: Substring) {
        self.method = method
        var text = String(text)
        var extra = ""
        if let with = text.firstRange(of: " with ?") {
            extra = String(text[with.upperBound...])
            text = String(text[..<with.lowerBound])
        }
        isPerElement = text.hasSuffix(" for each element")
        for mark in [" (", " for ", ", one request per"] {
            if let note = text.firstRange(of: mark) { text = String(text[..<note.lowerBound]) }
        }
        var isAbsolute = false
        if let scheme = text.firstRange(of: "://") {
            isAbsolute = true
            let rest = text[scheme.upperBound...]
            text = String(rest[(rest.firstIndex(of: "/") ?? rest.endIndex)...])
        }
        let (path, query) = Target.split(text)
        template = String(path)
        segments = Target.segments(path).map { $0 == "..." ? "**" : Self.glob($0) }
        let pairs = Target.query(query) + Target.query(extra[...])
        self.query = pairs.map { Parameter(name: $0.name, pattern: Self.glob($0.value)) }
        literals = segments.count { !$0.contains("*") }
        base = segments.prefix { isAbsolute || Self.isBase($0) }.count
    }

    /// A route for exactly this method and target, as an exchange records it.
    init(method: String, target: String) {
        self.method = method
        isPerElement = false
        let (path, query) = Target.split(target)
        template = String(path)
        segments = Target.segments(path)
        self.query = Target.query(query).map { Parameter(name: $0.name, pattern: $0.value) }
        literals = segments.count
        base = 0
    }

    private init(_ route: ReplayRoute, segments: [String]) {
        method = route.method
        template = route.template
        isPerElement = false
        self.segments = segments
        query = route.query
        literals = segments.count { !$0.contains("*") }
        base = route.base
    }

    /// The route with its placeholders filled in.
    func filled(with value: String) -> ReplayRoute {
        ReplayRoute(self, segments: segments.map { $0.replacing("*", with: value) })
    }

    /// How well this route fits, or `nil` when it does not; no method stands for any.
    func fit(method: String?, segments path: [String], query asked: [(name: String, value: String)]) -> Fit? {
        guard method == nil || method == self.method || (method == "HEAD" && self.method == "GET"),
            let offset = offset(of: path)
        else { return nil }
        var score = 0
        for parameter in query {
            let value = asked.first { $0.name == parameter.name }?.value
            switch value.map({ Glob.matches(parameter.pattern, $0) }) {
            case true: score += parameter.pattern.contains("*") ? 1 : 2
            default: score -= 3
            }
        }
        return Fit(isExact: literals == segments.count, literals: literals, offset: offset, query: score)
    }

    /// How many leading segments one side has more than the other, when the rest matches.
    private func offset(of path: [String]) -> Int? {
        guard !segments.isEmpty else { return path.isEmpty ? 0 : nil }
        for start in 0...path.count where Self.match(segments[...], path[start...]) { return start }
        guard base > 0 else { return nil }
        for dropped in 1...base where dropped < segments.count {
            if Self.match(segments.dropFirst(dropped), path[...]) { return dropped }
        }
        return nil
    }

    private static func match(_ pattern: ArraySlice<String>, _ path: ArraySlice<String>) -> Bool {
        guard let head = pattern.first else { return path.isEmpty }
        if head == "**" {
            for skip in path.startIndex...path.endIndex where match(pattern.dropFirst(), path[skip...]) { return true }
            return false
        }
        guard let segment = path.first, Glob.matches(head, segment) else { return false }
        return match(pattern.dropFirst(), path.dropFirst())
    }

    /// `{tag}` and `...` become `*`.
    private static func glob(_ text: String) -> String {
        var out = ""
        var depth = 0
        for character in text.replacing("...", with: "*") {
            if character == "{" {
                if depth == 0 { out.append("*") }
                depth += 1
            } else if character == "}", depth > 0 {
                depth -= 1
            } else if depth == 0 {
                out.append(character)
            }
        }
        return out
    }

    /// Whether a segment is `api`, `v1`, `v2` and so on.
    private static func isBase(_ segment: String) -> Bool {
        segment == "api" || (segment.first == "v" && segment.count > 1 && segment.dropFirst().allSatisfy(\.isNumber))
    }
}
