import FreshetCore
import FreshetTesting
import Testing

@testable import FreshetPostgres

@Suite struct StoredFormTests {
    /// A number written in PostgreSQL's binary form and read again.
    private func roundTrip(_ text: String) -> String? {
        var bytes: [UInt8] = []
        Array(text.utf8).withUnsafeBytes { NumericBinary.append($0, to: &bytes) }
        return bytes.withUnsafeBytes { NumericBinary.text($0) }
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("7", "7"), ("-7", "-7"), ("10000", "10000"),
        ("9223372036854775807", "9223372036854775807"),
        ("0.1", "0.1"), ("0.0001", "0.0001"), ("0.00001", "1e-05"), ("84.0", "84.0"), ("-1.50", "-1.5"),
        ("12345678901234567890", "12345678901234567890"), ("123456789.123456789123", "123456789.123456789123"),
        ("1e400", "1e400"), ("-1e999", "-1e999"), ("1.25e-400", "1.25e-400"), ("1e131071", "1e131071"),
        ("10000000000000000.0", "1e+16"), ("1e-7", "1e-07"), ("99999999999999999999999.5", "99999999999999999999999.5"),
    ])
    func `numbers keep their digits and take Freshet's spelling`(text: String, wanted: String) {
        #expect(roundTrip(text) == wanted)
    }

    @Test func `every double comes back as it was`() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isNormal else { continue }
            #expect(roundTrip(NumericText.stored(value)).flatMap(Double.init) == value)
            #expect(roundTrip(NumericText.stored(value)) == "\(value)")
        }
    }

    @Test(arguments: [
        ("1e131072", false), ("1e131071", true), ("1e-16383", true), ("1e-16384", false), ("1e9999999", false),
    ])
    func `a number beyond numeric is known`(text: String, fits: Bool) {
        #expect(Array(text.utf8).withUnsafeBytes { NumericText.fits($0) } == fits)
    }

    @Test(arguments: ["", "plain", "\0", "a\0b\u{1}c\u{1}", "\u{1}\u{2}0", "é😀\u{FFFF}"])
    func `text with U+0000 comes back`(text: String) {
        let stored = StoredText.stored(text)
        #expect(!stored.utf8.contains(0))
        #expect(Array(stored.utf8).withUnsafeBytes { StoredText.original($0) } == text)
    }

    @Test func `names longer than PostgreSQL takes stay apart`() {
        let long = String(repeating: "n", count: 63)
        #expect(TableDDL.identifier(long) == long)
        let names = [long + "__v_text", long + "_2", long + "_3"].map { TableDDL.identifier($0) }
        #expect(Set(names).count == 3)
        #expect(names.allSatisfy { $0.utf8.count <= 63 })
    }
}
