import FreshetCore
import FreshetTesting
import NIOCore
import Synchronization
import Testing

@testable import FreshetEngine

@Suite struct CatalogTests {
    private let clock = ManualClock()
    private let dataset = DatasetID(source: "s", name: "d")

    private func catalog(limit: Int = 64 << 20) throws -> Catalog {
        var configuration = Configuration(dataDirectory: "/tmp", store: .memory)
        configuration.sources = [SourceConfig(name: "s", baseURL: "http://h")]
        configuration.datasets = [DatasetConfig(id: dataset, template: try PathTemplate("/d/{k}"))]
        return Catalog(configuration: configuration, memoryLimit: limit, clock: clock)
    }

    private func document(
        _ key: String, version: Int = 1, size: Int = 100, checked: Timestamp? = nil, freshFor: Duration = .seconds(60)
    ) -> StoredDocument {
        var state = DocumentState()
        (state.presence, state.version) = (.live, version)
        let moment = checked ?? clock.now()
        (state.lastUpdated, state.checkedAt, state.changedAt) = (moment, moment, moment)
        state.freshUntil = moment + freshFor
        state.bodyHash = Array(repeating: UInt8(truncatingIfNeeded: version), count: 16)
        let body = [UInt8](repeating: UInt8(truncatingIfNeeded: version), count: size)
        return StoredDocument(id: DocumentID(dataset: dataset, key: key), state: state, body: body)
    }

    private func find(_ catalog: Catalog, _ path: String) -> CatalogEntry? {
        Array(path.utf8).withUnsafeBytes { catalog.find(path: $0)?.entry }
    }

    @Test func `what is published is found by address and by path`() throws {
        let catalog = try catalog()
        let entry = try #require(catalog.publish(document("a")))
        #expect(catalog.entry(DocumentID(dataset: dataset, key: "a")) === entry)
        #expect(catalog.entry(DocumentID(dataset: dataset, key: "b")) == nil)
        #expect(catalog.addPath("/v1/s/d/a", surface: .document, to: entry))
        #expect(!catalog.addPath("/v1/s/d/a", surface: .document, to: entry))
        #expect(find(catalog, "/v1/s/d/a") === entry)
        #expect(find(catalog, "/v1/s/d/A") == nil && find(catalog, "/v1/s/d/a/") == nil)
    }

