import FreshetMock
import Synchronization

/// An upstream whose documents the test writes; every path that has none answers from a rule.
final class ScriptedUpstream: MockHandler {
    private let bodies = Mutex<[String: MockResponse]>([:])
    private let rule: @Sendable (MockRequest) -> MockResponse

    /// - Parameter rule: Answers what was not written; by default a small document with its own path in it.
    init(
        _ rule: @escaping @Sendable (MockRequest) -> MockResponse = {
            .json(#"{"path":"\#($0.path)","name":"as it is"}"#)
        }
    ) { self.rule = rule }

    func set(_ path: String, _ body: String, status: Int = 200) {
        bodies.withLock { $0[path] = .json(body, status: status) }
    }

    func respond(to request: MockRequest) -> MockResponse {
        bodies.withLock { $0[String(request.path)] } ?? rule(request)
    }
}

/// Runs a mock upstream beside a test.
func withMock<Result>(
    _ handler: any MockHandler = ScriptedUpstream(), _ change: (inout MockOptions) throws -> Void = { _ in },
    alone: Bool = false, _ body: (MockUpstream, String) async throws -> Result
) async throws -> Result {
    var options = MockOptions()
    options.keptRequests = 10_000
    try change(&options)
    let mock = MockUpstream(handler: handler, options: options)
    return try await Slots.shared.use(alone: alone) {
        let bound = try await startAside(mock)
        do {
            let result = try await body(mock, bound.baseURL)
            await mock.shutdown()
            return result
        } catch {
            await mock.shutdown()
            throw error
        }
    }
}

/// Counts from several tasks.
final class Counter: Sendable {
    private let count = Mutex(0)

    @discardableResult
    func add(_ number: Int = 1) -> Int {
        count.withLock { count in
            count += number
            return count
        }
    }

    var value: Int { count.withLock { $0 } }
}

/// Runs `body` so many times at once, on a connection of its own each.
func onConnections<Result: Sendable>(
    _ count: Int, to url: String, _ body: @escaping @Sendable (Int, WireConnection) async throws -> Result
) async throws -> [Result] {
    var connections: [WireConnection] = []
    for _ in 0..<count { connections.append(try await WireConnection.open(url)) }
    let results = try await withThrowingTaskGroup(of: Result.self) { group in
        for (index, connection) in connections.enumerated() {
            group.addTask { try await body(index, connection) }
        }
        var results: [Result] = []
        for try await result in group { results.append(result) }
        return results
    }
    for connection in connections { await connection.close() }
    return results
}

/// Starts on a port below those that the kernel gives out, so that nobody takes it while this server is down.
private func startAside(_ mock: MockUpstream) async throws -> BoundMock {
    for _ in 0..<50 {
        if let bound = try? await mock.start(port: Int.random(in: 10_000..<19_000)) { return bound }
    }
    return try await mock.start()
}
