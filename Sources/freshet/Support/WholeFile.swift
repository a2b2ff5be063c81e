import Glibc

/// Files read and written as a whole.
enum WholeFile {
    /// The bytes of a file, or of standard input for `-`; `nil` when it cannot be read.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += part[..<count]
        }
    }

    /// Puts a complete new file in the place of an old one: what fails leaves that as it was.
    ///
    /// - Returns: What went wrong; `nil` when nothing did.
    static func replace(_ path: String, with bytes: [UInt8]) -> String? {
        let draft = path + ".new-\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return reason() }
        var problem = write(bytes, to: descriptor) && fsync(descriptor) == 0 ? nil : reason()
        close(descriptor)
        if problem == nil, rename(draft, path) != 0 { problem = reason() }
        if problem != nil { unlink(draft) }
        return problem
    }

    /// Writes everything; `false` when that fails.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
