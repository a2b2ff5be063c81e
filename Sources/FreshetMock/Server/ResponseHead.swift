import NIOCore
import NIOHTTP1

/// Writes response heads.
///
/// The server's own three headers are written here and nowhere else.
enum ResponseHead {
    /// How the end of the body is told.
    enum Framing: Equatable {
        case length(Int)
        case chunked
        /// Status 204, 304 and the like.
        case none
    }

    static func framing(_ response: MockResponse) -> Framing {
        switch response.status {
        case 204, 304: .none
        default: .length(response.body.count)
        }
    }

    static func write(
        _ response: MockResponse, framing: Framing, keepAlive: Bool, date: String, to buffer: inout ByteBuffer
    ) {
        if response.status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            buffer.writeString("HTTP/1.1 \(response.status) \(MockStatus.reason(response.status))\r\n")
        }
        for (name, value) in response.headers where !isOwn(name) {
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("date: ")
        buffer.writeString(date)
        switch framing {
        case .length(let length):
            buffer.writeStaticString("\r\ncontent-length: ")
            buffer.writeString(String(length))
        case .chunked: buffer.writeStaticString("\r\ntransfer-encoding: chunked")
        case .none: break
        }
        buffer.writeStaticString(keepAlive ? "\r\n\r\n" : "\r\nconnection: close\r\n\r\n")
    }

    private static func isOwn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.lowercased() == "date"
        case 10: name.lowercased() == "connection" || name.lowercased() == "keep-alive"
        case 14: name.lowercased() == "content-length"
        case 17: name.lowercased() == "transfer-encoding"
        default: false
        }
    }
}
