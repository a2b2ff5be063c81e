import FreshetCore

/// Makes up exports from stated trade patterns, where upstream has never given any.
///
/// The decimal logarithm of what a country exports of a product is a sum: how much of it the world trades, how much the country
/// exports in all, how it specialises on the kinds of goods that the product is one of, and whether it is known as a leading exporter
/// of it. The coefficients are fitted; docs/decisions/0025 tells how and how well. Amounts have two digits, for they are no more exact.
public struct TradeModel: Sendable {
    /// Another seed, other noise.
    public let seed: UInt64

    /// Creates a model.
    public init(seed: UInt64) { self.seed = seed }

    /// Whole dollars by the place of the country; the same for the same seed on every machine.
    ///
    /// - Parameter product: The product's place in the catalogue.
    /// - Returns: An amount above zero for each country.
    public func values(product: Int) -> [Int64?] {
        let facts = Self.facts[product]
        let features = Self.features(of: OecCatalogue.products[product].id, facts)
        let world = Logarithm.ten(facts.world)
        let base = Self.global.constant + Self.global.world * world
        return OecCatalogue.countries.indices.map { country in
            var log = base + Self.global.size * Logarithm.ten(Self.exports[country])
            for (place, weight) in features { log += weight * Self.effects[place][country] }
            if let rank = facts.leaders.firstIndex(of: OecCatalogue.countries[country].code) {
                // A leader's part of the world's trade says more than its size: it is pulled towards that.
                log += Self.global.leaders[Self.group(rank)] + Self.global.pull * (log - world - 9)
            }
            return Self.rounded(Logarithm.power(ofTen: log + noise(product, country)))
        }
    }

    /// Small and even, from -0.05 to 0.05 powers of ten, so that no two countries are alike.
    private func noise(_ product: Int, _ country: Int) -> Double {
        var z = seed &+ UInt64(product &* 64 &+ country) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) / Double(1 << 53) * 0.1 - 0.05
    }

    /// Two significant digits, at least ten dollars.
    private static func rounded(_ dollars: Double) -> Int64 {
        var (value, scale) = (dollars, Int64(1))
        while value >= 100 {
            value /= 10
            scale *= 10
        }
        return max(10, Int64(value.rounded()) * scale)
    }

    /// The coefficients that hold for every country, in powers of ten.
    struct Common: Sendable {
        /// Where everything begins.
        var constant: Double
        /// By the logarithm of the world's trade.
        var world: Double
        /// By the logarithm of the country's exports.
        var size: Double
        /// How far a leader is pulled towards a share of the world's trade, -1...0.
        var pull: Double
        /// That share, by groups of ranks.
        var leaders: [Double]
    }

    // MARK: Kinds of goods

    /// What a product counts for in which kinds of goods: the kinds' places in ``effects`` and the weights.
    private static func features(of id: String, _ facts: Facts) -> [(place: Int, weight: Double)] {
        let section = String(id.dropLast(HSLevel(of: id) == .six ? 6 : 4))
        let chapter = String(id.dropFirst(section.utf8.count).prefix(2))
        var named: [(String, Double)] = [("all", 1), ("section \(section)", 0.7), ("chapter \(chapter)", 0.7)]
        if let branch = branches[section] { named += [("branch \(branch.0)", 2), ("realm \(branch.1)", 2)] }
        let share = 1.6 / Double(facts.kinds.count).squareRoot()
        named += facts.kinds.map { ("kind \($0)", share) }
        named += [("reach", Double(facts.reach)), ("world", 0.8 * (Logarithm.ten(facts.world) - 1.3))]
        return named.compactMap { name, weight in effectPlaces[name].map { ($0, weight) } }
    }

    /// What the model knows of a product.
    struct Facts: Sendable {
        /// What the world trades of it in a year, in billions of dollars, roughly.
        var world: Double
        /// 1: nearly every country sells some abroad; -1: few do.
        var reach: Int
        /// Kinds of goods that it is one of.
        var kinds: [String]
        /// Codes of the countries that are known for it, in rough order.
        var leaders: [String]
    }

    /// Ranks among the leaders that count alike end at these, the rest in the last group.
    private static let rankGroups = [0, 2, 5, 8, 12, 16, .max]

    private static func group(_ rank: Int) -> Int { rankGroups.firstIndex { rank <= $0 } ?? rankGroups.count - 1 }

    /// The branch and the realm of the economy of each section of the Harmonised System.
    private static let branches: [String: (String, String)] = [
        "1": ("agri", "bio"), "2": ("agri", "bio"), "3": ("agri", "bio"), "4": ("foodind", "bio"),
        "5": ("mineral", "res"), "6": ("chemistry", "manu"), "7": ("chemistry", "manu"), "8": ("light", "manu"),
        "9": ("agri", "bio"), "10": ("light", "manu"), "11": ("textile", "manu"), "12": ("textile", "manu"),
        "13": ("light", "manu"), "14": ("gemx", "res"), "15": ("metals", "manu"), "16": ("indus", "manu"),
        "17": ("indus", "manu"), "18": ("indus", "manu"), "20": ("light", "manu"),
    ]

    // MARK: Reading the tables

    /// By the product's place in the catalogue.
    private static let facts: [Facts] = {
        let lines = productFacts.split(separator: "\n").map { line -> (String, Facts) in
            let halves = line.split(separator: "|", omittingEmptySubsequences: false)
            let words = halves[0].split(separator: " ").map(String.init)
            let leaders = halves.count > 1 ? halves[1].split(separator: " ").map(String.init) : []
            return (
                words[0],
                Facts(
                    world: Double(words[1]) ?? 5, reach: Int(words[2]) ?? 0, kinds: Array(words.dropFirst(3)),
                    leaders: leaders)
            )
        }
        let bySlug = Dictionary(lines, uniquingKeysWith: { first, _ in first })
        let unknown = Facts(world: 5, reach: 0, kinds: [], leaders: [])
        return OecCatalogue.products.map { bySlug[$0.slug] ?? unknown }
    }()

    /// Goods exports of each country in a year, in billions of dollars, by its place in the catalogue.
    private static let exports: [Double] = {
        let pairs = countryExports.split(separator: " ").map { $0.split(separator: "=") }
        let byCode = Dictionary(
            pairs.map { (String($0[0]), Double($0[1]) ?? 50) }, uniquingKeysWith: { first, _ in first })
        return OecCatalogue.countries.map { byCode[$0.code] ?? 50 }
    }()

    private static let readEffects: [(name: String, values: [Double])] = effectLines.split(separator: "\n").map {
        line in
        let parts = line.split(separator: ":")
        return (String(parts[0]), parts[1].split(separator: " ").map { (Double($0) ?? 0) / 100 })
    }

    /// Powers of ten by kind of goods and country.
    private static let effects: [[Double]] = readEffects.map(\.values)
    private static let effectPlaces = Dictionary(
        uniqueKeysWithValues: readEffects.enumerated().map { ($1.name, $0) })
}
