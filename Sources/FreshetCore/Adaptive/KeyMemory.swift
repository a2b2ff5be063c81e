/// What an adaptive policy remembers of one key.
public struct KeyMemory: Sendable, Hashable {
    /// How a refresh went.
    public enum Outcome: Sendable, Hashable {
        /// New content.
        case changed
        /// The same content as before.
        case unchanged
        /// No answer, or a bad one.
        case failed
        /// Upstream does not know it.
        case missing
    }

    /// The last attempt; `nil` before the first.
    public var checkedAt: Timestamp?
    /// The last attempt that told what the content is.
    public var confirmedAt: Timestamp?
    /// When the content last became different.
    public var changedAt: Timestamp?
    /// How often it changes.
    public var change = ChangeEstimate()
    /// Who reads it.
    public var demand = DemandMemory()
    /// A client shows it until then.
    public var viewedUntil: Timestamp?
    /// It must be looked at then.
    public var lookAt: Timestamp?
    /// How urgent it is then.
    public var lookPriority = Priority.high
    /// Further looks since the moment passed without a change.
    public var looksDone: UInt8 = 0
    /// Failures in a row.
    public var failures: UInt8 = 0
    /// Upstream does not know it.
    public var isMissing = false
    /// Bit n: what class n asks of the document holds.
    public var matches: UInt32 = 0

    /// Remembers nothing.
    public init() {}

    /// Waits between looks when a moment has passed and the document says nothing new: upstreams answer from caches.
    static let furtherLooks: [Duration] = [.seconds(20), .seconds(60), .seconds(180)]

    /// Notes a refresh.
    ///
    /// - Parameters:
    ///   - outcome: How it went.
    ///   - now: The moment of the attempt.
    ///   - prior: Changes per second that are likely for such a document.
    ///   - matches: What holds in the new document, bit by class; `nil` keeps what held.
    ///   - look: When the document must be looked at again; `nil` when it says nothing of the kind.
    public mutating func refreshed(
        _ outcome: Outcome, at now: Timestamp, prior: Double, matches: UInt32? = nil, look: NextLook? = nil
    ) {
        let passed = lookAt.map { $0 <= now } ?? false
        checkedAt = now
        if let matches { self.matches = matches }
        switch outcome {
        case .changed, .unchanged:
            if let confirmedAt { change.look(changed: outcome == .changed, after: now - confirmedAt, prior: prior) }
            confirmedAt = now
            (failures, isMissing) = (0, false)
            if outcome == .changed { changedAt = now }
        case .failed: failures = min(failures + 1, 30)
        case .missing: isMissing = true
        }
        if passed {
            // Upstream may say the old thing for a while after the moment.
            if outcome != .changed, Int(looksDone) < KeyMemory.furtherLooks.count {
                lookAt = now + KeyMemory.furtherLooks[Int(looksDone)]
                looksDone += 1
            } else {
                (lookAt, looksDone) = (nil, 0)
            }
        } else if outcome == .changed {
            (lookAt, looksDone) = (nil, 0)
        }
        if let look, look.at > now, !(passed && lookAt.map { $0 < look.at } ?? false) {
            (lookAt, lookPriority, looksDone) = (look.at, look.priority, 0)
        }
    }
}

extension KeyMemory {
    private static let version: UInt8 = 1

    /// The compact form: 60 to 90 bytes.
    public func encode() -> [UInt8] {
        var writer = MemoryWriter()
        writer.byte(KeyMemory.version)
        let flags: UInt8 = (isMissing ? 1 : 0) | (demand.at > 0 ? 2 : 0) | (change.looks > 0 ? 4 : 0)
        writer.byte(flags)
        writer.moment(checkedAt)
        writer.moment(confirmedAt)
        writer.moment(changedAt)
        writer.moment(viewedUntil)
        writer.moment(lookAt)
        writer.byte(UInt8(lookPriority.rawValue))
        writer.byte(looksDone)
        writer.byte(failures)
        writer.word(matches)
        if change.looks > 0 {
            for value in [change.looks, change.hits, change.changes, change.exposure] { writer.word(value.bitPattern) }
        }
        if demand.at > 0 {
            for value in [demand.short, demand.long, demand.hoursWeight] { writer.word(value.bitPattern) }
            writer.word(demand.at)
            writer.word(demand.since)
            for word in [demand.hours.low, demand.hours.middle, demand.hours.high] { writer.long(word) }
        }
        return writer.bytes
    }

    /// Reads what ``encode()`` gave; `nil` for anything else, and for a form that this program does not know.
    public init?(decoding bytes: [UInt8]) {
        self.init()
        var reader = MemoryReader(bytes)
        guard reader.byte() == KeyMemory.version else { return nil }
        let flags = reader.byte()
        isMissing = flags & 1 != 0
        checkedAt = reader.moment()
        confirmedAt = reader.moment()
        changedAt = reader.moment()
        viewedUntil = reader.moment()
        lookAt = reader.moment()
        lookPriority = Priority(rawValue: Int(reader.byte())) ?? .high
        looksDone = reader.byte()
        failures = reader.byte()
        matches = reader.word()
        if flags & 4 != 0 {
            change.looks = reader.float()
            change.hits = reader.float()
            change.changes = reader.float()
            change.exposure = reader.float()
        }
        if flags & 2 != 0 {
            demand.short = reader.float()
            demand.long = reader.float()
            demand.hoursWeight = reader.float()
            demand.at = reader.word()
            demand.since = reader.word()
            demand.hours = HourShares(low: reader.long(), middle: reader.long(), high: reader.long())
        }
        guard reader.isGood else { return nil }
    }
}

/// Little-endian numbers, one after the other.
private struct MemoryWriter {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(112) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func word(_ value: UInt32) {
        for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
    }
    mutating func long(_ value: UInt64) {
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
    }

    /// Presence in one byte, then microseconds.
    mutating func moment(_ value: Timestamp?) {
        byte(value == nil ? 0 : 1)
        if let value { long(UInt64(bitPattern: value.microseconds)) }
    }
}

/// Reads what ``MemoryWriter`` wrote; past the end it gives zeros and is not good any more.
private struct MemoryReader {
    private let bytes: [UInt8]
    private var place = 0
    private var ranOut = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isGood: Bool { !ranOut && place == bytes.count }

    mutating func byte() -> UInt8 {
        guard place < bytes.count else {
            ranOut = true
            return 0
        }
        place += 1
        return bytes[place - 1]
    }

    mutating func word() -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(byte()) << (8 * UInt32($1)) } }
    mutating func long() -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(byte()) << (8 * UInt64($1)) } }

    mutating func float() -> Float {
        let value = Float(bitPattern: word())
        if !value.isFinite || value < 0 { ranOut = true }
        return ranOut ? 0 : value
    }

    mutating func moment() -> Timestamp? { byte() == 0 ? nil : Timestamp(microseconds: Int64(bitPattern: long())) }
}
