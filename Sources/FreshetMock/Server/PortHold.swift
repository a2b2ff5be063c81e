import Glibc
import NIOCore

/// Keeps a port for a mock as long as it lives, also while nothing listens on it.
///
/// A socket that is bound and never listens: while it is alone clients are refused, and the kernel gives the port neither to
/// an outgoing connection nor to another server. The mock's listener binds beside it, for both allow reuse (socket(7)).
final class PortHold: Sendable {
    /// The address that is held, with its port.
    let address: SocketAddress
    private let descriptor: CInt

    private init(address: SocketAddress, descriptor: CInt) {
        (self.address, self.descriptor) = (address, descriptor)
    }

    deinit { close(descriptor) }

    /// Takes a port.
    ///
    /// - Parameters:
    ///   - host: An address of this machine.
    ///   - port: 0 takes a free port.
    /// - Returns: The hold; the port is free again when it is gone.
    /// - Throws: When the port cannot be had, or the host has no address.
    static func take(host: String, port: Int) throws -> PortHold {
        var address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        do {
            var isOn: CInt = 1
            guard
                descriptor >= 0,
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<CInt>.size)) == 0,
                address.withSockAddr({ bind(descriptor, $0, socklen_t($1)) }) == 0
            else { throw IOError(errnoCode: errno, reason: "bind(\(address))") }
            if port == 0 { address.port = try Self.port(of: descriptor) }
        } catch {
            close(descriptor)
            throw error
        }
        return PortHold(address: address, descriptor: descriptor)
    }

    /// The port that the kernel chose.
    private static func port(of descriptor: CInt) throws -> Int {
        // Of both families: the family, then the port, highest byte first.
        var (address, size) = ([UInt8](repeating: 0, count: 128), socklen_t(128))
        let result = address.withUnsafeMutableBytes { bytes in
            getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &size)
        }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "getsockname") }
        return Int(address[2]) << 8 | Int(address[3])
    }
}
