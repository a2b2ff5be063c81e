import NIOHTTP1
import Synchronization

/// Plays the trade cubes of OEC's tesseract with figures of its own, which spread over many powers of ten as true ones do.
///
/// Served at `/tesseract/data.jsonrecords`. What it answers depends on product, country, year and seed alone; only the members of the
/// annotations come in another order each time, as from the true server. A cube that does not know a product answers with an empty
/// list: `trade_i_baci_a_22` knows no 2080920.
public struct OecGenerator: MockHandler {
    /// Products that the cube of the latest revision of the Harmonised System does not know.
    public static let missing: Set = ["2080920"]
    private static let cubes: Set = ["trade_i_baci_a_22", "trade_i_baci_a_96", "trade_i_baci_a_92"]

    private let seed: UInt64
    private let turns = Turns()

    private final class Turns: Sendable {
        let next = Mutex<Int>(0)
        let empty = Mutex<Set<String>>([])
    }

    /// Creates a world.
    ///
    /// - Parameter seed: Another seed, other figures.
    public init(seed: UInt64 = 1) { self.seed = seed }

    /// Answers with an empty list for these products from now on, in every cube.
    public func empty(_ products: Set<String>) { turns.empty.withLock { $0 = products } }

    /// A path to try, for people.
    static func path(product: String, year: Int = 2023) -> String {
        let level = product.utf8.count > 6 ? "HS6" : "HS4"
        return "/tesseract/data.jsonrecords?cube=trade_i_baci_a_22&locale=en&drilldowns=\(level),Exporter+Country,Year"
            + "&measures=Trade+Value&include=\(level):\(product);Exporter+Country:nausa,eudeu,aschn;Year:\(year)"
    }

    /// Whole dollars that a country exports of a product in a year; `nil` where there are none.
    ///
    /// - Parameters:
    ///   - product: The product's id.
    ///   - country: The country's id.
    ///   - year: The year.
    /// - Returns: From one dollar to a few hundred billions.
    public func dollars(product: String, country: String, year: Int) -> Int? {
        let pair = Mixer.hash("\(product)/\(country)", seed: seed)
        if pair % 37 == 0 { return nil }
        // Powers of ten from 0 to 11, the middle ones most often; a country is large in everything.
        let size = share(Mixer.hash(country, seed: seed &+ 1)) * 3
        let own = (share(pair) + share(Mixer.finish(pair))) * 3
        var value = 1.0
        for _ in 0..<Int((own + size) * 10) { value *= 1.258_925_411_8 }
        let drift = 1 + Double(year - 2023) * 0.03 + (share(Mixer.hash("\(year)", seed: pair)) - 0.5) * 0.2
        return max(1, Int(value * max(drift, 0.05)) + Int(pair % 1_000))
    }

    private func share(_ hash: UInt64) -> Double { Double(hash >> 11) / Double(1 << 53) }

    /// Answers a request.
    public func respond(to request: MockRequest) -> MockResponse {
        guard request.segments == ["tesseract", "data.jsonrecords"] else {
            return .json(["detail": "Not Found"], status: 404)
        }
        guard let cube = request.parameter("cube"), Self.cubes.contains(cube) else {
            return .json(["detail": "The cube does not exist."], status: 404)
        }
        let cuts = Self.cuts(request.parameter("include") ?? "")
        let levels = (request.parameter("drilldowns") ?? "").split(separator: ",").map(String.init)
        guard let level = ["HS4", "HS6"].first(where: { levels.contains($0) }), let product = cuts[level]?.first,
            let countries = cuts["Exporter Country"], let year = cuts["Year"]?.first.flatMap({ Int($0) }),
            request.parameter("measures") == "Trade Value"
        else { return .json(["detail": "The query cannot be understood."], status: 400) }
        let isKnown = !(cube.hasSuffix("_22") && Self.missing.contains(product))
        let isEmpty = turns.empty.withLock { $0.contains(product) } || (product.utf8.count > 6) != (level == "HS6")
        let data = isKnown && !isEmpty ? records(level, product, countries, year) : []
        return .json([
            "annotations": annotations(),
            "page": ["limit": 0, "offset": 0, "total": .int(data.count)],
            "columns": [
                .string("\(level) ID"), .string(level), "Exporter Country ID", "Exporter Country", "Year",
                "Trade Value",
            ],
            "data": .array(data),
        ])
    }

    /// `HS4:52709;Exporter Country:nausa,eudeu;Year:2023`.
    private static func cuts(_ text: String) -> [String: [String]] {
        var cuts: [String: [String]] = [:]
        for part in text.split(separator: ";") {
            let halves = part.split(separator: ":", maxSplits: 1)
            if halves.count == 2 { cuts[String(halves[0])] = halves[1].split(separator: ",").map(String.init) }
        }
        return cuts
    }

    private func records(_ level: String, _ product: String, _ countries: [String], _ year: Int) -> [MockJSON] {
        countries.compactMap { country in
            guard let dollars = dollars(product: product, country: country, year: year), let id = Int(product) else {
                return nil
            }
            return .object([
                .init("\(level) ID", .int(id)), .init(level, .string("Product \(product)")),
                .init("Exporter Country ID", .string(country)),
                .init("Exporter Country", .string(country.dropFirst(2).uppercased())), .init("Year", .int(year)),
                .init("Trade Value", .number(dollars % 2 == 0 ? "\(dollars)" : "\(dollars).0")),
            ])
        }
    }

    private func annotations() -> MockJSON {
        let members: [MockJSON.Member] = [
            .init("dataset_name", "HS trade, made up"), .init("source_name", "Freshet's mock"), .init("topic", "Trade"),
        ]
        let turn = turns.next.withLock { next in
            next += 1
            return next % members.count
        }
        return .object(Array(members[turn...] + members[..<turn]))
    }

    /// `/tesseract/data.jsonrecords`.
    public func endpoint(of path: Substring) -> String? { path.hasPrefix("/tesseract/") ? String(path) : nil }
}
