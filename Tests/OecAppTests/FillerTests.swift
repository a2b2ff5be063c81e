import FreshetMock
import Testing

@testable import OecApp

@Suite struct `Filler in an imported file` {
    /// As the seed's two generators draw: a few strong exporters, all others in one even range, with whatever digits come.
    private func drawn(_ seed: UInt64, strong: ClosedRange<Double>, others: ClosedRange<Double>, count: Int = 48)
        -> [Double]
    {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { Double.random(in: $0 < 3 ? strong : others, using: &random) }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `numbers drawn from a hat are found`(seed: UInt64) {
        let texts = drawn(seed, strong: 10...100, others: 0.1...15).map { "\($0)" }
        #expect(FillerTest.isFiller(texts))
        #expect(FillerTest.isFiller(drawn(seed, strong: 0.1...300, others: 0.1...100).map { "\($0)" }))
        #expect(FillerTest.isFiller(Array(texts.prefix(20))))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `rounding them does not hide them`(seed: UInt64) {
        let values = drawn(seed, strong: 10...100, others: 0.1...15)
        #expect(FillerTest.isFiller(values.map { "\(($0 * 100).rounded() / 100)" }))
        #expect(FillerTest.isFiller(values.map { Dollars.billions(Int64($0 * 1e9)) }))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `trade is not taken for them`(seed: UInt64) {
        let world = OecGenerator(seed: seed)
        for product in ["52709", "2080920", "178703"] {
            let amounts = OecCatalogue.allCountries.compactMap {
                world.dollars(product: product, country: $0.id, year: 2023)
            }
            #expect(!FillerTest.isFiller(amounts.map { Dollars.billions(Int64($0)) }))
        }
    }

    @Test func `of the recorded products exactly one is filler`() throws {
        guard let text = Recordings.file else { return }
        let file = try ExportFile(
            data: Array(text.utf8), metadata: Array(#"{"last_updated":"2025-12-22T10:33:55"}"#.utf8))
        #expect(file.products.count == 88)
        #expect(file.products.filter(\.isFiller).map(\.id) == ["2080920"])
    }

    @Test func `few values, or none, are not judged`() {
        #expect(!FillerTest.isFiller([]))
        #expect(!FillerTest.isFiller(["0.0", "0.0"]))
        #expect(!FillerTest.isFiller(["1.5", "2.5"]))
        // Whole dollars of three countries that export alike.
        #expect(!FillerTest.isFiller(["0.001", "0.002", "0.003"]))
    }
}
