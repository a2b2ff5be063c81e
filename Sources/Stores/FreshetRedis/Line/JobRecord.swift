import FreshetCore
import NIOCore

/// A job as its line keeps it: a head of fixed length that scripts read and change, then texts.
///
/// Little-endian: state, priority, whether the store gave the number (one byte each), tries, heat (four each); number, first asked
/// for, not before, fence, finished, the last call and the first (eight each, floating point: whole numbers up to 2^53 are exact, and it is what Lua
/// has); dataset, key and cause with their lengths (2, 4, 1); the last error, opaque to scripts. Moments outside ±2^53 microseconds
/// (the years 1684 to 2255) are kept as the nearest that fit.
struct JobRecord {
    static let none: Int64 = -9_007_199_254_740_992
    static let never: Int64 = 9_007_199_254_740_992

    var job: RefreshJob
    var fence: Int64

    /// A job for `seed` and `restore`; the script fills in what is the line's own.
    static func encode(_ job: RefreshJob) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(96 + job.document.key.utf8.count)
        buffer.writeInteger(UInt8(job.state.code))
        buffer.writeInteger(UInt8(job.priority.rawValue))
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(clamp(job.attempts), endianness: .little)
        buffer.writeInteger(clamp(job.heat), endianness: .little)
        for number in [
            job.id, job.enqueuedAt.microseconds, job.notBefore.microseconds, 0, job.finishedAt?.microseconds ?? none, 0,
            0,
        ] {
            buffer.writeNumber(number)
        }
        buffer.writeNames(job.document, cause: job.cause)
        if let error = job.lastError { buffer.writeNote(error) }
        return buffer
    }

    static func encode(
        _ request: EnqueueRequest, number: (id: Int64, isNew: Bool)? = nil
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(64 + request.document.key.utf8.count)
        if let number {
            buffer.writeNumber(number.id)
            buffer.writeInteger(UInt8(number.isNew ? 1 : 0))
        }
        buffer.writeInteger(UInt8(request.priority.rawValue))
        buffer.writeInteger(UInt8(request.cause == "operator" || request.cause == "cli" ? 1 : 0))
        buffer.writeInteger(clamp(request.heat), endianness: .little)
        buffer.writeNumber(request.notBefore?.microseconds ?? none)
        buffer.writeNumber(request.replacesDeadBefore?.microseconds ?? none)
        buffer.writeNames(request.document, cause: request.cause)
        return buffer
    }

    static func encode(_ lease: LeasedJob, _ end: JobEnd) -> ByteBuffer {
        let (kind, until, note): (UInt8, Timestamp?, FailureNote?) =
            switch end {
            case .done: (0, nil, nil)
            case .retry(let moment, let error): (1, moment, error)
            case .park(let moment, let reason): (2, moment, reason)
            case .dead(let error): (3, nil, error)
            }
        var buffer = ByteBuffer()
        buffer.writeNumber(lease.job.id)
        buffer.writeNumber(lease.fence)
        buffer.writeInteger(clamp(lease.job.attempts), endianness: .little)
        buffer.writeInteger(kind)
        buffer.writeNumber(until?.microseconds ?? none)
        buffer.writeInteger(UInt8(note == nil ? 0 : 1))
        var error = ByteBuffer()
        if let note { error.writeNote(note) }
        buffer.writeInteger(UInt32(error.readableBytes), endianness: .little)
        buffer.writeImmutableBuffer(error)
        return buffer
    }

    init(_ bytes: ByteBuffer) throws(StoreError) {
        var bytes = bytes
        guard
            let state = bytes.readInteger(as: UInt8.self).flatMap(RefreshJob.State.init(byte:)),
            let priority = bytes.readInteger(as: UInt8.self).flatMap({ Priority(rawValue: Int($0)) }),
            bytes.readInteger(as: UInt8.self) != nil,
            let attempts = bytes.readInteger(endianness: .little, as: UInt32.self),
            let heat = bytes.readInteger(endianness: .little, as: UInt32.self),
            let id = bytes.readNumber(), let enqueuedAt = bytes.readNumber(), let notBefore = bytes.readNumber(),
            let fence = bytes.readNumber(), let finishedAt = bytes.readNumber(), bytes.readNumber() != nil,
            bytes.readNumber() != nil,
            let names = bytes.readNames()
        else { throw .corrupt("a job in Redis cannot be read") }
        self.fence = fence
        job = RefreshJob(
            id: id, document: names.document, priority: priority, cause: names.cause,
            enqueuedAt: Timestamp(microseconds: enqueuedAt), notBefore: Timestamp(microseconds: notBefore),
            attempts: Int(attempts), state: state, heat: Int(heat), lastError: bytes.readNote(),
            finishedAt: finishedAt == Self.none ? nil : Timestamp(microseconds: finishedAt))
    }

    private static func clamp(_ number: Int) -> UInt32 { UInt32(min(max(number, 0), Int(Int32.max))) }
}

extension RefreshJob.State {
    /// Reads its number; `nil` for one that no state has.
    init?(byte: UInt8) {
        guard let found = RefreshJob.State.allCases.first(where: { $0.code == Int(byte) }) else { return nil }
        self = found
    }
}

extension ByteBuffer {
    fileprivate mutating func writeNumber(_ number: Int64) {
        let fitting = min(max(number, JobRecord.none), JobRecord.never)
        writeInteger(Double(fitting).bitPattern, endianness: .little)
    }

    fileprivate mutating func readNumber() -> Int64? {
        readInteger(endianness: .little, as: UInt64.self).flatMap { Int64(exactly: Double(bitPattern: $0)) }
    }

    fileprivate mutating func writeNames(_ document: DocumentID, cause: String) {
        let (dataset, cause) = ("\(document.dataset)", cause.utf8.prefix(255))
        writeInteger(UInt16(truncatingIfNeeded: dataset.utf8.count), endianness: .little)
        writeString(dataset)
        writeInteger(UInt32(document.key.utf8.count), endianness: .little)
        writeString(document.key)
        writeInteger(UInt8(cause.count))
        writeBytes(cause)
    }

    fileprivate mutating func readNames() -> (document: DocumentID, cause: String)? {
        guard let dataset = readInteger(endianness: .little, as: UInt16.self).flatMap({ readString(length: Int($0)) }),
            let id = DatasetID(dataset),
            let key = readInteger(endianness: .little, as: UInt32.self).flatMap({ readString(length: Int($0)) }),
            let cause = readInteger(as: UInt8.self).flatMap({ readString(length: Int($0)) })
        else { return nil }
        return (DocumentID(dataset: id, key: key), cause)
    }

    fileprivate mutating func writeNote(_ note: FailureNote) {
        writeInteger(note.at.microseconds, endianness: .little)
        writeInteger(Int32(clamping: note.status ?? -1), endianness: .little)
        writeInteger(Int32(clamping: note.count), endianness: .little)
        writeInteger(UInt32(note.kind.utf8.count), endianness: .little)
        writeString(note.kind)
        writeString(note.message)
    }

    fileprivate mutating func readNote() -> FailureNote? {
        guard let at = readInteger(endianness: .little, as: Int64.self),
            let status = readInteger(endianness: .little, as: Int32.self),
            let count = readInteger(endianness: .little, as: Int32.self),
            let kind = readInteger(endianness: .little, as: UInt32.self).flatMap({ readString(length: Int($0)) }),
            let message = readString(length: readableBytes)
        else { return nil }
        return FailureNote(
            kind: kind, message: message, at: Timestamp(microseconds: at), status: status < 0 ? nil : Int(status),
            count: Int(count))
    }
}
