import AsyncHTTPClient
import Foundation
import FreshetCore
import FreshetMock
import NIOCore
import NIOHTTP1
import Testing

@testable import FreshetRuntime

/// Serves every configuration of `Examples/` as a user would, with a mock in the place of the real API.
@Suite struct ExampleServingTests {
    @Test(arguments: ServedExample.all)
    func `an example answers documents of the true shape byte for byte`(example: ServedExample) async throws {
        let bodies = Dictionary(uniqueKeysWithValues: example.documents.map { ($0.upstream, $0.body) })
        let handler = FixedHandler { request in
            bodies[request.target].map { .json($0) } ?? .json(["error": "not generated"], status: 404)
        }
        let expected = example.documents.map { ($0.path, Array($0.body.utf8)) }
        try await serve(example, from: handler, expecting: expected)
    }

    @Test(.enabled(if: Recordings.exist), arguments: ServedExample.all)
    func `an example answers its recorded exchanges byte for byte`(example: ServedExample) async throws {
        let handler = try ReplayHandler(directory: "\(Recordings.folder)/\(example.recordings)")
        var expected: [(String, [UInt8])] = []
        for document in example.recorded {
            let answer = handler.respond(to: MockRequest(target: document.upstream))
            try #require(answer.status == 200, "\(example.recordings) holds no \(document.upstream)")
            let body = Array(answer.body.bytes.readableBytesView)
            if let file = document.file {
                let path = URL(fileURLWithPath: "\(Recordings.folder)/\(example.recordings)/\(file)")
                #expect(try body == [UInt8](Data(contentsOf: path)))
            }
            expected.append((document.path, body))
        }
        try await serve(example, from: handler, expecting: expected)
    }

    /// Serves the example in a folder of its own and reads documents until each was compared.
    private func serve(
        _ example: ServedExample, from handler: any MockHandler, expecting documents: [(path: String, body: [UInt8])]
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-example-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let mock = MockUpstream(handler: handler)
        let bound = try await mock.start()
        let configuration = try example.configuration(upstream: bound.baseURL, dataDirectory: folder)
        let runtime = try await Runtime.open(configuration, logger: LogSetup.logger(configuration.logs).logger)
        let (bases, continuation) = AsyncStream<String>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                do {
                    try await runtime.serve(host: "127.0.0.1", port: 0, handlesSignals: false) {
                        continuation.yield($0)
                    }
                } catch is CancellationError {
                    // The reader below is done.
                }
            }
            for await base in bases {
                for (path, body) in documents { try await expect(base + path, body) }
                break
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        await mock.shutdown()
    }

    private func expect(_ url: String, _ body: [UInt8]) async throws {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "Prefer", value: "wait=30")
        // The client would refuse to inflate a body that compresses as well as some of these.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(45))
        let bytes = try await answer.body.collect(upTo: 64 << 20)
        #expect(answer.status.code == 200, "\(url)")
        #expect(answer.headers.first(name: "Freshet-Origin") == "upstream", "\(url)")
        #expect(Array(bytes.readableBytesView) == body, "\(url)")
    }
}

/// Recorded exchanges of real APIs, where a developer has them.
enum Recordings {
    static let folder =
        ProcessInfo.processInfo.environment["FRESHET_RECORDINGS"]
        ?? ServedExample.root.appendingPathComponent("../shared/upstream").standardizedFileURL.path

    static var exist: Bool { FileManager.default.fileExists(atPath: folder) }
}
