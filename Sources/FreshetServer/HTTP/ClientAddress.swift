import NIOCore

/// Who is at the other end of a connection.
struct ClientAddress: Sendable, Hashable {
    /// What limits are counted by: the IPv4 address, or the /64 network of an IPv6 address.
    let group: String
    /// Whether the connection comes from this machine.
    let isLoopback: Bool

    private init(group: String, isLoopback: Bool) { (self.group, self.isLoopback) = (group, isLoopback) }

    /// - Parameter address: The peer; `nil` counts as a stranger.
    init(_ address: SocketAddress?) {
        guard let address else {
            self.init(group: "unknown", isLoopback: false)
            return
        }
        guard address.protocol != .unix else {
            self.init(group: "unix", isLoopback: true)
            return
        }
        // The layouts of POSIX: family and port, then 4 bytes of address; for IPv6, 4 bytes of flow come before 16.
        let isV6 = address.protocol == .inet6
        let bytes = address.withSockAddr { pointer, size in
            Array(UnsafeRawBufferPointer(start: pointer, count: size).dropFirst(isV6 ? 8 : 4).prefix(isV6 ? 16 : 4))
        }
        self.init(bytes: bytes)
    }

    /// - Parameter bytes: 4 or 16 bytes in network order.
    init(bytes: [UInt8]) {
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        let address = isMapped ? Array(bytes[12...]) : bytes
        if address.count == 4 {
            self.init(group: address.map(String.init).joined(separator: "."), isLoopback: address[0] == 127)
        } else {
            let isOne = address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
            self.init(group: address.prefix(8).map { String($0, radix: 16) }.joined(separator: ":"), isLoopback: isOne)
        }
    }
}
