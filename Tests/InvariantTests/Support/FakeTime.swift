import Foundation
import Synchronization

/// Moves the wall clock of a mirror, and only its: libfaketime, with the monotonic clock left alone.
struct FakeTime {
    /// Where the library is; `nil` when it is not installed.
    static let library = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    ].first { FileManager.default.fileExists(atPath: $0) }

    private let file: String

    /// Prepares the next start of a mirror.
    init(_ mirror: Mirror) throws {
        file = try mirror.scratch.write("wall-clock", "+0h\n")
        mirror.set("LD_PRELOAD", FakeTime.library)
        mirror.set("FAKETIME_TIMESTAMP_FILE", file)
        mirror.set("FAKETIME_NO_CACHE", "1")
        mirror.set("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        mirror.set("DONT_FAKE_MONOTONIC", "1")
    }

    /// Moves the clock to this far from the truth, such as `+1h`.
    func shift(_ offset: String) throws {
        try (offset + "\n").write(toFile: file, atomically: true, encoding: .utf8)
    }
}

/// Set once, from any task.
final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
}

extension Duration {
    /// Seconds as a floating point number.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
