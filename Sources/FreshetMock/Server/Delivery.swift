import NIOCore

/// What to send for a request, and how.
enum Delivery {
    /// How a finished answer goes onto the wire.
    struct Mode {
        /// Body bytes before the connection is cut; `nil` sends everything.
        var cutAfter: Int?
        /// Whether a cut body is sent in chunks instead of with a length.
        var cutChunked = false
        /// Bytes per second; `nil` for full speed.
        var headRate: Int?
        /// Bytes per second; `nil` for full speed.
        var bodyRate: Int?
    }

    /// Reset the connection.
    case reset
    /// Send nothing and keep the connection open.
    case silence
    /// Send bytes that are no HTTP, then close.
    case raw(ByteBuffer)
    /// Send an answer.
    case answer(MockResponse, Mode)
    /// Send an answer whose body is made while it is sent.
    case stream(MockResponse, BodySource, chunked: Bool)
}
