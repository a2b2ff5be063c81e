/// The rules of one time zone, read from the bytes of a TZif file (RFC 8536 versions 1 to 3, RFC 9636 version 4).
///
/// Moments after the last transition of the file follow its footer, a POSIX TZ string; moments before the first have
/// the first type of local time.
public struct TimeZoneData: ZoneRules, Hashable {
    /// When each stretch begins, in seconds since the epoch, ascending.
    private let transitions: [Int64]
    /// The offset of each stretch, in seconds.
    private let offsets: [Int32]
    /// The offset before the first transition.
    private let initialOffset: Int
    /// The rule after the last transition; `nil` when the last offset stays.
    private let footer: PosixZone?

    /// Reads a TZif file.
    ///
    /// - Throws: ``TimeZoneError`` when the bytes are not a complete, consistent TZif file or count leap seconds.
    public init(parsing bytes: [UInt8]) throws(TimeZoneError) {
        var reader = ZoneFileReader(bytes)
        let version = try reader.header()
        let first = try reader.block(version.counts, wide: false)
        guard version.isWide else {
            self.init(first, footer: nil)
            return
        }
        let second = try reader.block(try reader.header().counts, wide: true)
        self.init(second, footer: try reader.footer())
    }

    private init(_ block: ZoneFileReader.Block, footer: PosixZone?) {
        (transitions, offsets) = (block.transitions, block.offsets)
        (initialOffset, self.footer) = (block.initialOffset, footer)
    }

    /// The offset of local time at a moment, in seconds east of UTC.
    public func offset(at moment: Timestamp) -> Int {
        let seconds = moment.seconds
        let passed = passedTransitions(at: seconds)
        if passed == transitions.count, let footer { return footer.offset(at: seconds) }
        return passed == 0 ? initialOffset : Int(offsets[passed - 1])
    }

    /// The first moment after `moment` from which a new stretch counts; `nil` when the offset never changes again.
    public func nextChange(after moment: Timestamp) -> Timestamp? {
        let seconds = moment.seconds
        let passed = passedTransitions(at: seconds)
        let next = passed < transitions.count ? transitions[passed] : footer?.nextChange(after: seconds)
        // Files may hold transitions beyond what a timestamp can express.
        guard let next, next <= Int64.max / 1_000_000 else { return nil }
        return Timestamp(seconds: next)
    }

    /// How many transitions have happened at a moment.
    private func passedTransitions(at seconds: Int64) -> Int {
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
