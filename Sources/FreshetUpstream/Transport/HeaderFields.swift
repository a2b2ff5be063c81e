/// Header fields in the order they came, names compared without regard to case.
struct HeaderFields: Sendable, ExpressibleByDictionaryLiteral {
    typealias Field = (name: String, value: String)

    private(set) var fields: [Field] = []

    init() {}

    init(_ fields: [Field]) { self.fields = fields }

    init(dictionaryLiteral elements: (String, String)...) { fields = elements.map { (name: $0.0, value: $0.1) } }

    /// The first value of a field.
    subscript(_ name: String) -> String? {
        fields.first { HeaderFields.isSame($0.name, name) }?.value
    }

    /// All values of a field, in order.
    func all(_ name: String) -> [String] {
        fields.filter { HeaderFields.isSame($0.name, name) }.map(\.value)
    }

    /// The comma-separated members of a field, trimmed and in lower case.
    func tokens(_ name: String) -> [String] {
        all(name).flatMap { $0.split(separator: ",") }.map { HeaderFields.trim($0).lowercased() }.filter { !$0.isEmpty }
    }

    /// Sets a field to one value, dropping those it had.
    mutating func set(_ name: String, _ value: String) {
        remove(name)
        fields.append((name, value))
    }

    /// Adds a value.
    mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

    /// Drops all values of a field.
    mutating func remove(_ name: String) {
        fields.removeAll { HeaderFields.isSame($0.name, name) }
    }

    static func isSame(_ a: some StringProtocol, _ b: some StringProtocol) -> Bool {
        guard a.utf8.count == b.utf8.count else { return false }
        return zip(a.utf8, b.utf8).allSatisfy { lower($0) == lower($1) }
    }

    static func trim(_ text: some StringProtocol) -> Substring {
        var text = Substring(text)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
