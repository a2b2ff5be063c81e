import ArgumentParser
import Glibc

/// The exit codes of the contract (sysexits.h).
enum Exit {
    static let usage = ExitCode(64)
    static let badData = ExitCode(65)
    static let unavailable = ExitCode(69)
    static let cannotCreate = ExitCode(73)
    static let cannotWrite = ExitCode(74)
    static let tryLater = ExitCode(75)
    static let configuration = ExitCode(78)

    /// Says what happened on standard error and ends with a code.
    static func fail(_ message: String, _ code: ExitCode) -> ExitCode {
        standardError(message)
        return code
    }
}

/// Writes a line to standard error.
func standardError(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
