import NIOCore
import Testing

@testable import FreshetRedis

@Suite struct ProtocolTests {
    private static func describe(_ value: RESPValue) -> String {
        switch value {
        case .null: "null"
        case .int(let number): "\(number)"
        case .text(let bytes): "'\(String(buffer: bytes))'"
        case .error(let text): "!\(text)"
        case .list(let values): "[\(values.map(describe).joined(separator: " "))]"
        case .push(let values): ">\(values.map(describe).joined(separator: " "))<"
        }
    }

    private static let stream =
        "+OK\r\n:-7\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n*1\r\n:1\r\n$1\r\nx\r\n"
        + "%1\r\n+k\r\n_\r\n>2\r\n+message\r\n$2\r\nhi\r\n#t\r\n#f\r\n,1.5\r\n-ERR no\r\n~1\r\n:3\r\n*3\r\n*0\r\n*1\r\n*0\r\n:9\r\n"
    private static let values = [
        "'OK'", "-7", "'a\r\nbc'", "''", "null", "null", "[]", "[[1] 'x']", "['k' null]", ">'message' 'hi'<", "1", "0",
        "'1.5'", "!ERR no", "[3]", "[[] [[]] 9]",
    ]

    @Test(arguments: 1...64) func `values are read in whatever pieces they come`(size: Int) throws {
        var (parser, buffer, found): (RESPParser, ByteBuffer, [String]) = (RESPParser(), ByteBuffer(), [])
        var rest = Substring(Self.stream).utf8[...]
        while !rest.isEmpty {
            buffer.writeBytes(rest.prefix(size))
            rest = rest.dropFirst(size)
            while let value = try parser.next(in: &buffer) { found.append(Self.describe(value)) }
        }
        #expect(found == Self.values)
        #expect(buffer.readableBytes == 0)
    }

    @Test(arguments: [
        "?x\r\n", ":x\r\n", "\r\n", "\n", "$99999999999\r\n", "*99999999999\r\n",
        String(repeating: "*1\r\n", count: 40), "$12345678901234567890\r\n",
    ])
    func `what is not the protocol is refused`(text: String) {
        var (parser, buffer) = (RESPParser(), ByteBuffer(string: text))
        #expect(throws: RESPError.self) { while try parser.next(in: &buffer) != nil {} }
    }

    @Test func `a command says its lengths in bytes, and its mark can be set`() {
        var command = RedisCommand(arguments: 4, repeats: .told)
        command.add("SET" as StaticString)
        command.add("ü")
        command.add(Int64(-12))
        command.addMark()
        #expect(String(buffer: command.bytes) == "*4\r\n$3\r\nSET\r\n$2\r\nü\r\n$3\r\n-12\r\n$1\r\n0\r\n")
        command.mark()
        #expect(String(buffer: command.bytes).hasSuffix("$1\r\n1\r\n"))
        #expect(String(buffer: RedisCommand([String(repeating: "a", count: 120)]).bytes).hasPrefix("*1\r\n$120\r\naaa"))
    }

    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("message digest", "c12252ceda8be8994d5fa0290a47231c1d16aae3"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    ])
    func `scripts are named as Redis names them`(text: String, digest: String) {
        #expect(SHA1.hex(of: Array(text.utf8)) == digest)
    }

    @Test(arguments: [55, 56, 57, 63, 64, 65, 119, 120, 121]) func `padding fits every length`(count: Int) {
        #expect(SHA1.hex(of: [UInt8](repeating: 1, count: count)).utf8.count == 40)
    }
}
