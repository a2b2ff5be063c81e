import FreshetCore
import OecApp

/// Measures a lookup of a trade value by places, by names, and in a dictionary, taking turns: a line of JSON for each.
///
/// Usage: `lookup-bench TURNS LOOKUPS`.
@main
struct LookupBench {
    static func main() {
        let words = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard words.count == 2 else { fatalError("usage: lookup-bench TURNS LOOKUPS") }
        let (products, countries) = (OecCatalogue.allProducts, OecCatalogue.allCountries)
        var matrix = ExportMatrix(year: 2023)
        var table: [String: Int64] = [:]
        for (place, product) in products.enumerated() {
            let values = countries.indices.map { Int64(place * 1_000 + $0) }
            matrix.set(ExportMatrix.Row(), values: values, product: place)
            for (country, value) in zip(countries, values) { table["\(product.id)/\(country.id)"] = value }
        }
        // Every place once, in an order that no processor foresees: steps that share no factor with their number.
        let count = products.count * countries.count
        let places = (0..<count).map { ($0 * 7_919 + 13) % count }.map { ($0 / countries.count, $0 % countries.count) }
        let names = places.map { (products[$0].id, countries[$1].id) }
        let keys = names.map { "\($0)/\($1)" }
        for _ in 0..<words[0] {
            report("places", words[1], of: count) { matrix.value(product: places[$0].0, country: places[$0].1) }
            report("names", words[1], of: count) { place in
                guard let product = OecCatalogue.product(names[place].0),
                    let country = OecCatalogue.country(names[place].1)
                else { return nil }
                return matrix.value(product: product, country: country)
            }
            report("dictionary", words[1], of: count) { table[keys[$0]] }
        }
    }

    private static func report(_ name: String, _ lookups: Int, of count: Int, _ look: (Int) -> Int64?) {
        var (sum, place): (Int64, Int) = (0, 0)
        let begin = ContinuousClock.now
        for _ in 0..<lookups {
            sum &+= look(place) ?? 0
            place = place + 1 == count ? 0 : place + 1
        }
        let nanoseconds = (ContinuousClock.now - begin).inSeconds * 1e9 / Double(lookups)
        print("{\"name\": \"\(name)\", \"nanoseconds\": \(nanoseconds), \"sum\": \(sum)}")
    }
}
