import Foundation
import FreshetDocument
import Testing

struct JSONTapeTests {
    @Test(arguments: [
        ("", JSONError.empty), (" \n", .empty), ("[1,]", .unexpectedByte(offset: 3, byte: 0x5D, expected: .value)),
        ("[1", .unexpectedEnd(offset: 2)), ("[\"ab", .unexpectedEnd(offset: 4)), ("tru", .unexpectedEnd(offset: 3)),
        ("trux", .unexpectedByte(offset: 3, byte: 0x78, expected: .literal)), ("{} x", .trailingContent(offset: 3)),
        ("{1}", .unexpectedByte(offset: 1, byte: 0x31, expected: .keyOrObjectEnd)),
        ("{\"a\":1,}", .unexpectedByte(offset: 7, byte: 0x7D, expected: .key)),
        ("{\"a\" 1}", .unexpectedByte(offset: 5, byte: 0x31, expected: .colon)),
        ("{\"a\":1]", .unexpectedByte(offset: 6, byte: 0x5D, expected: .commaOrObjectEnd)),
        ("[1}", .unexpectedByte(offset: 2, byte: 0x7D, expected: .commaOrArrayEnd)), ("\u{FEFF}1", .byteOrderMark),
        ("[01]", .invalidNumber(offset: 2)), ("[-x]", .invalidNumber(offset: 2)), ("[1.x]", .invalidNumber(offset: 3)),
        ("\"\\q\"", .invalidEscape(offset: 1)), ("\"a\\uD800b\"", .loneSurrogate(offset: 2)),
        ("\"a\nb\"", .controlCharacter(offset: 2)),
    ])
    func `an error says what is wrong and at which byte`(text: String, expected: JSONError) {
        #expect(fault(text) == expected)
    }

    @Test func `an error shows at most one character of the document`() {
        #expect(fault("[secret]")?.description == "Expected a value at byte 1 and found 's'.")
        #expect(fault("[\u{1}]")?.description == "Expected a value at byte 1 and found byte 0x01.")
        #expect(fault("[é]")?.description == "Expected a value at byte 1 and found byte 0xC3.")
        #expect(fault("[1")?.description == "The JSON ends at byte 2 before it is complete (truncated).")
    }

