import Glibc
import Synchronization

/// A log file that is rotated by size: `x.log`, `x.log.1`, … the oldest is dropped.
final class LogFile: Sendable {
    private struct State {
        var descriptor: Int32
        var size: Int
    }

    private let path: String
    private let rotateBytes: Int
    private let keepFiles: Int
    private let state: Mutex<State>

    /// Opens (or makes) the file; `nil` when that is not possible, with the reason in `errno`.
    init?(path: String, rotateBytes: Int, keepFiles: Int) {
        (self.path, self.rotateBytes, self.keepFiles) = (path, rotateBytes, keepFiles)
        guard let opened = LogFile.open(path) else { return nil }
        state = Mutex(State(descriptor: opened.descriptor, size: opened.size))
    }

    deinit { state.withLock { _ = Glibc.close($0.descriptor) } }

    /// Appends a line; a line that cannot be written is lost here but still stands on standard error.
    func write(_ line: String) {
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        state.withLock { state in
            if state.size + bytes.count > rotateBytes, state.size > 0 { rotate(&state) }
            let written = bytes.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
            if written > 0 { state.size += written }
        }
    }

    private func rotate(_ state: inout State) {
        for index in stride(from: keepFiles - 1, through: 1, by: -1) {
            rename("\(path).\(index)", "\(path).\(index + 1)")
        }
        if keepFiles > 0 { rename(path, "\(path).1") } else { unlink(path) }
        // When the new file cannot be opened the old one is written on, over its size.
        guard let opened = LogFile.open(path) else { return }
        _ = Glibc.close(state.descriptor)
        state = State(descriptor: opened.descriptor, size: opened.size)
    }

    private static func open(_ path: String) -> (descriptor: Int32, size: Int)? {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { return nil }
        return (descriptor, Int(lseek(descriptor, 0, SEEK_END)))
    }
}
