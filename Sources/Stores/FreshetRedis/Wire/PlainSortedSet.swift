package import FreshetCore
import NIOPosix

/// A sorted set and nothing else, through the same connection that the coordinator uses: what it is measured against.
package struct PlainSortedSet: Sendable {
    private let client: RedisClient
    private let key: String

    /// Begins to connect.
    ///
    /// - Throws: ``StoreError`` when the options cannot be used.
    package init(_ options: RedisOptions) throws(StoreError) {
        client = try RedisClient(options: options, group: MultiThreadedEventLoopGroup.singleton)
        key = options.prefix + ":plain"
    }

    /// Adds members with their scores, in one command.
    package func add(_ members: [(score: Int, name: String)]) async throws(StoreError) {
        _ = try await client.call(RedisCommand(["ZADD", key] + members.flatMap { [String($0.score), $0.name] }))
    }

    /// Takes the members with the lowest scores.
    package func pop(_ count: Int) async throws(StoreError) -> Int {
        try await client.call(RedisCommand(["ZPOPMIN", key, String(count)])).list?.count ?? 0
    }

    /// Asks whether Redis answers.
    package func ping() async throws(StoreError) { _ = try await client.call(RedisCommand(["PING"])) }

    /// Closes the connection.
    package func close() async { await client.close() }
}
