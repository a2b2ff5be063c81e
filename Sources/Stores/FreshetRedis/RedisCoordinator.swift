public import FreshetCore
import NIOCore
import NIOPosix
import Synchronization

/// The coordinator that the processes of a deployment share through Redis.
///
/// Nothing in Redis is the only copy of anything. One connection carries the commands of all tasks, a second one the news.
public final class RedisCoordinator: Coordinator {
    private let options: RedisOptions
    private let client: RedisClient
    private let redisLine: RedisLine
    private let redisLimits: RedisLimits
    private let board = NewsBoard()
    private let listener = Mutex<RedisClient?>(nil)
    private let isClosed = Mutex(false)

    /// Begins to connect; calls wait for the first try and fail at once while Redis is away.
    ///
    /// - Parameter options: Where Redis is.
    /// - Throws: ``StoreError/refused(_:)`` when the authorities cannot be read.
    public init(_ options: RedisOptions) throws(StoreError) {
        self.options = options
        client = try RedisClient(
            options: options, group: MultiThreadedEventLoopGroup.singleton,
            scripts: LineScripts.all + LimitScripts.all + FlightScripts.all)
        redisLine = RedisLine(client: client, prefix: options.prefix)
        redisLimits = RedisLimits(client: client, prefix: options.prefix)
    }

    /// The line of unfinished jobs.
    public var line: any JobLine { redisLine }

    /// Limits that all processes share.
    public var limits: any SharedLimits { redisLimits }

    /// The line with what only Redis offers: ``RedisLine/cycle(ends:wishes:lease:now:)``.
    public var queue: RedisLine { redisLine }

    // MARK: News

    private var channel: String { options.prefix + ":news" }

    /// Tells every process, this one included, that there is news of a kind.
    public func ring(_ news: News) {
        do throws(StoreError) {
            try client.cast(RedisCommand(["PUBLISH", channel, news.rawValue]))
        } catch {
            // Redis is away: the processes look by themselves, this one is told at least.
            board.put(news)
        }
    }

    /// The rings from now on, in order; those that come while nobody takes them are one of each kind.
    ///
    /// Each time the connection was lost and is back, one of each kind comes: some may have been missed.
    public func rings() -> AsyncStream<News> {
        let stream = board.stream()
        listener.withLock { listener in
            guard listener == nil, !isClosed.withLock({ $0 }) else { return }
            listener = try? RedisClient(
                options: options, group: MultiThreadedEventLoopGroup.singleton, subscription: channel
            ) { [board] message in
                guard let message else { return }
                // [subscribe, channel, count] and [message, channel, text].
                if message.first?.string == "subscribe" { for news in News.allCases { board.put(news) } }
                if message.first?.string == "message", let news = message.last?.string.flatMap(News.init(rawValue:)) {
                    board.put(news)
                }
            }
        }
        return stream
    }

    // MARK: Flights

    /// Begins a flight that at most one process may have under way; the holder of one prolongs it.
    public func beginFlight(_ name: String, holder: String, for span: Duration) async throws(StoreError) -> Bool {
        try await flight(FlightScripts.begin, name, holder, max(1, span.microseconds / 1_000))
    }

    /// Ends a flight of this process.
    public func endFlight(_ name: String, holder: String) async throws(StoreError) {
        _ = try await flight(FlightScripts.end, name, holder, 0)
    }

    private func flight(
        _ script: LuaScript, _ name: String, _ holder: String, _ milliseconds: Int64
    ) async throws(StoreError) -> Bool {
        var command = RedisCommand(arguments: 6, repeats: .harmless)
        for argument in ["EVALSHA", script.digest, "1", "\(options.prefix):flight:\(name)", holder] {
            command.add(argument)
        }
        command.add(milliseconds)
        return try await client.call(command).int == 1
    }

    // MARK: Health

    /// Asks whether it answers.
    public func ping() async throws(StoreError) -> Duration {
        let begin = ContinuousClock.now
        _ = try await client.call(RedisCommand(["PING"]))
        return ContinuousClock.now - begin
    }

    /// What Redis tells of itself, and what is wrong with that.
    public func health() async throws(StoreError) -> RedisHealth {
        let text = try await client.call(RedisCommand(["INFO"])).string ?? ""
        return RedisHealth(info: text)
    }

    /// Closes every connection; later calls throw.
    public func close() async {
        isClosed.withLock { $0 = true }
        board.end()
        let listener = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        await listener?.close()
        await client.close()
    }
}
