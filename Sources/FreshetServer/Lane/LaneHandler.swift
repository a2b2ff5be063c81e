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
    private var hasWritten = false
    private var batch = 0
    private var batchStart = NIODeadline.distantPast
    private var isReadWanted = false
    private var isInputClosed = false
    private var isWorking = false
    private var mustWork = false

    /// So many bytes may wait here before the connection is read no further.
    private static let heldLimit = 128 << 10

    init(loop: LaneLoop, activity: ConnectionActivity) {
        self.loop = loop
        self.activity = activity
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .through:
            context.fireChannelRead(data)
            return
        case .finished: return
        case .open, .assembling, .detour: break
        }
        var bytes = unwrapInboundIn(data)
        if held.readableBytes == 0 {
            held = bytes
        } else {
            held.writeBuffer(&bytes)
        }
        work(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        finishBatch(context)
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        guard held.readableBytes < LaneHandler.heldLimit else {
            isReadWanted = true
            return
        }
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            work(context)
            finishBatch(context)
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
        state = .finished
        held.clear()
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
        finishBatch(context)
        passInputClosed(context)
    }

    private func finish() {
        state = .finished
        held.clear()
    }

    // MARK: Work

    /// Goes on with the bytes that are held, as far as possible. Calls made while it runs only make it go round again.
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
        if isReadWanted, held.readableBytes < LaneHandler.heldLimit {
            isReadWanted = false
            context.read()
        }
    }

    /// One request, or one piece of one; `false` when nothing more can be done now.
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
            held.clear()
            return false
        }
    }

    private func openStep(_ context: ChannelHandlerContext) -> Bool {
        // A client that does not read its answers gets no more of them until it does.
        guard context.channel.isWritable else { return false }
        let verdict = held.withUnsafeReadableBytes { LaneScanner.scan($0) }
        switch verdict {
        case .read(let head):
            if answer(context, head) { return true }
            detour(context, length: head.length)
        case .framed(let length): detour(context, length: length)
        case .incomplete:
            settleBatch(context)
            state = .assembling(held)
            forward(context, held.readableBytes)
        case .opaque: goThrough(context)
        }
        return true
    }

    /// Bytes of a head that came in pieces go to the router at once; here it is only found out where the head ends.
    private func assemble(_ context: ChannelHandlerContext, _ seen: ByteBuffer) -> Bool {
        var whole = seen
        // The state still holds the buffer: without this the append would copy it.
        state = .through
        let before = whole.readableBytes
        whole.writeImmutableBuffer(held)
        switch whole.withUnsafeReadableBytes({ LaneScanner.scan($0) }) {
        case .incomplete:
            state = .assembling(whole)
            forward(context, held.readableBytes)
        case .read(let head): resume(context, length: head.length - before)
        case .framed(let length): resume(context, length: length - before)
        case .opaque: goThrough(context)
        }
        return true
    }

    /// The request that the router has in part is complete after `length` more bytes.
    private func resume(_ context: ChannelHandlerContext, length: Int) {
        let now = min(length, held.readableBytes)
        loop.counters.detours.add(1)
        state = .detour(bodyLeft: length - now, isAnswered: false)
        forward(context, now)
    }

    private func detour(_ context: ChannelHandlerContext, length: Int) {
        settleBatch(context)
        let now = min(length, held.readableBytes)
        loop.counters.detours.add(1)
        state = .detour(bodyLeft: length - now, isAnswered: false)
        forward(context, now)
    }

    private func goThrough(_ context: ChannelHandlerContext) {
        settleBatch(context)
        loop.counters.demotions.add(1)
        state = .through
        forward(context, held.readableBytes)
    }

    private func forward(_ context: ChannelHandlerContext, _ length: Int) {
        guard length > 0, let piece = held.readSlice(length: length) else { return }
        if held.readableBytes == 0 { held = ByteBuffer() }
        context.fireChannelRead(wrapInboundOut(piece))
        context.fireChannelReadComplete()
    }

    // MARK: Answers

    /// Answers from memory; `false` when the router must.
    private func answer(_ context: ChannelHandlerContext, _ head: LaneScanner.Head) -> Bool {
        if batch == 0 { batchStart = .now() }
        let prepared = held.withUnsafeReadableBytes { prepare($0, head) }
        guard let (answer, isNotModified) = prepared else { return false }
        if batch == 0, !hasWritten { loop.begin() }
        let before = loop.scratch.readableBytes
        answer.writeHead(to: &loop.scratch, isNotModified: isNotModified)
        loop.counters.hits.add(1)
        var length = loop.scratch.readableBytes - before
        if isNotModified {
            loop.counters.notModified.add(1)
        } else {
            var body = answer.body
            length += body.readableBytes
            if body.readableBytes <= LaneLoop.copyLimit {
                loop.scratch.writeBuffer(&body)
            } else {
                writeScratch(context)
                context.write(wrapOutboundOut(body), promise: nil)
            }
        }
        loop.counters.bytes.add(Int64(length))
        batch += 1
        held.moveReaderIndex(forwardBy: head.length)
        if held.readableBytes == 0 { held = ByteBuffer() }
        activity.noteAnswer()
        if loop.scratch.readableBytes > LaneLoop.copyLimit * 2 { writeScratch(context) }
        return true
    }

    private func prepare(
        _ bytes: UnsafeRawBufferPointer, _ head: LaneScanner.Head
    ) -> (answer: DocumentAnswer, isNotModified: Bool)? {
        if !loop.access.readsAreOpen {
            guard let value = head.authorization,
                loop.access.mayRead(authorization: UnsafeRawBufferPointer(rebasing: bytes[value]))
            else { return nil }
        }
        let target = UnsafeRawBufferPointer(rebasing: bytes[head.target])
        guard let (entry, surface) = loop.catalog.find(path: target) else { return nil }
        var conditions = RequestConditions()
        if let value = head.acceptEncoding { conditions.acceptsGzip = RequestConditions.acceptsGzip(bytes[value]) }
        if let value = head.cacheControl { conditions.readCacheControl(bytes[value]) }
        guard entry.served.presence == .live else { return nil }
        let now = loop.clock.now()
        guard let served = loop.catalog.read(entry, at: now, youngerThan: conditions.youngerThan),
            served.presence == .live
        else { return nil }
        var answer = DocumentAnswer(
            served: served, dataset: entry.dataset, now: now, face: surface == .proxy ? .proxy : .document)
        if conditions.acceptsGzip, !conditions.forbidsTransform {
            guard let chosen = answer.compressed(in: entry, catalog: loop.catalog) else { return nil }
            answer = chosen
        }
        let isNotModified = head.ifNoneMatch.map { list in
            answer.withEntityTag { RequestConditions.matches(bytes[list], tag: $0) }
        }
        return (answer, isNotModified ?? false)
    }

    /// Hands the answers that wait in the scratch memory to the channel.
    private func writeScratch(_ context: ChannelHandlerContext) {
        guard loop.scratch.readableBytes > 0, let slice = loop.scratch.readSlice(length: loop.scratch.readableBytes)
        else { return }
        hasWritten = true
        context.write(wrapOutboundOut(slice), promise: nil)
    }

    /// Writes out what was answered here, before anybody else may write.
    private func settleBatch(_ context: ChannelHandlerContext) {
        guard batch > 0 else { return }
        finishBatch(context)
    }

    private func finishBatch(_ context: ChannelHandlerContext) {
        guard batch > 0 else { return }
        writeScratch(context)
        context.flush()
        loop.counters.record(reads: batch, nanoseconds: (NIODeadline.now() - batchStart).nanoseconds)
        batch = 0
        hasWritten = false
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
        finishBatch(context)
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

    /// The same answer with this compressed form.
    func with(_ form: ServedDocument.Compressed) -> DocumentAnswer {
        var result = self
        result.served = served.compressed(form)
        if case .gzip = form { result.isCompressed = true }
        return result
    }
}
