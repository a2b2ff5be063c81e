import FreshetCore
import FreshetEngine
import NIOCore

/// The first handler of a connection: answers reads of known documents from raw bytes, and hands everything else on.
///
/// At any moment one of three is true. *Open*: bytes are looked at here, and a `GET` for a known target is answered at
/// once. *Detour*: one request is with the router; bytes after it wait here until its answer is written, so answers
/// keep the order of requests. *Through*: where requests end cannot be said here (a body in chunks, an upgrade, a
/// malformed head), so every byte goes to NIO's decoder from now on.
final class LaneHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case open
        /// The router has a request whose head is not complete; the bytes of it seen so far.
        case assembling(ByteBuffer)
        /// The router has a request; so many of its body's bytes are still to come.
        case detour(bodyLeft: Int, isAnswered: Bool)
        case through
        /// The last answer of this connection is under way: what still comes is not read.
        case finished
    }

    private let loop: LaneLoop
    private let activity: ConnectionActivity
    private var state = State.open
    private var held = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var socket: DirectSocket?
    private var canWrite = true
    private var isReadDue = false
    private var isInputClosed = false
    private var isServing = false
    private var isWorking = false
    private var mustWork = false

    /// So many bytes may wait here before the connection is read no further.
    private static let heldLimit = 128 << 10

    init(loop: LaneLoop, activity: ConnectionActivity) {
        self.loop = loop
        self.activity = activity
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        socket = DirectSocket(context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        socket = nil
    }

    // MARK: Inbound

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .through:
            context.fireChannelRead(data)
            return
        case .finished: return
        case .open where held.readableBytes == 0:
            var bytes = unwrapInboundIn(data)
            _ = serve(context, &bytes)
            guard bytes.readableBytes > 0 else { return }
            held = bytes
        case .open, .assembling, .detour:
            var bytes = unwrapInboundIn(data)
            if held.readableBytes == 0 { held = bytes } else { held.writeBuffer(&bytes) }
        }
        work(context)
    }

    /// The connection reads no further by itself, so that a hit need not travel through every handler behind this one.
    func channelReadComplete(context: ChannelHandlerContext) {
        if case .through = state {
            context.fireChannelReadComplete()
        } else {
            read(context: context)
        }
    }

    func read(context: ChannelHandlerContext) {
        if held.readableBytes < LaneHandler.heldLimit { context.read() } else { isReadDue = true }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        socket?.noteQueued()
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        canWrite = context.channel.isWritable
        // Within `serve` the bytes that wait are in its hands; it looks again by itself.
        if canWrite, !isServing {
            work(context)
            passInputClosed(context)
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            afterWrites(context) { $0.fireUserInboundEventTriggered(event) }
        case let event as ChannelEvent where event == .inputClosed:
            isInputClosed = true
            passInputClosed(context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    /// The router has written the whole answer to the request it had.
    func answered(isLast: Bool) {
        guard let context else { return }
        switch state {
        case .detour(let bodyLeft, _):
            if isLast {
                finish()
            } else {
                state = bodyLeft == 0 ? .open : .detour(bodyLeft: bodyLeft, isAnswered: true)
            }
        case .assembling: finish()
        case .open, .through, .finished: return
        }
        work(context)
        passInputClosed(context)
    }

    private func finish() {
        state = .finished
        held = ByteBuffer()
    }

    // MARK: Work

    /// Goes on with the bytes that are held, as far as possible.
    ///
    /// Calls made while it runs only make it go round again.
    private func work(_ context: ChannelHandlerContext) {
        guard !isWorking else {
            mustWork = true
            return
        }
        isWorking = true
        repeat {
            mustWork = false
            while step(context) {}
        } while mustWork
        isWorking = false
        if isReadDue, held.readableBytes < LaneHandler.heldLimit {
            isReadDue = false
            context.read()
        }
    }

    /// One piece of work; `false` when nothing more can be done now.
    private func step(_ context: ChannelHandlerContext) -> Bool {
        guard held.readableBytes > 0 else { return false }
        switch state {
        case .open: return openStep(context)
        case .assembling(let seen): return assemble(context, seen)
        case .detour(let bodyLeft, let isAnswered):
            guard bodyLeft > 0 else { return false }
            let piece = min(bodyLeft, held.readableBytes)
            let rest = bodyLeft - piece
            state = rest == 0 && isAnswered ? .open : .detour(bodyLeft: rest, isAnswered: isAnswered)
            forward(context, piece)
            return true
        case .through:
            forward(context, held.readableBytes)
            return false
        case .finished:
            held = ByteBuffer()
            return false
        }
    }

    private func openStep(_ context: ChannelHandlerContext) -> Bool {
        var bytes = held
        held = ByteBuffer()
        let stop = serve(context, &bytes)
        held = bytes
        // A client that does not read its answers gets no more of them until it does.
        guard canWrite, held.readableBytes > 0 else { return false }
        if stop == .unwritable { return true }
        switch held.withUnsafeReadableBytes({ LaneScanner.scan($0) }) {
        case .read(let head): detour(context, length: head.length)
        case .framed(let length): detour(context, length: length)
        case .incomplete:
            state = .assembling(held)
            forward(context, held.readableBytes)
        case .opaque: goThrough(context)
        }
        return true
    }

    /// Bytes of a head that came in pieces go to the router at once; here it is only found out where the head ends.
    private func assemble(_ context: ChannelHandlerContext, _ seen: ByteBuffer) -> Bool {
        var whole = seen
        let before = whole.readableBytes
        whole.writeImmutableBuffer(held)
        switch whole.withUnsafeReadableBytes({ LaneScanner.scan($0) }) {
        case .incomplete:
            state = .assembling(whole)
            forward(context, held.readableBytes)
        case .read(let head): detour(context, length: head.length - before)
        case .framed(let length): detour(context, length: length - before)
        case .opaque: goThrough(context)
        }
        return true
    }

    /// Hands `length` bytes, as far as they are here, to the router: a request, or what was missing of one.
    private func detour(_ context: ChannelHandlerContext, length: Int) {
        let now = min(length, held.readableBytes)
        loop.counters.detours.add(1)
        state = .detour(bodyLeft: length - now, isAnswered: false)
        forward(context, now)
    }

    private func goThrough(_ context: ChannelHandlerContext) {
        loop.counters.demotions.add(1)
        state = .through
        forward(context, held.readableBytes)
        // From here on the router's back pressure decides when to read.
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
    }

    private func forward(_ context: ChannelHandlerContext, _ length: Int) {
        guard length > 0, let piece = held.readSlice(length: length) else { return }
        if held.readableBytes == 0 { held = ByteBuffer() }
        context.fireChannelRead(wrapInboundOut(piece))
        context.fireChannelReadComplete()
    }

    // MARK: Answers

    private enum Stop { case emptyOrForRouter, unwritable }

    /// The answers of one call of `serve`.
    private struct Batch {
        /// Bytes of the loop's memory that hold answers not sent yet.
        var filled = 0
        var sent = 0
        var hits = 0
        var unchanged = 0
        var mustFlush = false
    }

    /// Answers requests from memory, one after the other, up to the first that the router must answer.
    private func serve(_ context: ChannelHandlerContext, _ bytes: inout ByteBuffer) -> Stop {
        isServing = true
        defer { isServing = false }
        let began = NIODeadline.now()
        let now = loop.clock.now()
        var batch = Batch()
        while canWrite, bytes.readableBytes > 0,
            let found = bytes.withUnsafeReadableBytes({ prepare($0, now) })
        {
            put(found, into: &batch, context)
            batch.hits += 1
            bytes.moveReaderIndex(forwardBy: found.length)
        }
        guard batch.hits > 0 else { return canWrite ? .emptyOrForRouter : .unwritable }
        send(&batch, context)
        if batch.mustFlush { context.flush() }
        activity.noteAnswer()
        loop.counters.record(
            hits: batch.hits, unchanged: batch.unchanged, bytes: batch.sent,
            nanoseconds: (NIODeadline.now() - began).nanoseconds)
        return canWrite ? .emptyOrForRouter : .unwritable
    }

    /// Puts an answer behind those that wait in the loop's memory, or, when it is large, sends them all.
    private func put(_ found: Found, into batch: inout Batch, _ context: ChannelHandlerContext) {
        let answer = found.answer
        if found.isNotModified {
            batch.unchanged += 1
        } else if let whole = loop.files.whole(answer) {
            send(&batch, context)
            return send(whole, &batch, context)
        }
        let body = found.isNotModified ? nil : answer.body
        let length = body?.readableBytes ?? 0
        let isCopied = length <= LaneLoop.copyLimit
        if loop.memory.count - batch.filled < answer.headRoom + (isCopied ? length : 0) { send(&batch, context) }
        let room = UnsafeMutableRawBufferPointer(rebasing: loop.memory[batch.filled...])
        var writer = ByteWriter(room)
        answer.writeHead(&writer, isNotModified: found.isNotModified, &loop.dates)
        batch.filled += writer.count
        guard let body else { return }
        guard isCopied else { return send(&batch, context, with: body) }
        body.withUnsafeReadableBytes { room[writer.count...].copyBytes(from: $0) }
        batch.filled += length
    }

    /// Sends what waits in the loop's memory, and a body behind it.
    private func send(_ batch: inout Batch, _ context: ChannelHandlerContext, with body: ByteBuffer? = nil) {
        guard batch.filled > 0 else { return }
        let bytes = UnsafeRawBufferPointer(rebasing: loop.memory[..<batch.filled])
        // Whatever NIO calls back from here on may use the memory again.
        batch.filled = 0
        let total = bytes.count + (body?.readableBytes ?? 0)
        batch.sent += total
        let done = isClear(context) ? (socket?.put(bytes, body) ?? 0) : 0
        guard done < total else { return }
        queue(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(done)), &batch, context)
        if let body { queue(body, after: done - bytes.count, &batch, context) }
    }

    /// Sends an answer that is kept as a file.
    private func send(_ whole: AnswerFiles.Whole, _ batch: inout Batch, _ context: ChannelHandlerContext) {
        batch.sent += whole.count
        let done = isClear(context) ? (socket?.put(whole.file, count: whole.count) ?? 0) : 0
        guard done < whole.count else { return }
        queue(whole.head, after: done, &batch, context)
        queue(whole.body, after: done - whole.head.readableBytes, &batch, context)
    }

    private func isClear(_ context: ChannelHandlerContext) -> Bool { socket?.isClear(context.channel) ?? false }

    /// Leaves bytes to NIO, which sends them when the client takes them.
    private func queue(_ bytes: UnsafeRawBufferPointer, _ batch: inout Batch, _ context: ChannelHandlerContext) {
        guard !bytes.isEmpty else { return }
        queue(ByteBuffer(bytes: bytes), after: 0, &batch, context)
    }

    private func queue(
        _ bytes: ByteBuffer, after sent: Int, _ batch: inout Batch, _ context: ChannelHandlerContext
    ) {
        var rest = bytes
        rest.moveReaderIndex(forwardBy: min(max(0, sent), rest.readableBytes))
        guard rest.readableBytes > 0 else { return }
        socket?.noteQueued()
        batch.mustFlush = true
        context.write(wrapOutboundOut(rest), promise: nil)
    }

    private struct Found {
        var answer: DocumentAnswer
        var isNotModified: Bool
        var length: Int
    }

    /// The answer to the request at the front of the bytes; `nil` when the router must answer.
    private func prepare(_ bytes: UnsafeRawBufferPointer, _ now: Timestamp) -> Found? {
        guard case .read(let head) = LaneScanner.scan(bytes) else { return nil }
        func field(_ span: LaneScanner.Span) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[span]) }
        if !loop.access.readsAreOpen {
            guard let value = head.authorization, loop.access.mayRead(authorization: field(value)) else { return nil }
        }
        guard let (entry, surface) = loop.catalog.find(path: field(head.target)) else { return nil }
        var conditions = RequestConditions()
        if let value = head.acceptEncoding { conditions.acceptsGzip = RequestConditions.acceptsGzip(field(value)) }
        if let value = head.cacheControl { conditions.readCacheControl(field(value)) }
        guard let served = loop.catalog.read(entry, at: now, youngerThan: conditions.youngerThan, onlyLive: true)
        else { return nil }
        var answer = DocumentAnswer(
            served: served, dataset: entry.dataset, now: now, face: surface == .proxy ? .proxy : .document)
        if conditions.acceptsGzip, !conditions.forbidsTransform {
            guard let chosen = answer.compressed(in: entry, catalog: loop.catalog) else { return nil }
            answer = chosen
        }
        let isNotModified = head.ifNoneMatch.map { list in
            answer.withEntityTag { RequestConditions.matches(field(list), tag: $0) }
        }
        return Found(answer: answer, isNotModified: isNotModified ?? false, length: head.length)
    }

    // MARK: Endings

    /// The client will send nothing more; the router may know once it has all that came before.
    private func passInputClosed(_ context: ChannelHandlerContext) {
        guard isInputClosed else { return }
        switch state {
        case .open where held.readableBytes > 0: return
        case .detour(_, isAnswered: false) where held.readableBytes > 0: return
        default: break
        }
        isInputClosed = false
        afterWrites(context) { $0.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    }

    /// Runs `action` once everything written so far has left for the kernel: closing would drop the rest.
    private func afterWrites(_ context: ChannelHandlerContext, _ action: @escaping (ChannelHandlerContext) -> Void) {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let context = self?.context else { return }
            action(context)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
    }
}

extension DocumentAnswer {
    /// The same answer with the compressed form if there is one; `nil` when making it takes too long for here.
    func compressed(in entry: CatalogEntry, catalog: Catalog) -> DocumentAnswer? {
        guard served.body.readableBytes >= DocumentAnswer.leastCompressed else { return self }
        var result = self
        switch served.compressed {
        case .gzip: result.isCompressed = true
        case .refused: break
        case .undecided:
            guard served.body.readableBytes <= Gzip.inlineLimit else { return nil }
            let form = Gzip.form(of: served.body)
            catalog.keep(form, of: served, in: entry)
            return with(form)
        }
        return result
    }
}
