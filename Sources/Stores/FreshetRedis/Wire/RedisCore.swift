import FreshetCore
import NIOCore
import NIOPosix

/// What happens on the event loop of one connection: opening it again and again, and matching answers with commands.
///
/// Everything in it is touched on its event loop only.
final class RedisCore {
    enum Phase: Equatable {
        /// The first try since it was up last, or ever: commands wait.
        case opening
        case up
        /// The last try failed: commands fail at once.
        case down(String)
        case closed
    }

    private struct Sent {
        var call: RedisCall
        var since: NIODeadline
    }

    private let options: RedisOptions
    private let opener: RedisOpener
    private let loop: any EventLoop
    /// Told of every change of phase.
    private let onPhase: (Phase) -> Void
    /// Told of every message that comes unasked, and (`nil`) each time the connection is up.
    private let onPush: @Sendable ([RESPValue]?) -> Void

    private var phase = Phase.opening
    private var channel: (any Channel)?
    private var greetingsLeft = 0
    private var waiting: [RedisCall] = []
    private var sent = CircularBuffer<Sent>()
    /// Below 2^53, which is exact in Lua.
    private var lastNumber = Int64.random(in: 1..<(1 << 52))
    private var failures = 0
    /// Times in a row that a connection was cut while it was greeted.
    private var cuts = 0
    private var wasRefused = false
    private var heardAt = NIODeadline.now()
    private var openedAt = NIODeadline.now()
    private var why = "the connection was closed"
    private var watch: RepeatedTask?

    init(
        options: RedisOptions, opener: RedisOpener, loop: any EventLoop, onPhase: @escaping (Phase) -> Void,
        onPush: @escaping @Sendable ([RESPValue]?) -> Void
    ) {
        self.options = options
        self.opener = opener
        self.loop = loop
        self.onPhase = onPhase
        self.onPush = onPush
    }

    func start() {
        let own = NIOLoopBound(self, eventLoop: loop)
        watch = loop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { _ in
            own.value.tick()
        }
        open()
    }

    // MARK: Commands

    func send(_ calls: [RedisCall]) {
        switch phase {
        case .up: write(calls)
        case .opening: waiting += calls
        case .down(let why): for call in calls { call.finish(.failure(.unavailable(why))) }
        case .closed: for call in calls { call.finish(.failure(.unavailable("the connection to Redis is closed"))) }
        }
    }

    private func write(_ calls: [RedisCall]) {
        guard let channel, !calls.isEmpty else { return }
        let now = NIODeadline.now()
        var calls = calls
        for index in calls.indices {
            calls[index].command.number(nextNumber)
            sent.append(Sent(call: calls[index], since: now))
        }
        guard calls.count > 1 else { return channel.writeAndFlush(calls[0].command.bytes, promise: nil) }
        var together = channel.allocator.buffer(capacity: calls.reduce(0) { $0 + $1.command.bytes.readableBytes })
        for call in calls { together.writeImmutableBuffer(call.command.bytes) }
        channel.writeAndFlush(together, promise: nil)
    }

    /// Numbers rise in the order in which commands go out, and are this connection's alone in practice.
    private func nextNumber() -> Int64 {
        lastNumber += 1
        return lastNumber
    }

    func received(_ value: RESPValue, from source: any Channel) {
        guard source === channel else { return }
        heardAt = .now()
        if case .push(let values) = value { return onPush(values) }
        if greetingsLeft > 0 { return greeted(value) }
        guard !sent.isEmpty else { return broken(source, "it answered what nobody asked") }
        let call = sent.removeFirst().call
        if case .error(let text) = value, text.hasPrefix("NOSCRIPT") { return reload(call) }
        call.finish(.success(value))
    }

    /// Redis has forgotten the scripts (an operator's SCRIPT FLUSH); nothing was done.
    private func reload(_ call: RedisCall) {
        guard call.deadline > .now() else {
            return call.finish(.failure(.unavailable("Redis at \(options.place) does not keep scripts")))
        }
        let loads = opener.loads().map { RedisCall(command: $0, deadline: call.deadline, waiter: nil) }
        var call = call
        // Commands behind it may have been done by now: it goes under a new number.
        call.command.number(nextNumber, anew: true)
        write(loads + [call])
    }

    // MARK: Opening

    private func open() {
        openedAt = .now()
        wasRefused = false
        let own = NIOLoopBound(self, eventLoop: loop)
        let handler = NIOLoopBound(RedisHandler(core: self), eventLoop: loop)
        opener.connect(on: loop) { handler.value }.whenComplete { result in
            switch result {
            case .success(let channel): own.value.opened(channel)
            case .failure(let error): own.value.failed(RedisOpener.words(for: error))
            }
        }
    }

