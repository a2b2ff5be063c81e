import FreshetCore
import HTTPTypes

/// One line of the route table: the router and the OpenAPI document are both made from it.
struct Route: Sendable {
    /// What a client must be to use it.
    enum Access: String, Sendable {
        /// Everyone: probes and the page that says where to look.
        case everyone
        /// Everyone, or with `reads_need_token` a token of any role.
        case reader
        /// A token of role operator or admin; without any token, this machine.
        case `operator`
        /// A token of role admin; without any token, this machine.
        case admin
    }

    /// A piece of a pattern between slashes.
    enum Segment: Sendable, Equatable {
        case literal(String)
        /// One segment.
        case one(String)
        /// One or more segments up to the end.
        case rest(String)
        /// Any number of segments up to the end, none included.
        case any(String)
    }

    let method: HTTPRequest.Method?
    let segments: [Segment]
    /// Whether the path ends in a slash: `/apps/oec/` is a page whose links are relative to it.
    let isFolder: Bool
    let pattern: String
    let access: Access
    let summary: String
    let handle: @Sendable (Exchange) async throws -> Reply

    /// Reads a line of the table.
    ///
    /// - Parameters:
    ///   - method: `nil` takes every method; `GET` includes `HEAD`.
    ///   - pattern: Segments between slashes: `text`, `{one}`, `{rest+}`, `{any*}`; a slash at its end is one at the path's end.
    ///   - access: What a client must be.
    ///   - summary: One line for the OpenAPI document.
    ///   - handle: Answers.
    init(
        _ method: HTTPRequest.Method?, _ pattern: String, _ access: Access, _ summary: String,
        _ handle: @escaping @Sendable (Exchange) async throws -> Reply
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.summary = summary
        self.handle = handle
        isFolder = pattern.count > 1 && pattern.hasSuffix("/")
        segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: true).map { piece in
            guard piece.hasPrefix("{"), piece.hasSuffix("}") else { return .literal(String(piece)) }
            let name = piece.dropFirst().dropLast()
            if name.hasSuffix("+") { return .rest(String(name.dropLast())) }
            if name.hasSuffix("*") { return .any(String(name.dropLast())) }
            return .one(String(name))
        }
    }

    /// What the path's pieces are, if it fits the pattern.
    func match(_ path: Substring) -> [String: Substring]? {
        var captures: [String: Substring] = [:]
        var rest = path.dropFirst()
        var isAtEnd = rest.isEmpty
        for segment in segments {
            if case .any(let name) = segment {
                captures[name] = rest
                return captures
            }
            guard !isAtEnd else { return nil }
            if case .rest(let name) = segment {
                captures[name] = rest
                return captures
            }
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            let piece = rest[..<end]
            isAtEnd = end == rest.endIndex
            rest = isAtEnd ? rest[end...] : rest[rest.index(after: end)...]
            switch segment {
            case .literal(let text): guard piece == text else { return nil }
            case .one(let name):
                guard !piece.isEmpty else { return nil }
                captures[name] = piece
            case .rest, .any: return nil
            }
        }
        return isAtEnd != isFolder && rest.isEmpty ? captures : nil
    }
}

/// Finds the route of a request: the first in the table that fits.
struct RouteTable: Sendable {
    let routes: [Route]

    enum Found {
        case route(Route, captures: [String: Substring])
        case wrongMethod(allowed: [String])
        case nothing
    }

    func find(_ method: HTTPRequest.Method, _ path: Substring) -> Found {
        let wanted: HTTPRequest.Method = method == .head ? .get : method
        var allowed: [String] = []
        for route in routes {
            guard let captures = route.match(path) else { continue }
            guard let only = route.method, only != wanted else { return .route(route, captures: captures) }
            allowed.append(only.rawValue)
            if only == .get { allowed.append("HEAD") }
        }
        return allowed.isEmpty ? .nothing : .wrongMethod(allowed: allowed)
    }
}
