import FreshetCore
import FreshetEngine
import FreshetTesting
import NIOCore
import Testing

@testable import FreshetServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct AnswerFilesTests {
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

    /// Reads `count` times; gives what the last read got.
    private func read(_ files: inout AnswerFiles, _ answer: DocumentAnswer, _ count: Int) -> AnswerFiles.Whole? {
        var last: AnswerFiles.Whole?
        for _ in 0..<count { last = files.whole(answer) }
        return last
    }

    private func bytes(of whole: AnswerFiles.Whole) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: whole.count + 1)
        let count = pread(whole.file.descriptor, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }

    @Test func `an answer is a file once it was read often within a second`() throws {
        var files = AnswerFiles()
        var answer = try self.answer(catalog(), size: 20_000)
        let early = read(&files, answer, AnswerFiles.worth - 1)
        #expect(early == nil)
        let made = files.whole(answer)
        let first = try #require(made)
        var expected = ByteBuffer()
        answer.writeHead(to: &expected, isNotModified: false)
        expected.writeImmutableBuffer(answer.body)
        #expect(bytes(of: first) == Array(buffer: expected))
        #expect(Array(buffer: first.head) + Array(buffer: first.body) == Array(buffer: expected))
        let again = files.whole(answer)
        #expect(again?.file === first.file)

        clock.advance(by: .seconds(1))
        answer = DocumentAnswer(served: answer.served, dataset: answer.dataset, now: clock.now())
        let tooSoon = files.whole(answer)
        #expect(tooSoon == nil)
        let renewed = read(&files, answer, AnswerFiles.worth)
        let later = try #require(renewed)
        #expect(String(decoding: bytes(of: later), as: UTF8.self).contains("Age: 1\r\n"))
        // What is still on its way to a client is not written over.
        #expect(bytes(of: first) == Array(buffer: expected))
        answer.face = .proxy
        let other = files.whole(answer)
        #expect(other == nil)
    }

    @Test(arguments: [(AnswerFiles.smallest - 1, 60), (AnswerFiles.largest + 1, 60), (20_000, 0)])
    func `small, huge and stale ones are no files`(size: Int, freshFor: Int) throws {
        var files = AnswerFiles()
        let answer = try self.answer(catalog(), size: size, freshFor: .seconds(freshFor))
        let kept = read(&files, answer, 2 * AnswerFiles.worth)
        #expect(kept == nil)
    }
}
