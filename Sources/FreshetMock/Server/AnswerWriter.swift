import NIOCore

/// Puts one answer at a time onto a connection: at once, in slow drops, cut short, or made while it is sent.
final class AnswerWriter {
    private let core: MockCore
    private var source: BodySource?
    private var isChunked = false
    private var onDone: (() -> Void)?
    private var drops: [(bytes: ByteBuffer, rate: Int?)] = []
    private var timer: Scheduled<Void>?

    /// Bodies up to this size are copied behind the head, which is cheaper than a second buffer.
    private static let copyLimit = 16_384

    init(core: MockCore) { self.core = core }

    /// Forgets the answer in progress; `done` will not be called.
    func stop() {
        timer?.cancel()
        timer = nil
        source = nil
        onDone = nil
        drops = []
    }

    /// Sends a finished answer; `done` is called once, when its last byte was handed to the channel, before it is flushed.
    func send(
        _ response: MockResponse, _ mode: Delivery.Mode, isHead: Bool, keepAlive: Bool,
        _ context: ChannelHandlerContext, done: @escaping () -> Void
    ) {
        var framing = ResponseHead.framing(response)
        if mode.cutAfter != nil, mode.cutChunked { framing = .chunked }
        var body = isHead || framing == .none ? ByteBuffer() : response.body.bytes
        if let cut = mode.cutAfter {
            body = body.getSlice(at: body.readerIndex, length: min(cut, body.readableBytes)) ?? body
            if framing == .chunked { body = Self.unfinishedChunk(body) }
        }
        let copies = mode.headRate == nil && mode.bodyRate == nil && body.readableBytes <= Self.copyLimit
        var head = context.channel.allocator.buffer(capacity: 512 + (copies ? body.readableBytes : 0))
        ResponseHead.write(response, framing: framing, keepAlive: keepAlive, date: core.httpDate(), to: &head)
        if copies {
            head.writeBuffer(&body)
            context.write(NIOAny(head), promise: nil)
            return done()
        }
        guard mode.headRate != nil || mode.bodyRate != nil else {
            context.write(NIOAny(head), promise: nil)
            context.write(NIOAny(body), promise: nil)
            return done()
        }
        onDone = done
        drops = [(body, mode.bodyRate), (head, mode.headRate)]
        drip(context)
    }

    /// Sends an answer whose body is made while it is sent, no faster than the client reads.
    func stream(
        _ response: MockResponse, _ source: BodySource, chunked: Bool, isHead: Bool, keepAlive: Bool,
        _ context: ChannelHandlerContext, done: @escaping () -> Void
    ) {
        var head = context.channel.allocator.buffer(capacity: 512)
        let framing = chunked ? ResponseHead.Framing.chunked : .length(source.length)
        ResponseHead.write(response, framing: framing, keepAlive: keepAlive, date: core.httpDate(), to: &head)
        context.write(NIOAny(head), promise: nil)
        if isHead { return done() }
        self.source = source
        isChunked = chunked
        onDone = done
        resume(context)
    }

    /// Goes on with a stream when the channel can take more.
    func resume(_ context: ChannelHandlerContext) {
        while context.channel.isWritable, let piece = source?.next() {
            if isChunked { context.write(NIOAny(Self.chunk(piece)), promise: nil) }
            context.write(NIOAny(piece), promise: nil)
            if isChunked { context.write(NIOAny(ByteBuffer(string: "\r\n")), promise: nil) }
            guard source?.isAtEnd == true else {
                context.flush()
                continue
            }
            source = nil
            if isChunked { context.write(NIOAny(ByteBuffer(string: "0\r\n\r\n")), promise: nil) }
            complete()
        }
    }

    private static func chunk(_ piece: ByteBuffer) -> ByteBuffer {
        ByteBuffer(string: "\(String(piece.readableBytes, radix: 16))\r\n")
    }

    /// Tells the end of the answer before its last bytes are flushed: whoever has read them finds it counted.
    private func complete() {
        let done = onDone
        onDone = nil
        done?()
    }

    /// Sends the next drop and sets a timer for the one after it.
    private func drip(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return stop() }
        guard let (bytes, rate) = drops.popLast() else { return complete() }
        guard bytes.readableBytes > 0 else { return drip(context) }
        guard let rate else {
            context.write(NIOAny(bytes), promise: nil)
            return drip(context)
        }
        // At least 10 ms apart: a timer per byte would be too many at high rates.
        let amount = max(1, rate / 100)
        var rest = bytes
        if let drop = rest.readSlice(length: min(amount, rest.readableBytes)) {
            context.write(NIOAny(drop), promise: nil)
        }
        if rest.readableBytes > 0 { drops.append((rest, rate)) }
        if drops.allSatisfy({ $0.bytes.readableBytes == 0 }) { return complete() }
        context.flush()
        let pause = TimeAmount.nanoseconds(1_000_000_000 * Int64(amount) / Int64(rate))
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.drip(context) }
    }

    /// A chunk that promises more than it holds.
    private static func unfinishedChunk(_ body: ByteBuffer) -> ByteBuffer {
        var body = body
        var out = ByteBuffer(string: "\(String(body.readableBytes + 1_024, radix: 16))\r\n")
        out.writeBuffer(&body)
        return out
    }
}
