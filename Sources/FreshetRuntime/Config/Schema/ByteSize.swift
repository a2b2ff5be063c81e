/// Sizes in bytes as people write them: `512KB` (1000), `8MiB` (1024).
enum ByteSize {
    enum Fault: Error {
        case noUnit, malformed
    }

    private static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000),
        ("B", 1),
    ]

    static func parse(_ text: String) -> Result<Int, Fault> {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count).filter { $0 != " " }
        guard let value = Double(number), value.isFinite else { return .failure(.malformed) }
        if unit.isEmpty { return .failure(.noUnit) }
        guard let scale = units.first(where: { $0.name.lowercased() == unit.lowercased() })?.bytes,
            value * Double(scale) < 1e15
        else { return .failure(.malformed) }
        return .success(Int((value * Double(scale)).rounded()))
    }

    /// What to write for a number without a unit.
    static func advice(_ scalar: ConfigScalar) -> String {
        guard scalar.origin == .literal else { return "a size such as 8MiB" }
        if let bytes = Int(scalar.text), bytes >= 1024 { return "\(text(bytes)) if bytes are meant" }
        return "\(scalar.text)B, \(scalar.text)KiB or \(scalar.text)MiB"
    }

    /// The shortest exact form.
    static func text(_ bytes: Int) -> String {
        let unit = units.first { bytes >= $0.bytes && bytes % $0.bytes == 0 } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
