/// Makes names of tables and columns out of the names of members.
enum TableNames {
    /// Bytes of the longest name.
    static let limit = 63

    /// One member name in lower case with underscores, in the alphabet `a-z0-9_`.
    ///
    /// The result is what dlt's default naming convention gives, except that digits beyond ASCII become `_`, too.
    static func snake(_ name: String) -> String {
        let scalars = Array(name.unicodeScalars)
        let from = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
        let to = scalars.lastIndex { !$0.properties.isWhitespace } ?? from
        guard from < scalars.endIndex else { return "_empty" }
        var text = split(breakWords(reduce(scalars[from...to]))).map(lower)
        if isDigit(text.first) { text.insert(underscore, at: 0) }
        // Underscores at the end become x, one for one, so that they do not run into the separator of tables.
        var end = text.count
        while end > 0, text[end - 1] == underscore {
            end -= 1
            text[end] = UInt8(ascii: "x")
        }
        var single: [UInt8] = []
        for byte in text where byte != underscore || single.last != underscore { single.append(byte) }
        return String(decoding: single, as: UTF8.self)
    }

    /// A name of at most ``limit`` bytes: a longer one is cut, and a hash of the whole takes the place of its end.
    static func cut(_ name: String) -> String {
        guard name.utf8.count > limit else { return name }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 36)
        let suffix = String(repeating: "0", count: 13 - digits.utf8.count) + digits
        return String(decoding: name.utf8.prefix(limit - 14), as: UTF8.self) + "_" + suffix
    }

    /// The name of a column by the members that lead to it, before it is cut.
    ///
    /// A double underscore stands in names of tables only.
    static func column(_ path: [String]) -> String {
        path.map(snake).reduce(into: "") { name, part in
            if !name.isEmpty, part.utf8.first != underscore { name += "_" }
            name += part
        }
    }

    // MARK: Steps

    private static let underscore = UInt8(ascii: "_")

    /// `+` and `*` become `x`, `-` `_`, `@` `a`, `|` `l`; every run of other foreign characters one underscore.
    private static func reduce(_ scalars: ArraySlice<Unicode.Scalar>) -> [UInt8] {
        var text: [UInt8] = []
        var inRun = false
        for scalar in scalars {
            let byte: UInt8? =
                switch scalar {
                case "+", "*": UInt8(ascii: "x")
                case "-": underscore
                case "@": UInt8(ascii: "a")
                case "|": UInt8(ascii: "l")
                case "a"..."z", "A"..."Z", "0"..."9", "_": UInt8(ascii: scalar)
                default: nil
                }
            if byte != nil || !inRun { text.append(byte ?? underscore) }
            inRun = byte == nil
        }
        return text
    }

    /// An underscore before each capital that lower-case letters follow: `HTTPServer` is `HTTP_Server`.
    private static func breakWords(_ text: [UInt8]) -> [UInt8] {
        var broken: [UInt8] = []
        var at = 0
        while at < text.count {
            broken.append(text[at])
            let opensWord = at + 2 < text.count && isUpper(text[at + 1]) && isLower(text[at + 2])
            at += 1
            guard text[at - 1] != underscore, opensWord else { continue }
            broken.append(underscore)
            repeat {
                broken.append(text[at])
                at += 1
            } while at < text.count && isLower(text[at])
        }
        return broken
    }

    /// An underscore between a lower-case letter or digit and a capital: `memberList` is `member_List`.
    private static func split(_ text: [UInt8]) -> [UInt8] {
        var broken: [UInt8] = []
        for at in text.indices {
            if at > 0, isUpper(text[at]), isLower(text[at - 1]) || isDigit(text[at - 1]) { broken.append(underscore) }
            broken.append(text[at])
        }
        return broken
    }

    private static func isUpper(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "A") < 26 }
    private static func isLower(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "a") < 26 }
    private static func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 &- UInt8(ascii: "0") < 10 } ?? false }
    private static func lower(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }
}
