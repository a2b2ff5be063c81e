import NIOCore
import NIOWebSocket

/// The receiving half of RFC 6455 after framing: masks, fragments, control frames, close codes, UTF-8.
struct WebSocketMachine {
    /// What to do about a frame.
    enum Action: Equatable {
        case nothing
        /// A whole text.
        case text(String)
        /// A whole binary message.
        case binary
        case pong(ByteBuffer)
        /// The client closes; the code is to be sent back, without one an empty close.
        case close(UInt16?)
        /// The client broke the rules: close with this code and reason.
        case fail(UInt16, String)
    }

    /// The bytes of a message, all its fragments together.
    let limit: Int
    private var message = ByteBuffer()
    private var opcode: WebSocketOpcode?

    init(limit: Int) { self.limit = limit }

    mutating func receive(_ frame: WebSocketFrame) -> Action {
        if frame.rsv1 || frame.rsv2 || frame.rsv3 { return .fail(1002, "a reserved bit is set") }
        if frame.maskKey == nil { return .fail(1002, "frames of clients are masked") }
        switch frame.opcode {
        case .ping: return .pong(frame.unmaskedData)
        case .pong: return .nothing
        case .connectionClose: return close(frame.unmaskedData)
        case .text, .binary:
            guard opcode == nil else { return .fail(1002, "a message began within another") }
            opcode = frame.opcode
        case .continuation:
            guard opcode != nil else { return .fail(1002, "there is no message to continue") }
        default: return .fail(1002, "an unknown opcode")
        }
        var data = frame.unmaskedData
        guard message.readableBytes + data.readableBytes <= limit else { return .fail(1009, "a message is too long") }
        message.writeBuffer(&data)
        guard frame.fin else { return .nothing }
        defer { (message, opcode) = (ByteBuffer(), nil) }
        guard opcode == .text else { return .binary }
        guard let text = String(validating: message.readableBytesView, as: UTF8.self) else {
            return .fail(1007, "a text is not UTF-8")
        }
        return .text(text)
    }

    private func close(_ data: ByteBuffer) -> Action {
        var data = data
        guard data.readableBytes > 0 else { return .close(nil) }
        guard let code = data.readInteger(as: UInt16.self) else { return .fail(1002, "a close code has two bytes") }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: return .fail(1002, "a close code that may not be sent")
        }
        guard String(validating: data.readableBytesView, as: UTF8.self) != nil else {
            return .fail(1007, "a close reason is not UTF-8")
        }
        return .close(code)
    }
}
