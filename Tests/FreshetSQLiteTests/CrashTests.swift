import Foundation
import FreshetCore
import FreshetTesting
import Testing

@testable import FreshetSQLite

@Suite struct CrashTests {
    /// The file and its log, copied while writers are at work, are what `kill -9` leaves behind: the log may end anywhere.
    @Test func `whatever moment a crash takes, acknowledged commits are there, whole`() async throws {
        let scratch = try Scratch()
        let store = try await scratch.open { $0.checkpointPages = 1_000_000 }
        let writers = 8
        let acknowledged = (0..<writers).map { _ in Counter() }
        let isDone = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for number in 1...60 {
                        _ = try await store.commit(newContent("w\(writer)", number, bytes: 3_000, keeps: true))
                        acknowledged[writer].add()
                    }
                    isDone.add()
                }
            }
            group.addTask {
                var random = SeededGenerator(seed: 11)
                var copies = 0
                repeat {
                    let promised = acknowledged.map(\.value)
                    let copy = try Scratch()
                    // The file first: without check-points it stays as it is, and the log only grows.
                    try FileManager.default.copyItem(atPath: scratch.file, toPath: copy.file)
                    try FileManager.default.copyItem(atPath: scratch.file + "-wal", toPath: copy.file + "-wal")
                    if copies % 2 == 1 { try appendTornFrame(to: copy.file + "-wal", using: &random) }
                    try await check(copy, promised: promised)
                    copies += 1
                } while isDone.value < writers || copies < 4
            }
            try await group.waitForAll()
        }
        await store.close()
    }

    private func check(_ copy: Scratch, promised: [Int]) async throws {
        let store = try await copy.open()
        #expect(store.report.setAside == nil)
        #expect(store.report.wasUnclean)
        for (writer, count) in promised.enumerated() where count > 0 {
            let found = try #require(try await store.document(id("w\(writer)")))
            #expect(found.state.version >= count, "an acknowledged commit is lost")
            #expect(found.body.starts(with: "\(found.state.version):".utf8))
            let versions = try await store.versions(of: id("w\(writer)"), since: nil, until: nil, limit: 999)
            #expect(versions.map(\.version) == Array((1...found.state.version).reversed()))
        }
        #expect(try await store.verify().problems == [])
        await store.close()
    }

    /// Half a frame of noise, as a write leaves it that was cut off.
    private func appendTornFrame(to path: String, using random: inout SeededGenerator) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        try handle.seekToEnd()
        let noise = (0..<Int.random(in: 1...4_000, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next())
        }
        try handle.write(contentsOf: Data(noise))
    }
}
