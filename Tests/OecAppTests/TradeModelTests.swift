import Foundation
import Testing

@testable import OecApp

@Suite struct `Made-up values` {
    @Test func `are the same for the same seed, and others for another`() {
        let model = TradeModel(seed: 1)
        for product in OecCatalogue.allProducts.indices {
            #expect(model.values(product: product) == TradeModel(seed: 1).values(product: product))
        }
        #expect(model.values(product: 0) != TradeModel(seed: 2).values(product: 0))
        // The same on every machine.
        #expect(model.values(product: 0).prefix(3).allSatisfy { $0.map { $0 > 1_000_000_000 } ?? false })
    }

    @Test func `have an amount of two digits for every product and country`() {
        for product in OecCatalogue.allProducts.indices {
            for value in TradeModel(seed: 1).values(product: product) {
                guard var rest = value else {
                    Issue.record("no value")
                    continue
                }
                #expect(rest >= 10 && rest < 1_000_000_000_000)
                while rest.isMultiple(of: 10) { rest /= 10 }
                #expect(rest < 100)
            }
        }
    }

    @Test func `follow what is known of trade`() throws {
        func leaders(_ slug: String, _ count: Int) throws -> Set<String> {
            let values = TradeModel(seed: 1).values(product: try #require(OecCatalogue.product(slug)))
            let order = values.indices.sorted { (values[$0] ?? 0) > (values[$1] ?? 0) }
            return Set(order.prefix(count).map { OecCatalogue.allCountries[$0].code })
        }
        #expect(try leaders("oil", 5).contains("SA"))
        #expect(try leaders("cars", 3).contains("DE"))
        #expect(try leaders("phones", 1) == ["CN"])
        #expect(try leaders("bananas", 2).contains("EC"))
        #expect(try leaders("cherries", 3).contains("CL"))
    }

    @Test func `correlate with what was recorded`() throws {
        guard let text = Recordings.file else { return }
        let file = try ExportFile(
            data: Array(text.utf8), metadata: Array(#"{"last_updated":"2025-12-22T10:33:55"}"#.utf8))
        var (all, medians) = ([(Double, Double)](), [Double]())
        for product in file.products where !product.isFiller {
            let place = try #require(OecCatalogue.product(product.id))
            let pairs = zip(product.values, TradeModel(seed: 1).values(product: place)).compactMap { real, made in
                real.flatMap { $0 > 0 ? (Logarithm.ten(Double($0)), Logarithm.ten(Double(made ?? 1))) : nil }
            }
            all += pairs
            medians.append(correlation(pairs))
        }
        medians.sort()
        let (pooled, median) = (correlation(all), medians[medians.count / 2])
        #expect(pooled > 0.88 && median > 0.88, "pooled \(pooled), median \(median)")
    }

    private func correlation(_ pairs: [(Double, Double)]) -> Double {
        let count = Double(pairs.count)
        let (mx, my) = (pairs.reduce(0) { $0 + $1.0 } / count, pairs.reduce(0) { $0 + $1.1 } / count)
        let xy = pairs.reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
        let xx = pairs.reduce(0) { $0 + ($1.0 - mx) * ($1.0 - mx) }
        let yy = pairs.reduce(0) { $0 + ($1.1 - my) * ($1.1 - my) }
        return xy / (xx * yy).squareRoot()
    }
}