    @Test func `every beginning of a document is told to be truncated`() throws {
        var generator = SplitMix(1)
        for _ in 0..<60 {
            let bytes = Tree.array([.random(&generator), .random(&generator)]).written(&generator)
            let start = try #require(bytes.firstIndex(of: UInt8(ascii: "[")))
            let end = try #require(bytes.lastIndex(of: UInt8(ascii: "]")))
            for length in start + 1...end { #expect(fault(Array(bytes[..<length]))?.isTruncated == true) }
        }
    }

    @Test func `depth is limited where the caller says`() {
        let limits = JSONLimits(maxDepth: 2)
        #expect(fault("[[1]]", limits: limits) == nil)
        #expect(fault("[[{}]]", limits: limits) == .tooDeep(offset: 2, limit: 2))
        #expect(fault("1", limits: JSONLimits(maxDepth: 0)) == nil)
        #expect(fault("[]", limits: JSONLimits(maxDepth: 0))?.isLimit == true)
    }

    @Test func `a document of a hundred thousand levels needs no stack`() throws {
        let depth = 100_000
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let root = try JSONTape(text: text, limits: JSONLimits(maxDepth: depth)).root
        let other = try JSONTape(text: "[" + text + "]", limits: JSONLimits(maxDepth: depth + 1)).root
        #expect(Fingerprint(of: root) != Fingerprint(of: other))
        #expect(try JSONPath("$..*").matches(in: root).count == depth - 1)
        var writer = JSONWriter()
        writer.value(root)
        #expect(writer.bytes.count == 2 * depth)
    }

    @Test func `values are limited where the caller says, keys not counted`() {
        #expect(fault("[1,2]", limits: JSONLimits(maxNodes: 3)) == nil)
        #expect(fault("{\"a\":1,\"b\":2}", limits: JSONLimits(maxNodes: 3)) == nil)
        #expect(fault("[1,2,3]", limits: JSONLimits(maxNodes: 3)) == .tooManyNodes(offset: 5, limit: 3))
    }

    @Test func `bytes are limited where the caller says`() {
        #expect(fault("[1]", limits: JSONLimits(maxBytes: 3)) == nil)
        #expect(fault("[1] ", limits: JSONLimits(maxBytes: 3)) == .tooLarge(offset: 3, limit: 3))
    }

    @Test func `all ways in read the same document`() throws {
        let bytes = Array("{\"a\":[1]}".utf8)
        let raw = try bytes.withUnsafeBytes { try JSONTape(copying: $0) }
        let span = try JSONTape(copying: bytes.span)
        #expect(raw.root["a"]?.rawText == "[1]")
        #expect(span.root["a"]?.rawText == "[1]")
    }

    @Test func `generated documents are accepted, and Foundation reads the same in them`() throws {
        var generator = SplitMix(2)
        for _ in 0..<400 {
            let bytes = Tree.random(&generator).written(&generator)
            let value = try JSONTape(bytes).root
            let object = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            let same = isSame(value, object)
            #expect(same, "\(value)")
        }
    }

    private func isSame(_ value: JSONValue, _ object: Any) -> Bool {
        switch value.kind {
        case .object:
            guard let members = object as? [String: Any] else { return false }
            return members.count == value.count
                && value.members.allSatisfy { member in
                    members[member.key.string ?? ""].map { isSame(member.value, $0) } ?? false
                }
        case .array:
            guard let elements = object as? [Any], elements.count == value.count else { return false }
            return zip(value.elements, elements).allSatisfy { isSame($0, $1) }
        case .string: return object as? String == value.string
        case .number:
            // Foundation goes through Decimal and loses the last bit of some numbers.
            guard let theirs = (object as? NSNumber)?.doubleValue, let ours = value.double else { return false }
            return abs(theirs - ours) <= abs(ours) * 1e-15
        case .bool: return object as? Bool == value.bool
        case .null: return object is NSNull
        }
    }

    @Test func `random damage is parsed or refused, never worse`() throws {
        var generator = SplitMix(3)
        var refused = 0
        for _ in 0..<4_000 {
            var bytes = Tree.random(&generator, depth: 3).written(&generator)
            for _ in 0...generator.below(3) where !bytes.isEmpty {
                let place = generator.below(bytes.count)
                switch generator.below(4) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes[place] ^= 1 << UInt8(generator.below(8))
                case 2: bytes.remove(at: place)
                default:
                    bytes.insert(
                        UInt8(ascii: "{[\"\\,:]}u0".unicodeScalars.randomElement(using: &generator) ?? "0"), at: place)
                }
            }
            if let error = fault(bytes) {
                refused += 1
                #expect(error.offset >= 0 && error.offset <= bytes.count)
            } else {
                try exercise(bytes)
            }
        }
        #expect(refused > 1_000)
    }

    /// Whatever is accepted can be read in every way.
    private func exercise(_ bytes: [UInt8]) throws {
        let root = try JSONTape(bytes).root
        for value in try JSONPath("$..*").matches(in: root) + [root] {
            let again = try JSONTape(Array(value.rawBytes)).root
            #expect(again.kind == value.kind)
            #expect(Fingerprint(of: again) == Fingerprint(of: value))
            _ = (value.string, value.double, value.int64, value.members.map { $0.key.string })
        }
    }

    @Test func `every recorded body parses, and its root is the whole text`() throws {
        for (name, bytes) in Recordings.bodies() {
            let root = try JSONTape(bytes).root
            let isSpace: (UInt8) -> Bool = { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
            let trimmed = Array(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
            #expect(Array(root.rawBytes) == trimmed, "\(name)")
            var pretty = JSONWriter(style: .pretty)
            pretty.value(root)
            #expect(Fingerprint(of: try JSONTape(pretty.bytes).root) == Fingerprint(of: root), "\(name)")
        }
    }
}
