import Testing

@testable import FreshetCore

@Suite struct DecimalTextTests {
    private func read(_ text: String) -> DecimalText? {
        var text = text
        return text.withUTF8 { DecimalText($0) }
    }

    private func double(_ text: String) -> Double? {
        var text = text
        return text.withUTF8 { bytes in DecimalText(bytes)?.double(bytes) }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("1.0", 1), ("1e2", 100), ("-12", -12), ("1200e-2", 12), ("007", 7),
            ("+5", 5),
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("0.5e1", 5), ("1000000e-6", 1),
        ] as [(String, Int64)])
    func `a whole number of 64 bits is one however it is written`(text: String, value: Int64) {
        #expect(read(text)?.integer == value)
    }

    @Test(arguments: ["1.5", "9223372036854775808", "-9223372036854775809", "1e19", "1e-1", "123456789012345678901"])
    func `other numbers are no whole numbers of 64 bits`(text: String) {
        #expect(read(text) != nil)
        #expect(read(text)?.integer == nil)
    }

    @Test(arguments: ["", "-", "a", "1a", "1.", ".5", "1e", "1e+", "1 ", "0x1", "1..2", "--1", "1e2.5"])
    func `what is no number is not read`(text: String) { #expect(read(text) == nil) }

    @Test(arguments: ["0.1", "-1.5", "1e22", "1e-7", "123.456", "1e300", "12345678901234.5", "0.30000000000000004"])
    func `a number that a double stands for exactly becomes that double`(text: String) {
        #expect(double(text) == Double(text))
    }

    @Test(arguments: ["0.1000000000000000055", "123456789.123456789123", "1e999", "1e-999", "12345678901234567890"])
    func `a number that a double would round stays text`(text: String) { #expect(double(text) == nil) }

    @Test func `order keys stand in the order of the numbers`() {
        let ordered = [
            "-1e999", "-123456789012345678901", "-2", "-1.5", "-1.49", "-1", "-1e-9", "0", "1e-999", "0.001", "0.1",
            "0.10000000000000000001", "0.11", "1", "1.0000000000000000001", "2", "10", "11", "100", "1e22", "1e999",
        ]
        let keys = ordered.compactMap { DecimalOrder.key($0) }
        #expect(keys.count == ordered.count)
        for (a, b) in zip(keys, keys.dropFirst()) { #expect(a.lexicographicallyPrecedes(b)) }
        for (a, b) in [("1", "1.0"), ("100", "1e2"), ("-0.5", "-5e-1"), ("0", "-0.000")] {
            #expect(DecimalOrder.key(a) == DecimalOrder.key(b))
        }
    }
}
