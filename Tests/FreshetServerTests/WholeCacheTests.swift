import FreshetCore
import FreshetEngine
import FreshetTesting
import NIOCore
import Testing

@testable import FreshetServer

@Suite struct WholeCacheTests {
    private let clock = ManualClock()

    private func answer(_ catalog: Catalog, size: Int, freshFor: Duration = .seconds(60)) throws -> DocumentAnswer {
        let id = DocumentID(dataset: DatasetID(source: "clash", name: "clan"), key: "UV0")
        let body = String(repeating: "1", count: size)
        let entry = try #require(
            catalog.publish(World.document(id, body: body, at: clock.now(), freshFor: freshFor)))
        return DocumentAnswer(served: entry.served, dataset: entry.dataset, now: clock.now())
    }

    private func catalog() -> Catalog {
        Catalog(configuration: World.configuration(), memoryLimit: 1 << 24, clock: clock)
    }

    @Test func `a whole answer is kept from the second time on, for a second`() throws {
        var cache = WholeCache()
        var answer = try self.answer(catalog(), size: 5000)
        let unseen = cache.whole(answer)
        #expect(unseen == nil)
        let kept = cache.whole(answer)
        let first = try #require(kept)
        var expected = ByteBuffer()
        answer.writeHead(to: &expected, isNotModified: false)
        expected.writeImmutableBuffer(answer.body)
        let again = cache.whole(answer)
        #expect(first == expected && again == first)
        clock.advance(by: .seconds(1))
        answer = DocumentAnswer(served: answer.served, dataset: answer.dataset, now: clock.now())
        let renewed = cache.whole(answer)
        let later = try #require(renewed)
        #expect(later != first && String(buffer: later).contains("Age: 1\r\n"))
        answer.face = .proxy
        let other = cache.whole(answer)
        #expect(other == nil)
    }

    @Test(arguments: [(4095, 60), (32769, 60), (5000, 0)])
    func `small, huge and stale ones are not kept`(size: Int, freshFor: Int) throws {
        var cache = WholeCache()
        let answer = try self.answer(catalog(), size: size, freshFor: .seconds(freshFor))
        for _ in 0..<3 {
            let kept = cache.whole(answer)
            #expect(kept == nil)
        }
    }
}
