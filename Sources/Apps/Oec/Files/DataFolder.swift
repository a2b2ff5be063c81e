import FreshetCore
import Glibc

/// The folder of the seed's two files.
struct DataFolder: Sendable {
    let path: String

    /// The bytes of a file of the folder; `nil` when there is none.
    ///
    /// - Throws: ``FileFailure`` when it is there and cannot be read.
    func read(_ name: String) throws(FileFailure) -> [UInt8]? {
        let descriptor = open(path + "/" + name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileFailure("read", name, path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0, errno != EINTR { throw FileFailure("read", name, path) }
            if count > 0 { bytes += buffer[..<count] }
        }
    }

    /// The size of a file in bytes; `nil` when there is none.
    func size(_ name: String) -> Int? {
        var facts = stat()
        return stat(path + "/" + name, &facts) == 0 ? Int(facts.st_size) : nil
    }

    /// Replaces a file: a reader finds the old one or the new one, whole, also after a crash.
    ///
    /// - Throws: ``FileFailure``; the old file stands as it was then.
    func replace(_ name: String, with bytes: [UInt8]) throws(FileFailure) {
        makeFolder()
        let draft = "\(path)/.\(name).\(getpid()).draft"
        do throws(FileFailure) {
            try write(bytes, to: draft, name)
            guard rename(draft, path + "/" + name) == 0 else { throw FileFailure("replace", name, path) }
        } catch {
            unlink(draft)
            throw error
        }
        // Without this a crash of the machine may bring the old name back, which is whole, too.
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private func write(_ bytes: [UInt8], to file: String, _ name: String) throws(FileFailure) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure("write", name, path) }
        defer { close(descriptor) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { throw FileFailure("write", name, path) }
            sent += max(count, 0)
        }
        guard fsync(descriptor) == 0 else { throw FileFailure("write", name, path) }
    }

    /// Removes what a process that died has left half written.
    func sweep() {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        var left: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let parts = name.split(separator: ".")
            guard name.hasPrefix("."), parts.count >= 3, parts.last == "draft",
                let owner = pid_t(parts[parts.count - 2])
            else { continue }
            if owner == getpid() || (kill(owner, 0) != 0 && errno == ESRCH) { left.append(name) }
        }
        for name in left { unlink(path + "/" + name) }
    }

    private func makeFolder() {
        var partial = ""
        for part in path.split(separator: "/") {
            partial += "/" + part
            mkdir(partial, 0o755)
        }
    }
}

/// A file that could not be read or written.
struct FileFailure: Error, CustomStringConvertible {
    let description: String

    /// Says what failed, with the system's reason.
    init(_ doing: String, _ name: String, _ folder: String) {
        description = "cannot \(doing) \(folder)/\(name): \(String(cString: strerror(errno)))"
    }
}
