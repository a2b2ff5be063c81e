import ArgumentParser
import Foundation
import FreshetExport
import Glibc

/// Where an export is written: a file that appears when it is complete, or standard output.
final class ExportOutput {
    /// Open for writing.
    let descriptor: Int32
    /// The draft and what it will be called; `nil` for standard output, pipes and devices.
    private let names: (draft: String, final: String)?
    /// Whether the whole file is gathered first and then copied to standard output.
    private let isGathered: Bool

    /// Opens an output.
    ///
    /// - Parameters:
    ///   - path: `nil` for standard output.
    ///   - startsOver: Whether what was written may have to be thrown away.
    /// - Throws: The end of the command when nothing can be created there.
    init(path: String?, startsOver: Bool) throws {
        guard let path else {
            names = nil
            isGathered = startsOver
            descriptor = startsOver ? try ExportOutput.nameless() : STDOUT_FILENO
            return
        }
        isGathered = false
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        if let type, type != .typeRegular, type != .typeSymbolicLink {
            names = nil
            descriptor = open(path, O_WRONLY | O_CLOEXEC)
        } else {
            // A link keeps pointing where it points.
            let final = realpath(path, nil).map { pointer in
                defer { free(pointer) }
                return String(cString: pointer)
            }
            let target = final ?? path
            let draft = "\(target).\(getpid()).partial"
            names = (draft, target)
            descriptor = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else {
            throw Exit.fail("\(path) cannot be created: \(String(cString: strerror(errno)))", Exit.cannotCreate)
        }
    }

    /// A file without a name: it is gone when the process is.
    private static func nameless() throws -> Int32 {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/freshet-export-XXXXXX".utf8CString)  // mkstemp: its own; without a name at once
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw Exit.fail(
                "no temporary file can be created in \(folder): \(String(cString: strerror(errno)))", Exit.cannotCreate)
        }
        unlink(template)
        return descriptor
    }

    /// Throws away what was written.
    func startOver() throws {
        guard names != nil || isGathered else {
            throw Exit.fail(
                "a value does not fit the type of its column, and a pipe cannot be written anew; use --output FILE",
                Exit.badData)
        }
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw Exit.fail("the export cannot be written anew", Exit.cannotWrite)
        }
    }

    /// Makes the complete file appear.
    func commit() throws {
        if isGathered { try copyToStandardOutput() }
        guard let names else { return }
        guard fsync(descriptor) == 0, rename(names.draft, names.final) == 0 else {
            throw Exit.fail("\(names.final) cannot be written: \(String(cString: strerror(errno)))", Exit.cannotWrite)
        }
    }

    /// Removes what is unfinished.
    func abandon() { if let names { unlink(names.draft) } }

    private func copyToStandardOutput() throws {
        lseek(descriptor, 0, SEEK_SET)
        var sink = FileSink(descriptor: STDOUT_FILENO)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            do {
                try sink.write(Array(buffer[..<count]))
            } catch {
                throw Exit.fail("\(error)", Exit.cannotWrite)
            }
        }
    }

    deinit { if descriptor > STDERR_FILENO { close(descriptor) } }
}

/// Says on a terminal how far an export is.
struct ExportProgress {
    private let table: String
    /// All rows, where their number is known.
    private let total: Int?
    private let began = ContinuousClock.now
    private var shown: ContinuousClock.Instant?
    private let isOn = isatty(STDERR_FILENO) == 1
    private var hasLine = false

    init(table: String, total: Int?) { (self.table, self.total) = (table, total) }

    var seconds: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - began).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// Shows a line of progress, five times a second at most.
    mutating func show(rows: Int, bytes: Int) {
        let now = ContinuousClock.now
        guard isOn, shown.map({ now - $0 >= .milliseconds(200) }) ?? true else { return }
        shown = now
        hasLine = true
        let rate = Double(rows) / max(seconds, 0.001)
        var line = "\(table): \(rows) rows, \(ExportProgress.size(bytes)), \(Int(rate)) rows/s"
        if let total, total > rows, rate > 0 {
            line += ", \(rows * 100 / total) %, \(Int(Double(total - rows) / rate)) s left"
        }
        let bytes = Array("\r\u{1B}[K\(line)".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Takes the line of progress away.
    mutating func clear() {
        guard hasLine else { return }
        hasLine = false
        let bytes = Array("\r\u{1B}[K".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) bytes"
        case ..<10_000_000: "\(bytes / 1000) kB"
        default: "\(bytes / 1_000_000) MB"
        }
    }
}
