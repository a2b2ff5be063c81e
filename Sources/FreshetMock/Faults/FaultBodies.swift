import NIOCore
import NIOHTTP1

/// Bodies that are wrong on purpose.
enum FaultBodies {
    static func html(status: Int) -> MockResponse {
        let title = "\(status) \(MockStatus.reason(status))"
        let page =
            "<!DOCTYPE html>\n<html><head><title>\(title)</title></head><body><center><h1>\(title)</h1></center></body></html>\n"
        return MockResponse(status: status, headers: ["content-type": "text/html; charset=utf-8"], body: MockBody(page))
    }

    static func garbage(seed: UInt64, count: Int = 512) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    static func depth(_ levels: Int) -> MockBody {
        var buffer = ByteBufferAllocator().buffer(capacity: 2 * levels)
        buffer.writeRepeatingByte(UInt8(ascii: "["), count: levels)
        buffer.writeRepeatingByte(UInt8(ascii: "]"), count: levels)
        return MockBody(buffer)
    }

    /// Applies the faults that change a good answer.
    static func transform(_ response: MockResponse, _ faults: [FaultKind], seed: UInt64) -> MockResponse {
        var response = response
        for fault in faults {
            switch fault {
            case .wrongType(let type): response.headers.replaceOrAdd(name: "content-type", value: type)
            case .invalidJSON: response.body = MockBody(Array(response.body.bytes.readableBytesView) + Array(",]".utf8))
            case .changedFields: rewrite(&response) { changed($0) }
            case .reorderKeys:
                var random = SeededRandom(seed: seed)
                rewrite(&response) { shuffled($0, using: &random) }
            default: continue
            }
        }
        return response
    }

    /// Rewrites a JSON body; a body that is not JSON stays as it is.
    private static func rewrite(_ response: inout MockResponse, _ change: (MockJSON) -> MockJSON) {
        guard let value = try? MockJSON(parsing: response.body.bytes.readableBytesView) else { return }
        response.headers.remove(name: "etag")
        response.body = MockBody(change(value).bytes)
    }

    /// The same document with the keys of every object in a random order.
    static func shuffled(_ value: MockJSON, using random: inout SeededRandom) -> MockJSON {
        switch value {
        case .array(let items): return .array(items.map { shuffled($0, using: &random) })
        case .object(let members):
            let inner = members.map { MockJSON.Member($0.name, shuffled($0.value, using: &random)) }
            return .object(inner.shuffled(using: &random))
        default: return value
        }
    }

    /// Another version of the schema: depending on its name alone, a field is renamed, changes its type or stays.
    static func changed(_ value: MockJSON) -> MockJSON {
        switch value {
        case .array(let items): return .array(items.map(changed))
        case .object(let members):
            var out = members.map { member -> MockJSON.Member in
                switch (Mixer.hash(member.name, seed: 7) % 4, member.value) {
                case (0, let value): MockJSON.Member(member.name + "V2", changed(value))
                case (1, .number(let text)): MockJSON.Member(member.name, .string(text))
                case (1, .string(let text)): MockJSON.Member(member.name, ["value": .string(text)])
                case (_, let value): MockJSON.Member(member.name, changed(value))
                }
            }
            out.append(MockJSON.Member("schemaVersion", 2))
            return .object(out)
        default: return value
        }
    }
}
