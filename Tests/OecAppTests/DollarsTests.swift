import Testing

@testable import OecApp

@Suite struct `Amounts of money` {
    @Test(arguments: [
        ("14.141570821", 14_141_570_821), ("1e-09", 1), ("3.3439e-05", 33_439), ("0.0", 0), ("297", 297_000_000_000),
        ("53.0", 53_000_000_000), ("0.000334391", 334_391), ("1E2", 100_000_000_000), ("-0.5", -500_000_000),
    ])
    func `billions are read to the dollar`(text: String, dollars: Int64) {
        #expect(Dollars.read(billions: text) == Dollars.Read(whole: dollars, isExact: true))
    }

    @Test func `a part of a dollar is told`() {
        #expect(Dollars.read(billions: "87.23162349871234") == Dollars.Read(whole: 87_231_623_499, isExact: false))
        #expect(Dollars.read("14141570821.0") == Dollars.Read(whole: 14_141_570_821, isExact: true))
        #expect(Dollars.read("1.5") == Dollars.Read(whole: 2, isExact: false))
        #expect(Dollars.read("1e-30") == Dollars.Read(whole: 0, isExact: false))
    }

    @Test(arguments: ["", "abc", "1.2.3", "1e", "1e9999", "99999999999999999999", "0x10"])
    func `what is no amount is refused`(text: String) { #expect(Dollars.read(text) == nil) }

    @Test(
        arguments: [
            (14_141_570_821, "14.141570821"), (1, "1e-09"), (33_439, "3.3439e-05"), (0, "0.0"),
            (53_000_000_000, "53.0"),
            (334_391, "0.000334391"), (100_000, "0.0001"), (99_999, "9.9999e-05"), (1_000_000_000, "1.0"),
            (1_300_000_000_000, "1300.0"), (10, "1e-08"), (1_000, "1e-06"),
        ] as [(Int64, String)])
    func `billions are written as the seed writes them`(dollars: Int64, text: String) {
        #expect(Dollars.billions(dollars) == text)
        #expect(Dollars.read(billions: text) == Dollars.Read(whole: dollars, isExact: true))
    }

    @Test(arguments: [
        ("0.09088511499999999", "90885114.99999999"), ("0.0036166440000000005", "3616644.0000000005"),
        ("123.0000000001", "123000000000.1"), ("1.0259999999999999e-06", "1025.9999999999999"),
        ("5.5e-10", "0.55"), ("7.3869859999999e-05", "73869.859999999"),
    ])
    func `parts of a dollar are kept to the last digit`(billions: String, dollars: String) {
        #expect(Dollars.parts(billions: billions) == dollars)
        #expect(Dollars.billions(parts: dollars) == billions)
    }

    @Test(arguments: ["53.0", "0.000334391", "1e-09", "x", "-1.5", "1e", "1e9999"])
    func `whole dollars have no parts`(billions: String) { #expect(Dollars.parts(billions: billions) == nil) }

    @Test func `every amount comes back`() {
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let dollars = Int64(state >> 24) >> Int64(state & 31)
            let text = Dollars.billions(dollars)
            #expect(Dollars.read(billions: text)?.whole == dollars)
            // What a reader with binary fractions sees is the amount, to the dollar.
            #expect(Double(text).map { ($0 * 1e9).rounded() } == Double(dollars))
        }
    }

    @Test func `logarithms and powers agree`() {
        for x in stride(from: -9.0, through: 12, by: 0.37) {
            #expect(abs(Logarithm.ten(Logarithm.power(ofTen: x)) - x) < 1e-9)
        }
        #expect(abs(Logarithm.ten(1_000) - 3) < 1e-12 && abs(Logarithm.power(ofTen: 2) - 100) < 1e-9)
    }
}
