/// How large a document ``JSONTape`` accepts before it refuses it with a typed error.
///
/// The tape itself can hold 2 GiB of text, 268,435,455 values, and strings and numbers of 268,435,455 bytes each;
/// larger limits are lowered to these, so a limit never needs checking before it is passed in.
public struct JSONLimits: Hashable, Sendable {
    /// The longest string or number, in bytes of source text, that one tape word can describe.
    static let scalarBytes = 0x0FFF_FFFF

    /// Levels of arrays and objects (`[[1]]` has 2), 0 or more; 0 allows only a bare scalar.
    public let maxDepth: Int
    /// Values in the document, containers included and keys not, 1 or more.
    public let maxNodes: Int
    /// Bytes of source text, 1 or more.
    public let maxBytes: Int

    /// Limits for documents from upstreams: 512 levels, 16,777,216 values, 2 GiB.
    public static let standard = JSONLimits()

    /// Creates limits; values outside the possible range are moved to its nearest end.
    /// - Parameters:
    ///   - maxDepth: Levels of arrays and objects, 0 or more.
    ///   - maxNodes: Values in the document, 1...268,435,455.
    ///   - maxBytes: Bytes of source text, 1...2,147,483,647.
    public init(maxDepth: Int = 512, maxNodes: Int = 16_777_216, maxBytes: Int = 0x7FFF_FFFF) {
        self.maxDepth = min(max(maxDepth, 0), 0x0FFF_FFFF)
        self.maxNodes = min(max(maxNodes, 1), 0x0FFF_FFFF)
        self.maxBytes = min(max(maxBytes, 1), 0x7FFF_FFFF)
    }
}
