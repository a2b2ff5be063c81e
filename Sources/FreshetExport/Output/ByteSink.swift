public import FreshetCore
import Glibc

/// Where an export goes.
public protocol ByteSink {
    /// Writes all of the bytes.
    ///
    /// - Throws: ``ExportError/cannotWrite(_:)``; some of the bytes may have been written.
    mutating func write(_ bytes: [UInt8]) throws(ExportError)
}

/// An open file, pipe or terminal; it is not closed here.
public struct FileSink: ByteSink {
    /// The descriptor, open for writing.
    public let descriptor: Int32
    /// Bytes written so far.
    public private(set) var written = 0

    /// Writes to an open descriptor.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes all of the bytes, in several goes where the system takes fewer at once.
    public mutating func write(_ bytes: [UInt8]) throws(ExportError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { memory in
                Glibc.write(descriptor, memory.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                throw .cannotWrite(String(cString: strerror(code)))
            }
            offset += count
        }
        written += offset
    }
}

/// Why an export could not go on.
public enum ExportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A value does not fit the type that was chosen for its column.
    case misfit(column: Int, value: TableValue)
    /// The file or pipe takes no more; the system's words.
    case cannotWrite(String)
    /// The compressor failed; zlib's code.
    case compressor(Int32)

    /// What happened; no row data.
    public var description: String {
        switch self {
        case .misfit(let column, _): "a value does not fit the type of column \(column + 1)"
        case .cannotWrite(let why): "the export cannot be written: \(why)"
        case .compressor(let code): "zlib failed with code \(code)"
        }
    }
}
