import Foundation
import FreshetCore
import FreshetDocument
import FreshetMemory
import FreshetMock
import FreshetTesting
import NIOCore
import OecApp

/// A store, a clock and the app's runner on a folder of its own.
struct OecWorld: Sendable {
    let store = MemoryStore()
    let clock = ManualClock(now: Timestamp(seconds: 1_766_400_000))
    let options: OecOptions
    let folder: String
    let services: AppServices

    init(_ change: (inout OecOptions) -> Void = { _ in }) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "oec-\(UUID().uuidString)").path
        var options = OecOptions()
        options.folder = folder
        change(&options)
        self.options = options
        var configuration = Configuration(dataDirectory: folder)
        let app = OecApp(options)
        (configuration.apps, configuration.sources, configuration.datasets) = ([app], app.sources, app.datasets)
        let (store, clock) = (store, clock)
        var services = AppServices(configuration: configuration, store: store, tables: nil, clock: clock) {
            request throws(StoreError) in
            try await store.enqueue([request], now: clock.now()).first
                ?? EnqueueResult(jobID: 0, isNew: false, raised: false)
        }
        services.bring = { id, content, time throws(StoreError) in
            _ = try await store.commit(RefreshCommit(id: id, outcome: .content(content), at: time))
        }
        self.services = services
    }

    /// A runner that has read what there is.
    func runner() async throws -> OecRunner {
        let runner = OecRunner(options: options, services: services)
        try await runner.prepare()
        return runner
    }

    /// Commits a document as if upstream had given it.
    func load(_ product: String, year: Int = 2023, _ body: [UInt8]) async throws {
        let hash = Fingerprint(ofBytes: body)
        let bytes = Array("\(hash)".utf8.prefix(16))
        let content = FetchedContent(body: body, contentHash: bytes, bodyHash: bytes, freshFor: options.maxAge)
        _ = try await store.commit(
            RefreshCommit(id: Self.id(product, year), outcome: .content(content), at: clock.now()))
    }

    static func id(_ product: String, _ year: Int = 2023) -> DocumentID {
        DocumentID(dataset: DatasetID(source: "oec", name: "exports"), key: "\(product)/\(year)")
    }

    /// Writes the seed's two files.
    func write(data: String, updated: String = "2025-12-22T10:33:55.641331") throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(data.utf8).write(to: URL(filePath: folder + "/export_data.json"))
        let metadata = #"{"last_updated": "\#(updated)", "cache_hours": 24, "product_count": 2, "version": "1.0"}"#
        try Data(metadata.utf8).write(to: URL(filePath: folder + "/metadata.json"))
    }

    func file(_ name: String) throws -> String { try String(contentsOfFile: folder + "/" + name, encoding: .utf8) }

    /// Asks a route of the app.
    func ask(
        _ method: String = "GET", _ pattern: String, _ runner: OecRunner?, _ captures: [String: String] = [:],
        body: [UInt8] = [], parameters: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = []
    ) async throws -> (reply: AppReply, json: MockJSON?) {
        guard let route = OecApp(options).routes.first(where: { $0.pattern == pattern && $0.method == method }) else {
            throw StoreError.unavailable("no route \(pattern)")
        }
        var services = services
        services.runner = runner
        let reply = try await route.handle(
            AppRequest(
                captures: captures, parameters: parameters, headers: headers, body: body, services: services))
        return (reply, try? MockJSON(parsing: reply.body))
    }
}

/// The recorded file, where there is one.
enum Recordings {
    static let file: String? = {
        let folder =
            ProcessInfo.processInfo.environment["FRESHET_RECORDINGS"]
            ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/upstream").path
        return try? String(contentsOfFile: folder + "/oec-tesseract/export9.export_data.json", encoding: .utf8)
    }()
}