    @Test func `paths are bounded in number, length and alphabet`() throws {
        let catalog = try catalog()
        let entry = try #require(catalog.publish(document("a")))
        for bad in ["", "x", "/a b", "/caf\u{e9}", "/\u{7f}", "/" + String(repeating: "x", count: 1024)] {
            #expect(!catalog.addPath(bad, surface: .document, to: entry))
        }
        for index in 0..<Catalog.pathsPerEntry { #expect(catalog.addPath("/\(index)", surface: .proxy, to: entry)) }
        #expect(!catalog.addPath("/more", surface: .document, to: entry))
        #expect(catalog.statistics.paths == Catalog.pathsPerEntry)
    }

    @Test func `readers ask again for a known document that upstream missed only when the 404 has rested`() throws {
        let catalog = try catalog()
        let asked = Mutex(0)
        catalog.setDemandSink { _ in asked.withLock { $0 += 1 } }
        var missed = document("a")
        missed.state.consecutiveNotFound = 1
        let entry = try #require(catalog.publish(missed))
        let rest = Duration.seconds(600)
        for _ in 0..<5 {
            #expect(catalog.read(entry, at: clock.now() + (rest - .seconds(1)))?.isMissedUpstream == true)
        }
        #expect(catalog.read(entry, at: clock.now() + .seconds(1), youngerThan: 0) != nil)
        #expect(asked.withLock { $0 } == 0, "impatient readers do not use up gone_after")
        #expect(catalog.read(entry, at: clock.now() + rest) != nil)
        #expect(asked.withLock { $0 } == 1)
    }

    @Test(arguments: [DocumentState.Presence.missing, .gone])
    func `a remembered 404 is not asked for again before its time`(presence: DocumentState.Presence) throws {
        let catalog = try catalog()
        let asked = Mutex(0)
        catalog.setDemandSink { _ in asked.withLock { $0 += 1 } }
        var absent = document("a")
        (absent.state.presence, absent.state.consecutiveNotFound) = (presence, 3)
        let entry = try #require(catalog.publish(absent))
        #expect(catalog.read(entry, at: clock.now() + .seconds(59))?.isStale(at: clock.now() + .seconds(59)) == false)
        #expect(asked.withLock { $0 } == 0)
        #expect(catalog.read(entry, at: clock.now() + .seconds(60)) != nil)
        #expect(asked.withLock { $0 } == 1)
    }

    @Test func `bodies take no more room than they need`() throws {
        let catalog = try catalog()
        let entry = try #require(catalog.publish(document("a", size: 2049)))
        #expect(entry.served.body.storageCapacity == 2049 && entry.served.body.readableBytes == 2049)
    }

    @Test func `an older state never displaces a newer one`() throws {
        let catalog = try catalog()
        let late = clock.now() + .seconds(5)
        catalog.publish(document("a", version: 2, checked: late))
        catalog.publish(document("a", version: 1, checked: late + .seconds(9)))
        let entry = try #require(catalog.entry(DocumentID(dataset: dataset, key: "a")))
        #expect(entry.served.version == 2)
        catalog.publish(document("a", version: 2, checked: clock.now()))
        #expect(entry.served.checkedAt == late)
        catalog.confirm(entry.id, state: document("a", version: 2, checked: clock.now()).state)
        #expect(entry.served.checkedAt == late)
        catalog.confirm(entry.id, state: document("a", version: 2, checked: late + .seconds(1)).state)
        #expect(entry.served.checkedAt == late + .seconds(1) && entry.served.body.readableBytes == 100)
    }

    @Test func `a state whose body never came makes the next read load it`() throws {
        let catalog = try catalog()
        let entry = try #require(catalog.publish(document("a")))
        catalog.addPath("/a", surface: .document, to: entry)
        catalog.confirm(entry.id, state: document("a", version: 2).state)
        #expect(catalog.entry(entry.id) == nil && find(catalog, "/a") == nil)
        #expect(catalog.read(entry, at: clock.now()) == nil)
        #expect(catalog.statistics.bytes == 0)
    }

    @Test func `a stale read is reported once, again after 30 seconds, and anew after each attempt`() throws {
        let catalog = try catalog()
        let asked = Box()
        catalog.setDemandSink { id in asked.list.withLock { $0.append(id.key) } }
        let entry = try #require(catalog.publish(document("a", freshFor: .seconds(60))))
        func read() { _ = catalog.read(entry, at: clock.now()) }
        read()
        #expect(asked.count == 0)
        clock.advance(by: .seconds(60))
        read()
        read()
        #expect(asked.count == 1)
        clock.advance(by: .seconds(29))
        read()
        #expect(asked.count == 1)
        clock.advance(by: .seconds(1))
        read()
        #expect(asked.count == 2)
        catalog.confirm(entry.id, state: document("a", checked: clock.now(), freshFor: .seconds(-1)).state)
        read()
        #expect(asked.count == 3)
        catalog.publish(document("a", version: 2))
        read()
        #expect(asked.count == 3)
        _ = catalog.read(entry, at: clock.now() + .seconds(5), youngerThan: 5)
        #expect(asked.count == 3)
        _ = catalog.read(entry, at: clock.now() + .seconds(5), youngerThan: 4)
        #expect(asked.count == 4)
    }

    @Test func `reads are drained once, those of evicted documents too`() throws {
        let catalog = try catalog()
        let a = try #require(catalog.publish(document("a")))
        let b = try #require(catalog.publish(document("b")))
        for _ in 0..<3 { _ = catalog.read(a, at: clock.now()) }
        _ = catalog.read(b, at: clock.now())
        catalog.remove(b.id)
        #expect(catalog.reads(of: a.id) == 3)
        let drained = catalog.drainReads().sorted { $0.id.key < $1.id.key }
        #expect(drained.map(\.count) == [3, 1])
        #expect(catalog.drainReads().isEmpty && catalog.reads(of: a.id) == 0)
        _ = catalog.read(a, at: clock.now())
        #expect(catalog.drainReads().map(\.count) == [1])
    }

    @Test func `memory is bounded and what is read stays`() throws {
        let limit = 2 << 20
        let catalog = try catalog(limit: limit)
        var hot: [CatalogEntry] = []
        for index in 0..<100 { hot.append(try #require(catalog.publish(document("hot\(index)", size: 1000)))) }
        // A scan of twenty times the memory, with the hot ones read now and then.
        for index in 0..<20_000 {
            catalog.publish(document("scan\(index)", size: 1000))
            if index % 20 == 0 { for entry in hot { _ = catalog.read(entry, at: clock.now()) } }
            #expect(catalog.statistics.bytes <= limit || index % 500 != 0)
        }
        #expect(catalog.statistics.bytes <= limit)
        let kept = hot.filter { catalog.entry($0.id) != nil }.count
        #expect(kept >= 95)
        #expect(catalog.statistics.evictions > 10_000)
    }

    @Test func `a document larger than the memory is served but not kept`() throws {
        let catalog = try catalog(limit: 1 << 20)
        let entry = try #require(catalog.publish(document("big", size: 2 << 20)))
        #expect(entry.served.body.readableBytes == 2 << 20)
        #expect(catalog.statistics.entries == 0 && catalog.statistics.bytes == 0)
        #expect(!catalog.addPath("/big", surface: .document, to: entry))
    }

    @Test func `a compressed form is kept for its own version only, and counted`() throws {
        let catalog = try catalog()
        let entry = try #require(catalog.publish(document("a", size: 1000)))
        let served = entry.served
        let before = catalog.statistics.bytes
        catalog.keep(.gzip(ServedDocument.exactBuffer([1, 2, 3])), of: served, in: entry)
        #expect(catalog.statistics.bytes == before + 3)
        catalog.publish(document("a", version: 2, size: 1000))
        #expect(catalog.statistics.bytes == before)
        catalog.keep(.gzip(ServedDocument.exactBuffer([1, 2, 3])), of: served, in: entry)
        guard case .undecided = entry.served.compressed else {
            Issue.record("an old form was kept")
            return
        }
    }

    @Test func `compressed forms keep to their share, and those in use stay`() throws {
        let catalog = try catalog(limit: 4 << 20)
        let share = (4 << 20) / Catalog.formShare
        func keep(_ entry: CatalogEntry) {
            catalog.keep(
                .gzip(ServedDocument.exactBuffer([UInt8](repeating: 1, count: 1000))), of: entry.served, in: entry)
        }
        func hasForm(_ entry: CatalogEntry) -> Bool {
            if case .gzip = entry.served.compressed { return true }
            return false
        }
        var entries: [CatalogEntry] = []
        for index in 0..<1000 { entries.append(try #require(catalog.publish(document("k\(index)", size: 1000)))) }
        let plain = catalog.statistics.bytes
        for entry in entries.prefix(20) { keep(entry) }
        for (index, entry) in entries.enumerated().dropFirst(20) {
            for hot in entries.prefix(20) { _ = catalog.read(hot, at: clock.now()) }
            keep(entry)
            #expect(catalog.statistics.bytes - plain <= share, "after \(index)")
            #expect(hasForm(entry))
        }
        #expect(catalog.statistics.entries == 1000)
        let held = entries.filter(hasForm).count
        #expect(catalog.statistics.bytes == plain + held * 1000 && held > share / 1000 - 5)
        #expect(entries.prefix(20).filter(hasForm).count >= 15)
        // What takes the form's place, or leaves, takes its bytes along.
        for entry in entries.prefix(500) { catalog.publish(document(entry.id.key, version: 2, size: 1000)) }
        for entry in entries.suffix(500) { catalog.remove(entry.id) }
        for entry in entries.prefix(500) { keep(entry) }
        #expect(entries.prefix(500).filter(hasForm).count > share / 1000 - 5)
    }

    @Test func `a form larger than the share is kept alone`() throws {
        let catalog = try catalog(limit: 4 << 20)
        let entry = try #require(catalog.publish(document("a", size: 1_000_000)))
        let form = ServedDocument.Compressed.gzip(ServedDocument.exactBuffer([UInt8](repeating: 1, count: 800_000)))
        catalog.keep(form, of: entry.served, in: entry)
        #expect(catalog.statistics.bytes > 1_800_000)
        guard case .gzip = entry.served.compressed else {
            Issue.record("the form was not kept")
            return
        }
    }

    @Test func `text from upstream cannot break a head`() throws {
        let catalog = try catalog()
        var document = document("a")
        document.state.contentType = "text/plain\r\nSet-Cookie: x"
        document.state.failure = FailureNote(kind: "bad \"kind\"\r\n", message: "m", at: clock.now())
        let served = try #require(catalog.publish(document)).served
        #expect(served.contentType == "application/json" && served.failureKind == "bad--kind---")
    }

    @Test func `many threads at once leave the books in order`() async throws {
        let catalog = try catalog(limit: 1 << 20)
        let (clock, dataset) = (clock, dataset)
        let documents = (0..<400).map { document("k\($0)", size: 4000) }
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(worker))
                    for _ in 0..<4000 {
                        let index = Int.random(in: 0..<400, using: &random)
                        let id = DocumentID(dataset: dataset, key: "k\(index)")
                        guard let entry = catalog.entry(id) ?? catalog.publish(documents[index]) else { continue }
                        catalog.addPath("/k\(index)", surface: .document, to: entry)
                        _ = catalog.read(entry, at: clock.now())
                        if index % 50 == 0 { catalog.remove(id) }
                    }
                }
            }
        }
        #expect(catalog.drainReads().reduce(0) { $0 + $1.count } <= 32_000)
        for document in documents { catalog.remove(document.id) }
        #expect(catalog.statistics.entries == 0 && catalog.statistics.paths == 0 && catalog.statistics.bytes == 0)
    }

    private final class Box: Sendable {
        let list = Mutex<[String]>([])
        var count: Int { list.withLock { $0.count } }
    }
}
