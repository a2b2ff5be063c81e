/// Tags of clans and players: 3 to 12 of the characters `0289PYLQGRJCUV`, each tag standing for one number.
///
/// The numbering is bijective (digits 1...14), so that leading zeros are significant and every number has exactly one tag.
/// That lets a player's tag say which clan the player belongs to, without a list of all players.
enum ClashTag {
    private static let alphabet = Array("0289PYLQGRJCUV".utf8)
    /// The smallest number with three characters.
    static let smallest: Int64 = 1 + 14 + 14 * 14

    /// The number of a tag, with or without `#`, or `nil` when the text is none.
    static func number(of tag: String) -> Int64? {
        let digits = tag.hasPrefix("#") ? tag.dropFirst() : tag[...]
        guard (3...12).contains(digits.utf8.count) else { return nil }
        var number: Int64 = 0
        for byte in digits.utf8 {
            guard let digit = alphabet.firstIndex(of: byte) else { return nil }
            number = number * 14 + Int64(digit) + 1
        }
        return number
    }

    /// The tag of a number, with `#`; `nil` when it would be shorter than 3 or longer than 12 characters.
    static func tag(of number: Int64) -> String? {
        guard number >= smallest else { return nil }
        var (rest, out): (Int64, [UInt8]) = (number, [])
        while rest > 0 {
            let digit = (rest - 1) % 14
            out.append(alphabet[Int(digit)])
            rest = (rest - 1 - digit) / 14
        }
        return out.count <= 12 ? "#" + String(decoding: out.reversed(), as: UTF8.self) : nil
    }

    /// Whether there is somebody behind a valid tag: none whose tag ends in `000`.
    static func exists(_ tag: String) -> Bool { !tag.hasSuffix("000") }
}
