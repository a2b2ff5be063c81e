import Glibc

/// The system's resolver, which blocks.
enum SystemResolver {
    struct Failure: Error {}

    /// The addresses of a name, or of an address's text, in the system's order.
    static func addresses(of host: String, port: Int) throws -> [(text: String, bytes: [UInt8])] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = Int32(AI_ADDRCONFIG)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { throw Failure() }
        defer { freeaddrinfo(list) }
        var found: [(text: String, bytes: [UInt8])] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            // Family and port come first; in IPv6 the flow, too.
            let isV4 = entry.ai_family == AF_INET
            guard isV4 || entry.ai_family == AF_INET6 else { continue }
            let raw = UnsafeRawBufferPointer(start: UnsafeRawPointer(address), count: Int(entry.ai_addrlen))
            let bytes = Array(raw[(isV4 ? 4 : 8)..<(isV4 ? 8 : 24)])
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                getnameinfo(
                    address, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, Int32(NI_NUMERICHOST)) == 0
            else { continue }
            found.append(
                (String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self), bytes))
        }
        return found
    }
}
