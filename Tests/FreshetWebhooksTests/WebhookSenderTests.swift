import FreshetCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import FreshetWebhooks

/// A real HTTP server on loopback.
struct WebhookSenderTests {
    private func outcome(
        _ answer: String, path: String = "/", allowPrivate: Bool = true, timeout: Duration = .seconds(5)
    ) async throws -> (WebhookOutcome, String) {
        let got = Mutex("")
        let box = Received()
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(OneAnswer(answer, box))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        _ = got
        let url = "http://127.0.0.1:\(server.localAddress?.port ?? 0)\(path)"
        var config = WebhookConfig(name: "o", url: Secret(url), secrets: [Bench.secret])
        (config.allowPrivate, config.timeout) = (allowPrivate, timeout)
        let parts = try #require(WebhookURL(url))
        let sender = WebhookSender(config: config, parts: parts, threads: .singleton, agent: "freshet/test")
        let message = WebhookMessage(testOf: "o", at: Timestamp(seconds: 1_800_000_000))
        let outcome = try await sender.send(message, signature: "v1,abc", timestamp: 1_800_000_000)
        await sender.close()
        try await server.close()
        return (outcome, box.text)
    }

    @Test func `a message is posted with the standard's headers`() async throws {
        let (outcome, request) = try await outcome("HTTP/1.1 204 No Content\r\n\r\n", path: "/hook?a=b")
        #expect(outcome == .accepted(status: 204))
        let lines = request.lowercased().split(separator: "\r\n")
        #expect(lines.first == "post /hook?a=b http/1.1")
        for line in [
            "webhook-id: msg_", "webhook-timestamp: 1800000000", "webhook-signature: v1,abc",
            "content-type: application/json", "user-agent: freshet/test",
        ] {
            #expect(lines.contains { $0.hasPrefix(line) }, "\(line)")
        }
    }

    @Test func `statuses become outcomes; redirects are not followed`() async throws {
        let moved = "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        guard case (.failed(let reason, 307, nil), _) = try await outcome(moved) else {
            Issue.record("a redirect is a failure")
            return
        }
        #expect(reason.contains("redirects are not followed"))
        #expect(try await outcome("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n").0 == .gone)
        let busy = "HTTP/1.1 429 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
        #expect(
            try await outcome(busy).0
                == .failed(reason: "it answered 429", status: 429, retryAfter: .seconds(120)))
    }

    @Test func `an endpoint that does not answer costs no more than its time`() async throws {
        let (outcome, _) = try await outcome("", timeout: .milliseconds(200))
        #expect(outcome == .failed(reason: "it did not answer in time", status: nil, retryAfter: nil))
    }

    @Test func `private addresses and names of them are refused unless allowed`() async throws {
        let refused = try await outcome("HTTP/1.1 200 OK\r\n\r\n", allowPrivate: false)
        #expect(refused.1.isEmpty)
        for host in ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/"] {
            let config = WebhookConfig(name: "o", url: Secret(host), secrets: [Bench.secret])
            let parts = try #require(WebhookURL(host))
            let sender = WebhookSender(config: config, parts: parts, threads: .singleton, agent: "freshet/test")
            let message = WebhookMessage(testOf: "o", at: Timestamp(seconds: 1_800_000_000))
            guard case .failed(let reason, nil, nil) = try await sender.send(message, signature: "", timestamp: 0)
            else {
                Issue.record("\(host) was sent to")
                return
            }
            #expect(reason.contains("private or reserved"), "\(reason)")
            await sender.close()
        }
    }
}

private final class Received: Sendable {
    private let state = Mutex("")
    var text: String { state.withLock { $0 } }
    func add(_ more: String) { state.withLock { $0 += more } }
}

/// Answers the first bytes of a connection with a text; nothing with an empty one.
private final class OneAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let answer: String
    private let box: Received
    private var isDone = false

    init(_ answer: String, _ box: Received) { (self.answer, self.box) = (answer, box) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        box.add(String(buffer: unwrapInboundIn(data)))
        guard !isDone, !answer.isEmpty else { return }
        isDone = true
        context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
    }
}
