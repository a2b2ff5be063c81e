import Foundation
import FreshetCore
import FreshetMock
import FreshetSQLite
import Testing
import TornApp

/// Bodies of the official schema and of public fixtures, where they are at hand.
@Suite struct `Recorded Torn documents` {
    private static let folder: URL = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = ProcessInfo.processInfo.environment["FRESHET_RECORDINGS"] ?? "../shared/upstream"
        return URL(filePath: path, relativeTo: root).appending(path: "torn")
    }()

    private static let files: [(dataset: String, key: String, file: String)] = [
        ("crimes", "40832", "schema.v2__faction__crimes.1.json"),
        ("members", "40832", "schema.v2__faction__members.1.json"),
        ("members", "40832", "v2.faction__members.one-member.json"),
        ("items", "Weapon", "schema.v2__torn__items.1.json"),
    ].filter { FileManager.default.fileExists(atPath: folder.appending(path: $0.2).path) }

    @Test(arguments: files.indices)
    func `every row of a recorded body fits its table`(index: Int) async throws {
        let recording = Self.files[index]
        let text = try String(contentsOf: Self.folder.appending(path: recording.file), encoding: .utf8)
        let expected = try MockJSON(parsing: text.utf8).list(recording.dataset)
        try await TornStore.with { torn in
            let outcome = try await torn.load(recording.dataset, recording.key, text)
            for effect in outcome.tables {
                #expect(effect.rejected == 0 && effect.variants == 0 && effect.discarded == 0, "\(effect.table)")
            }
            let distinct = Set(expected.compactMap { $0.int("id") }).count
            #expect(try await torn.count(recording.dataset) == distinct)
        }
    }

    @Test func `rank and balance of the official schema fit their tables`() async throws {
        for (dataset, file) in [("basic", "basic"), ("currency", "balance")] {
            let url = Self.folder.appending(path: "schema.v2__faction__\(file).1.json")
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
            try await TornStore.with { torn in
                let outcome = try await torn.load(dataset, "40832", text)
                #expect(outcome.tables.map(\.inserted) == [1])
                #expect(outcome.tables.allSatisfy { $0.rejected == 0 && $0.variants == 0 })
            }
        }
    }
}
