import Foundation
import FreshetCore
import FreshetSQLite

/// A directory of a test's own, removed with the value's last reference.
final class Scratch: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "freshet-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var file: String { path + "/freshet.sqlite" }

    func open(_ change: (inout SQLiteOptions) -> Void = { _ in }) async throws -> SQLiteStore {
        var options = SQLiteOptions()
        change(&options)
        return try await SQLiteStore.open(directory: path, options: options, now: moment)
    }

    /// Names of the files inside, sorted.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}

let moment = Timestamp(seconds: 1_700_000_000)
let clan = DatasetID(source: "clash", name: "clan")

func id(_ key: String) -> DocumentID { DocumentID(dataset: clan, key: key) }

/// A commit of new content; the number makes it differ from others.
func newContent(_ key: String, _ number: Int, bytes: Int = 100, keeps: Bool = false) -> RefreshCommit {
    let body = Array("\(number):".utf8) + [UInt8](repeating: 0x78, count: bytes)
    let hash = withUnsafeBytes(of: number.littleEndian) { Array($0) } + [UInt8](repeating: 0, count: 8)
    let event = NewEvent(type: "dataset.updated", source: "clash", document: id(key))
    return RefreshCommit(
        id: id(key),
        outcome: .content(FetchedContent(body: body, contentHash: hash, bodyHash: hash, freshFor: .seconds(60))),
        at: moment + .seconds(number), keepsHistory: keeps, eventsOnChange: [event])
}
