import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes from a handler next to the socket: to the kernel while NIO holds nothing, else behind what it holds.
///
/// What a thousand subscribers get is so a thousand calls of the kernel, and nothing else. Confined to its event loop; a class,
/// because a write that finds the connection broken ends, on its way, whoever holds this.
final class DirectWriter {
    private let context: ChannelHandlerContext
    private var socket: DirectSocket?

    /// Writes from where a handler stands; between it and the socket nothing may change bytes.
    init(_ context: ChannelHandlerContext) {
        self.context = context
        socket = DirectSocket(context.channel)
    }

    /// Says that something was written through NIO by others.
    func noteQueued() { socket?.noteQueued() }

    /// Sends bytes; what the kernel does not take is left to NIO.
    func write(_ bytes: ByteBuffer) {
        var rest = bytes
        if socket?.isClear(context.channel) == true {
            let taken = rest.withUnsafeReadableBytes { socket?.put($0, nil) ?? 0 }
            rest.moveReaderIndex(forwardBy: taken)
            guard rest.readableBytes > 0 else { return }
        }
        socket?.noteQueued()
        context.writeAndFlush(NIOAny(rest), promise: nil)
    }
}

/// The connection's own socket: whole answers go to the kernel from here, past NIO's queue of pending writes.
///
/// A hit is complete when it is written, so the queue would only add to its cost. Order stays because nothing goes this
/// way while NIO holds bytes; what the kernel does not take is handed to NIO, which waits until the client reads on.
/// For the handler next to the socket only: one in between, such as TLS, would not see these bytes. Confined to its
/// event loop.
struct DirectSocket {
    private let handle: CInt
    /// Whether something was written through NIO since its queue was last seen empty.
    private var mayBeQueued = true

    /// The socket of a channel; `nil` when the channel is no socket, as in tests without a network.
    init?(_ channel: any Channel) {
        let handle = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        guard let handle else { return nil }
        self.handle = handle
    }

    /// Says that something was written through NIO.
    mutating func noteQueued() { mayBeQueued = true }

    /// Whether bytes may go to the kernel now.
    ///
    /// To be asked each time: NIO closes the socket, and only an active channel still owns its handle.
    mutating func isClear(_ channel: any Channel) -> Bool {
        guard channel.isActive else { return false }
        if mayBeQueued { mayBeQueued = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) != 0 }
        return !mayBeQueued
    }

    /// Sends bytes, and a body behind them if there is one.
    ///
    /// - Returns: How many bytes the kernel took: 0 also for an error, which NIO's own write will meet again.
    func put(_ head: UnsafeRawBufferPointer, _ body: ByteBuffer?) -> Int {
        let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
        guard let body else { return max(0, send(handle, head.baseAddress, head.count, flags)) }
        return body.withUnsafeReadableBytes { bytes in
            withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
                parts[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count)
                parts[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                var message = msghdr()
                message.msg_iov = parts.baseAddress
                message.msg_iovlen = 2
                return max(0, sendmsg(handle, &message, flags))
            }
        }
    }

    /// Sends the first `count` bytes of a file; the kernel passes its pages on without copying them.
    func put(_ file: MemoryFile, count: Int) -> Int {
        var offset: off_t = 0
        return max(0, sendfile(handle, file.descriptor, &offset, count))
    }
}