    private func opened(_ channel: any Channel) {
        guard phase != .closed else { return channel.close(promise: nil) }
        self.channel = channel
        let greeting = opener.greeting()
        greetingsLeft = greeting.count
        for command in greeting { channel.write(command.bytes, promise: nil) }
        channel.flush()
        if !channel.isActive { closed(channel) }
    }

    private func greeted(_ value: RESPValue) {
        if case .error(let text) = value, let channel {
            wasRefused = true
            return broken(channel, RedisOpener.words(forRefusal: text))
        }
        if let problem = RedisOpener.problem(inGreeting: value), let channel {
            wasRefused = true
            return broken(channel, problem)
        }
        greetingsLeft -= 1
        guard greetingsLeft == 0 else { return }
        (failures, cuts) = (0, 0)
        change(to: .up)
        onPush(nil)
        if let command = opener.afterGreeting() { channel?.writeAndFlush(command.bytes, promise: nil) }
        let calls = waiting
        waiting = []
        write(calls)
    }

    private func change(to next: Phase) {
        phase = next
        onPhase(next)
    }

    // MARK: Losing it

    /// Gives a connection up; what becomes of its commands is decided when it has closed.
    func broken(_ source: any Channel, _ reason: String) {
        guard source === channel else { return }
        why = reason
        source.close(promise: nil)
        closed(source)
    }

    func closed(_ source: any Channel) {
        guard source === channel else { return }
        channel = nil
        let wasUp = phase == .up
        greetingsLeft = 0
        guard phase != .closed else { return }
        guard wasUp else { return wasRefused ? failed(why) : cutWhileGreeting() }
        // Once more at once: a connection that was cut is often there again. Only when that fails is Redis away.
        sortOut()
        why = "the connection was closed"
        change(to: .opening)
        open()
    }

    /// Keeps what may be sent again and tells the others.
    private func sortOut() {
        let now = NIODeadline.now()
        for lost in sent {
            var call = lost.call
            switch call.command.repeats {
            case .never:
                call.finish(
                    .failure(.unavailable("the connection to Redis was cut before it answered; it may have acted")))
            case .harmless, .told:
                guard call.deadline > now else {
                    call.finish(.failure(.unavailable("Redis at \(options.place) does not answer")))
                    continue
                }
                call.command.mark()
                waiting.append(call)
            }
        }
        sent.removeAll()
    }

    /// Somebody was there: some more tries before Redis counts as away.
    private func cutWhileGreeting() {
        cuts += 1
        guard phase == .opening, cuts <= 8 else { return failed(why) }
        why = "the connection was closed"
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: .milliseconds(Int64(cuts) * 5)) {
            guard own.value.phase == .opening else { return }
            own.value.open()
        }
    }

    private func failed(_ reason: String) {
        guard phase != .closed else { return }
        cuts = 0
        failures += 1
        let text = "Redis at \(options.place): \(reason)"
        why = "the connection was closed"
        change(to: .down(text))
        let calls = waiting
        waiting = []
        for call in calls { call.finish(.failure(.unavailable(text))) }
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: pause()) { own.value.again() }
    }

    private func again() {
        guard case .down = phase else { return }
        open()
    }

    /// 50 ms, doubled up to a second, of which up to a half is left to chance.
    private func pause() -> TimeAmount {
        let ceiling = min(1_000, 50 << min(failures - 1, 5))
        return .milliseconds(Int64.random(in: Int64(ceiling / 2)...Int64(ceiling)))
    }

    // MARK: Watching

    private func tick() {
        let now = NIODeadline.now()
        let span = TimeAmount(options.answerTimeout)
        if let channel {
            if greetingsLeft > 0, now - openedAt > TimeAmount(options.connectTimeout) + span {
                return broken(channel, "it does not answer the greeting")
            }
            if let oldest = sent.first, now - max(oldest.since, heardAt) > span {
                return broken(channel, "it has not answered for \(options.answerTimeout)")
            }
            if phase == .up, sent.isEmpty, now - heardAt > .seconds(5) {
                write([RedisCall(command: RedisCommand(["PING"]), deadline: now, waiter: nil)])
            }
        }
        guard let first = waiting.first, first.deadline < now else { return }
        let late = waiting.prefix { $0.deadline < now }.count
        for call in waiting.prefix(late) {
            call.finish(.failure(.unavailable("Redis at \(options.place) does not answer")))
        }
        waiting.removeFirst(late)
    }

    func close() -> EventLoopFuture<Void> {
        guard phase != .closed else { return loop.makeSucceededVoidFuture() }
        watch?.cancel()
        change(to: .closed)
        let calls = sent.map(\.call) + waiting
        sent.removeAll()
        waiting = []
        for call in calls { call.finish(.failure(.unavailable("the connection to Redis is closed"))) }
        guard let channel else { return loop.makeSucceededVoidFuture() }
        self.channel = nil
        return channel.close().recover { _ in }
    }
}
