import NIOCore
import NIOHTTP1
import Synchronization

/// Which recording answers when several were made of the same request.
public enum ReplayVariants: Sendable, CaseIterable {
    /// Always the first one with status 200, else the first.
    case first
    /// Each in its turn, in the order of the index: a document that changes.
    case cycle
}

/// Serves recorded exchanges from a folder with an `index.json`.
///
/// The index is an array of `{file, request, status, headers?}`. A request is a method and a path such as
/// `GET /clans/%232PP` or `GET /clans/{tag}/currentwar`; notes in brackets, JSON-RPC methods (`POST eth_call`), `any` for
/// errors and files that hold whole exchanges are understood as well. An exact path is preferred to a placeholder, a query
/// that agrees to one that does not, status 200 to another. A base path in front of the path does not matter. Every
/// indexed file can also be had by its name.
public struct ReplayHandler: MockHandler {
    private let library: ReplayLibrary
    private let variants: ReplayVariants
    private let memory = Memory()

    private final class Memory: Sendable {
        struct State {
            var found: [String: [Int]] = [:]
            var turns: [[Int]: Int] = [:]
        }

        let state = Mutex(State())
        static let capacity = 8_192
    }

    /// Reads a folder into memory.
    ///
    /// - Throws: ``ReplayError`` when the folder, its index or a file in it cannot be read.
    public init(directory: String, variants: ReplayVariants = .first) throws(ReplayError) {
        library = try ReplayLibrary(directory: directory)
        self.variants = variants
    }

    /// What can be asked for: method, path template and file, in the order of the index.
    public var routes: [(method: String, path: String, file: String)] {
        library.entries.map { ($0.route.method, $0.route.template, $0.file) }
    }

    /// Answers from the recordings; 404 with what was looked for when there is none.
    public func respond(to request: MockRequest) -> MockResponse {
        if request.method == "POST", !library.calls.isEmpty,
            let value = try? MockJSON(parsing: request.body.readableBytesView), let answer = library.calls.answer(value)
        {
            return .json(answer)
        }
        let found = find(method: request.method, target: request.target)
        if !found.isEmpty { return rewritten(library.entries[choose(found)].response, request) }
        if let name = request.segments.last, let file = library.files[name] { return file }
        let text = "No recording answers \(request.method) \(KeyReader.redact(request.target))."
        return .json(["error": .string(text)], status: 404)
    }

    /// The recorded error of this kind, or a plain one.
    public func failure(_ failure: MockFailure) -> MockResponse {
        let statuses: [Int]
        switch failure {
        case .status(let status): statuses = [status]
        case .keyRefused: statuses = [401, 403]
        case .rateLimited: statuses = [429]
        case .maintenance: statuses = [503]
        case .insideSuccess: statuses = [200]
        }
        let known = library.problems.filter { statuses.contains($0.response.status) }
        let best = failure == .keyRefused ? known.first { $0.text.contains("bad key") } : nil
        return (best ?? known.first)?.response ?? FixedHandler(MockResponse()).failure(failure)
    }

    /// The template of the recording that answers this path.
    public func endpoint(of path: Substring) -> String? {
        find(method: nil, target: String(path)).first.map { library.entries[$0].route.template }
    }

    /// The best entries for a request: more than one when they cannot be told apart.
    private func find(method: String?, target: String) -> [Int] {
        let key = "\(method ?? "*") \(target)"
        if let found = memory.state.withLock({ $0.found[key] }) { return found }
        let (path, query) = Target.split(target)
        let (segments, asked) = (Target.segments(path), Target.query(query))
        var best: ReplayRoute.Fit?
        var found: [Int] = []
        for (index, entry) in library.entries.enumerated() {
            guard let fit = entry.route.fit(method: method, segments: segments, query: asked) else { continue }
            if let known = best, fit < known { continue }
            if let known = best, !(known < fit) { found.append(index) } else { found = [index] }
            best = fit
        }
        let good = found.filter { library.entries[$0].response.status == 200 }
        if !good.isEmpty { found = good }
        memory.state.withLock { state in
            if state.found.count >= Memory.capacity { state.found = [:] }
            state.found[key] = found
        }
        return found
    }

    private func choose(_ found: [Int]) -> Int {
        guard variants == .cycle, found.count > 1 else { return found[0] }
        return memory.state.withLock { state in
            let turn = state.turns[found, default: 0]
            state.turns[found] = turn + 1
            return found[turn % found.count]
        }
    }

    /// Turns links to recorded hosts into links to this server, so that no client is led out of it.
    private func rewritten(_ response: MockResponse, _ request: MockRequest) -> MockResponse {
        guard !library.origins.isEmpty else { return response }
        var response = response
        for name in ["location", "link"] {
            guard var value = response.headers.first(name: name) else { continue }
            for origin in library.origins { value = value.replacing(origin, with: request.origin) }
            response.headers.replaceOrAdd(name: name, value: value)
        }
        return response
    }
}
