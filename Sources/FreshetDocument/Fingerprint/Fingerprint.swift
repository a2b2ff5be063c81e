/// A 128-bit hash that says whether two documents have the same content.
///
/// Made from a value it does not depend on white space, on the order of an object's keys, or on how a string is
/// escaped. It does depend on the order of arrays, on the exact text of numbers (`1`, `1.0` and `1e0` differ), and on
/// everything else: `null`, `[]`, `{}` and an absent member all differ. Of repeated keys only the last counts.
///
/// Not cryptographic: equal fingerprints of documents that nobody forged mean equal content; they prove nothing about
/// an adversary's. The same content has the same fingerprint in every process and on every machine, so fingerprints
/// may be stored.
public struct Fingerprint: Hashable, Sendable {
    /// The first 64 bits.
    public let high: UInt64
    /// The last 64 bits.
    public let low: UInt64

    /// Restores a fingerprint from its halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(_ hash: ContentHash) { self.init(high: hash.high, low: hash.low) }

    /// Hashes the content of a value, in one pass over the tape.
    /// - Parameters:
    ///   - value: The value; only what is inside it counts, not where it stands.
    ///   - ignoring: Paths, with `value` as their `$`, whose values are taken as absent; with `$` all are alike.
    public init(of value: JSONValue, ignoring: IgnoreSet = .none) {
        self.init(FingerprintWalk.hash(value, ignoring: ignoring))
    }

    /// Hashes bytes as they are; never equal to a fingerprint of a value.
    public init(ofBytes bytes: [UInt8]) {
        self.init(bytes.withUnsafeBufferPointer { ContentHash($0, seed: .bytes) })
    }

    /// Reads the text form.
    /// - Parameter hex: 32 hexadecimal digits, of either case; nil for anything else.
    public init?(hex: String) {
        var words: [UInt64] = [0, 0]
        guard hex.utf8.count == 32 else { return nil }
        for (position, digit) in hex.utf8.enumerated() {
            guard let value = JSONText.hexValue(digit) else { return nil }
            words[position / 16] = words[position / 16] << 4 | UInt64(value)
        }
        self.init(high: words[0], low: words[1])
    }

    /// The text form: 32 lower-case hexadecimal digits.
    public var hex: String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            for position in 0..<32 {
                let word = position < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - position % 16 * 4) & 0xF)
                buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 32
        }
    }
}

extension Fingerprint: CustomStringConvertible {
    /// The text form: 32 lower-case hexadecimal digits.
    public var description: String { hex }
}
