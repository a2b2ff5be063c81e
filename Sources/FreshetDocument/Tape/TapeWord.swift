/// One 64-bit entry of the tape: four bits of kind, 32 bits of source offset, 28 bits of length or count.
///
/// A scalar is one word: where its text starts and how long it is (strings without their quotes). A container is two:
/// the first counts its members, the second (made by ``end(tape:byte:)``) says where the container ends, on the tape
/// and in the source. Members follow in document order, in objects as key word and value in turn. So a container is
/// skipped by reading one word, and a whole subtree is walked by going through its words from first to last.
struct TapeWord: Equatable, BitwiseCopyable {
    /// What a word describes; keys are told from strings so that a walk over the words needs no stack.
    struct Kind: Equatable, BitwiseCopyable {
        let code: UInt64

        static let object = Kind(code: 1)
        static let array = Kind(code: 2)
        /// A string whose source text holds no backslash: its bytes are its content.
        static let plainString = Kind(code: 3)
        static let escapedString = Kind(code: 4)
        /// A number without fraction and exponent.
        static let integer = Kind(code: 5)
        static let real = Kind(code: 6)
        static let isTrue = Kind(code: 7)
        static let isFalse = Kind(code: 8)
        static let null = Kind(code: 9)
        static let plainKey = Kind(code: 10)
        static let escapedKey = Kind(code: 11)

        @inline(__always) var isContainer: Bool { code <= 2 }
        @inline(__always) var isKey: Bool { code >= 10 }
        @inline(__always) var isNumber: Bool { code == 5 || code == 6 }
        @inline(__always) var isString: Bool { code == 3 || code == 4 || code >= 10 }
        @inline(__always) var isEscaped: Bool { code == 4 || code == 11 }
    }

    var bits: UInt64

    @inline(__always) init(bits: UInt64) { self.bits = bits }

    @inline(__always) init(_ kind: Kind, offset: Int, length: Int) {
        bits = kind.code &<< 60 | UInt64(truncatingIfNeeded: offset) &<< 28 | UInt64(truncatingIfNeeded: length)
    }

    @inline(__always) static func end(tape: Int, byte: Int) -> TapeWord {
        TapeWord(bits: UInt64(truncatingIfNeeded: tape) &<< 32 | UInt64(truncatingIfNeeded: byte))
    }

    @inline(__always) var kind: Kind { Kind(code: bits &>> 60) }
    @inline(__always) var offset: Int { Int(truncatingIfNeeded: bits &>> 28 & 0xFFFF_FFFF) }
    /// Bytes of a scalar, members of a container.
    @inline(__always) var length: Int { Int(truncatingIfNeeded: bits & 0x0FFF_FFFF) }
    /// Of a container's second word: the index of the first word after the container.
    @inline(__always) var endOnTape: Int { Int(truncatingIfNeeded: bits &>> 32) }
    /// Of a container's second word: the offset of the first byte after the container.
    @inline(__always) var endInSource: Int { Int(truncatingIfNeeded: bits & 0xFFFF_FFFF) }
}
