import FreshetDocument
import FreshetTesting

/// A player's WebSocket: messages of the game.
final class GameClient: Sendable {
    private let socket: SocketClient

    private init(_ socket: SocketClient) { self.socket = socket }

    /// Connects and upgrades, from an address of this machine: a server counts new guests by it.
    static func open(_ url: String, from address: String = "127.0.0.1") async throws -> GameClient {
        guard let colon = url.lastIndex(of: ":"), let port = Int(url[url.index(after: colon)...]) else {
            throw WireError.closed
        }
        let client = GameClient(try await SocketClient.open(port, "/apps/oec/ws", from: address))
        _ = try await client.next("connected")
        return client
    }

    /// Sends a message: its type, and further members as JSON.
    func send(_ type: String, _ members: String = "") async throws {
        try await socket.send(#"{"type":"\#(type)"\#(members.isEmpty ? "" : "," + members)}"#)
    }

    /// The next message; `nil` once the connection is closed.
    func next() async -> JSONValue? {
        guard let text = await socket.next() else { return nil }
        return try? JSONTape(Array(text.utf8)).root
    }

    /// The next message of a type; what comes before it is passed over.
    func next(_ type: String) async throws -> JSONValue {
        while let message = await next() { if message.text("type") == type { return message } }
        throw WireError.closed
    }

    /// The code that the server closed with, once it has.
    func closeCode() async -> UInt16? { await socket.closeCode() }

    func close() async { try? await socket.close() }
}
