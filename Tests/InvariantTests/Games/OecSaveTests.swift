import Foundation
import FreshetCore
import FreshetDocument
import FreshetMock
import FreshetTesting
import Synchronization
import Testing

/// The seed's files are whole at every moment, whenever the process dies.
struct OecSaveTests {
    private static let products = 132
    /// `scripts/soak` asks for 200.
    private static let kills =
        ProcessInfo.processInfo.environment["FRESHET_SOAK_KILLS"].flatMap { Int($0) } ?? 25

    /// Other figures in every generation.
    private final class Upstream: MockHandler {
        private let last = Mutex<UInt64>(1)

        var generation: UInt64 { last.withLock { $0 } }
        func turn() { last.withLock { $0 += 1 } }
        func respond(to request: MockRequest) -> MockResponse { OecGenerator(seed: generation).respond(to: request) }
    }

    private func drafts(_ mirror: Mirror) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: mirror.dataPath)) ?? []).filter {
            $0.hasSuffix(".draft")
        }
    }

    private func savedAt(_ mirror: Mirror) -> Date? {
        try? FileManager.default.attributesOfItem(atPath: "\(mirror.dataPath)/export_data.json")[.modificationDate]
            as? Date
    }

    private func read(_ mirror: Mirror, _ name: String) throws -> JSONValue? {
        try FileManager.default.contents(atPath: "\(mirror.dataPath)/\(name)").map { try JSONTape(Array($0)).root }
    }

    /// Both files are whole, and the numbers of each product are those of one answer that upstream has given.
    ///
    /// `known` says which generation they were of when they were looked at last.
    private func check(
        _ mirror: Mirror, until generation: UInt64, _ round: Int, _ known: inout [String: UInt64]
    ) throws {
        let data = try #require(try read(mirror, "export_data.json"))
        #expect(Array(data.members).count == Self.products, "kill \(round)")
        for product in data.members {
            let id = try #require(product.key.string)
            let values = try product.value.members.map { entry in
                (try #require(entry.key.string), try #require(entry.value.numberText.flatMap { Double($0) }))
            }
            let last = known[id].map { [$0] } ?? []
            let found = (last + (1...generation).reversed()).first { generation in
                let world = OecGenerator(seed: generation)
                return values.allSatisfy { country, billions in
                    world.dollars(product: id, country: country, year: 2023)
                        .map { abs(Double($0) - billions * 1e9) < 0.5 } ?? false
                }
            }
            #expect(found != nil, "kill \(round): \(id) is \(values)")
            known[id] = found
        }
        let metadata = try #require(try read(mirror, "metadata.json"))
        #expect(metadata.integer("product_count") == Self.products, "kill \(round)")
        #expect(metadata.text("last_updated").flatMap { Timestamp(rfc3339: $0) } != nil, "kill \(round)")
    }

    @Test func `files are never half new, at whatever moment of a save the process dies`() async throws {
        let upstream = Upstream()
        try await withMock(upstream) { _, url in
            let mirror = try Mirror("apps: { oec: { base_url: \"\(url)\", calls_per_day: 1000000 } }")
            var random = SeededGenerator(seed: 11)
            try await mirror.start()
            let isWritten = try await eventually(
                "the files are written", within: .seconds(60), every: .milliseconds(100)
            ) {
                guard let data = try read(mirror, "export_data.json"), try read(mirror, "metadata.json") != nil else {
                    return false
                }
                return Array(data.members).count == Self.products && drafts(mirror).isEmpty
            }
            let health = try await mirror.get("/apps/oec/health").text
            try #require(isWritten, "\(health)")
            let ids = try #require(try read(mirror, "export_data.json")).members.compactMap(\.key.string)
            var known: [String: UInt64] = [:]
            func refreshSome() async throws {
                upstream.turn()
                for _ in 0..<3 {
                    let id = try #require(ids.randomElement(using: &random))
                    try await mirror.refreshNow("oec.exports", "\(id)/2023")
                }
            }
            for round in 0..<Self.kills {
                var saved = savedAt(mirror)
                try await refreshSome()
                if round.isMultiple(of: 3) {
                    // Somewhere around a save: after so many answers.
                    try await mirror.lets(pass: Int.random(in: 1...1500, using: &random))
                } else {
                    // In the middle of a save.
                    try await eventually("a save is met", within: .seconds(60), every: .zero) {
                        if !drafts(mirror).isEmpty { return true }
                        // One that went by unseen: once more.
                        if savedAt(mirror) != saved {
                            saved = savedAt(mirror)
                            try await refreshSome()
                        }
                        return false
                    }
                    for _ in 0..<Int.random(in: 0...20, using: &random) { _ = drafts(mirror) }
                }
                try await mirror.kill9()
                try check(mirror, until: upstream.generation, round, &known)
                try await mirror.start()
                #expect(drafts(mirror).isEmpty, "what a crash left half written is removed")
            }
            try await mirror.stop()
        }
    }
}
