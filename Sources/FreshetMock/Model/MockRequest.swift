public import NIOCore
public import NIOHTTP1

/// A request as a handler sees it.
public struct MockRequest: Sendable {
    /// The method in capitals, such as `GET`.
    public let method: String
    /// The request target as sent: path and query, percent-encoded.
    public let target: String
    /// The headers as sent.
    public let headers: HTTPHeaders
    /// The body; empty when there was none.
    public let body: ByteBuffer
    /// The credential found in the request (bearer token, basic user, key header or key parameter), a secret.
    public let key: String?
    /// When the head was read, since 1970.
    public let time: Duration

    /// Creates a request.
    public init(
        method: String = "GET", target: String, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer(),
        key: String? = nil, time: Duration = .zero
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.key = key
        self.time = time
    }

    /// The path, percent-encoded, without the query.
    public var path: Substring { Target.split(target).path }

    /// The path's segments, percent-decoded, without empty ones.
    public var segments: [String] { Target.segments(path) }

    /// The query's parameters in order, percent-decoded.
    public var query: [(name: String, value: String)] { Target.query(Target.split(target).query) }

    /// The first query parameter called `name`.
    public func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The first query parameter called `name` as a whole number.
    public func integer(_ name: String) -> Int? { parameter(name).flatMap { Int($0) } }

    /// The origin the client used, `http://` and the `Host` header: for links back to this server.
    public var origin: String { "http://\(headers.first(name: "host") ?? "127.0.0.1")" }
}

/// Splitting and decoding of request targets.
enum Target {
    static func split(_ target: String) -> (path: Substring, query: Substring?) {
        let rest = target[...]
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (rest, nil) }
        return (rest[..<mark], rest[rest.index(after: mark)...])
    }

    static func segments(_ path: Substring) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { decode(Substring($0), plusIsSpace: false) }
    }

    static func query(_ query: Substring?) -> [(name: String, value: String)] {
        guard let query else { return [] }
        return query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decode(parts[0], plusIsSpace: true), parts.count > 1 ? decode(parts[1], plusIsSpace: true) : "")
        }
    }

    static func decode(_ text: Substring, plusIsSpace: Bool) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+")) }) else {
            return String(text)
        }
        var out: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.count,
                let code = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                out.append(code)
                index += 3
                continue
            }
            out.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Encodes everything but unreserved characters.
    static func encode(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                out.append(byte)
            default: out.append(contentsOf: [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
