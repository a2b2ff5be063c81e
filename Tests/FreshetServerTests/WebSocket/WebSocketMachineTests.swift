import NIOCore
import NIOWebSocket
import Testing

@testable import FreshetServer

struct WebSocketMachineTests {
    private func frame(
        _ opcode: WebSocketOpcode, _ text: String, fin: Bool = true, masked: Bool = true, rsv1: Bool = false
    ) -> WebSocketFrame {
        frame(opcode, Array(text.utf8), fin: fin, masked: masked, rsv1: rsv1)
    }

    private func frame(
        _ opcode: WebSocketOpcode, _ bytes: [UInt8], fin: Bool = true, masked: Bool = true, rsv1: Bool = false
    ) -> WebSocketFrame {
        var data = ByteBuffer(bytes: bytes)
        let key = masked ? WebSocketMaskingKey([1, 2, 3, 4]) : nil
        if let key { data.webSocketMask(key) }
        return WebSocketFrame(fin: fin, rsv1: rsv1, opcode: opcode, maskKey: key, data: data)
    }

    private func run(_ frames: [WebSocketFrame], limit: Int = 100) -> [WebSocketMachine.Action] {
        var machine = WebSocketMachine(limit: limit)
        return frames.map { machine.receive($0) }
    }

    @Test func `fragments make one message, with control frames between them`() {
        let actions = run([
            frame(.text, "he", fin: false), frame(.ping, "x"), frame(.continuation, "l", fin: false), frame(.pong, ""),
            frame(.continuation, "lo"), frame(.text, "next"),
        ])
        #expect(
            actions == [.nothing, .pong(ByteBuffer(string: "x")), .nothing, .nothing, .text("hello"), .text("next")])
    }

    @Test func `what breaks the rules closes with 1002`() {
        for frames in [
            [frame(.text, "x", masked: false)], [frame(.text, "x", rsv1: true)], [frame(.continuation, "x")],
            [frame(.text, "x", fin: false), frame(.text, "y")], [frame(.connectionClose, "x")],
            [frame(WebSocketOpcode(encodedWebSocketOpcode: 3) ?? .text, "")],
            [frame(.connectionClose, [3, 237])], [frame(.connectionClose, [0, 1])],
        ] {
            guard case .fail(1002, _) = run(frames).last else {
                Issue.record("\(frames) was taken")
                continue
            }
        }
    }

    @Test func `a text is UTF-8 as a whole, and no longer than the limit`() {
        #expect(
            run([frame(.text, [0xC3], fin: false), frame(.continuation, [0xA9])]) == [.nothing, .text("é")])
        #expect(run([frame(.text, [0xFF])]) == [.fail(1007, "a text is not UTF-8")])
        #expect(
            run([frame(.text, "12345", fin: false), frame(.continuation, "6")], limit: 5).last
                == .fail(1009, "a message is too long"))
        #expect(run([frame(.binary, "x")]) == [.binary])
    }

    @Test func `a close is answered with its code`() {
        #expect(run([frame(.connectionClose, "")]) == [.close(nil)])
        #expect(run([frame(.connectionClose, [3, 232] + Array("bye".utf8))]) == [.close(1000)])
        #expect(run([frame(.connectionClose, [3, 232, 0xFF])]) == [.fail(1007, "a close reason is not UTF-8")])
    }

    @Test func `frames are written with the shortest length`() {
        #expect(Array(WebSocketFrames.text("hi").readableBytesView) == [0x81, 2, 0x68, 0x69])
        #expect(Array(WebSocketFrames.close(1001, "").readableBytesView) == [0x88, 2, 3, 233])
        #expect(
            Array(WebSocketFrames.text(String(repeating: "x", count: 126)).readableBytesView.prefix(4)) == [
                0x81, 126, 0, 126,
            ])
        #expect(
            Array(WebSocketFrames.text(String(repeating: "x", count: 65_536)).readableBytesView.prefix(10))
                == [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0])
        #expect(Array(WebSocketFrames.ping.readableBytesView) == [0x89, 0])
        #expect(WebSocketFrames.close(1008, String(repeating: "é", count: 100)).readableBytes <= 127)
    }

    @Test func `base64 is that of RFC 4648`() {
        for (text, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            #expect(Base64Text.encode(Array(text.utf8)) == coded)
        }
    }
}
