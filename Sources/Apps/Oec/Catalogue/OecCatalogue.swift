/// A product that is traded, as the Harmonised System numbers it.
public struct OecProduct: Sendable, Hashable {
    /// What it is filed under.
    public enum Category: String, Sendable, CaseIterable {
        case accessories, aerospace, agriculture, automotive, beverages, chemicals, clothing, construction, cosmetics
        case electronics, energy, food, furniture, healthcare, household, industrial, luxury, materials, mining
        case tobacco, transportation
    }

    /// The number of its section followed by its code: `52709` is section 5, code 2709.
    public let id: String
    /// A short name of small letters and `_`.
    public let slug: String
    /// A name for people.
    public let name: String
    /// What it is filed under.
    public let category: Category
}

/// A country that exports.
public struct OecCountry: Sendable, Hashable {
    /// ISO 3166 with two letters.
    public let code: String
    /// Two letters for the continent and ISO 3166 with three: `nausa`.
    public let id: String
    /// A name for people.
    public let name: String
}

/// What the app knows by itself: the 132 products and 48 countries of the game.
public enum OecCatalogue {
    /// The products, each once; their places here are the rows of an ``ExportMatrix``.
    public static let allProducts = products
    /// The countries, each once; their places here are the columns of an ``ExportMatrix``.
    public static let allCountries = countries

    private static let productPlaces = places(products.map(\.id))
    private static let slugPlaces = places(products.map(\.slug))
    private static let countryPlaces = places(countries.map(\.id))
    private static let codePlaces = places(countries.map(\.code))

    /// The place of a product by its id or slug; `nil` when it is not in the catalogue.
    public static func product(_ name: String) -> Int? { productPlaces[name] ?? slugPlaces[name] }

    /// The place of a country by its id, or by its code in letters of any case; `nil` when it is not in the catalogue.
    public static func country(_ name: String) -> Int? { countryPlaces[name] ?? codePlaces[name.uppercased()] }

    private static func places(_ names: [String]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    }
}

/// How finely a product id tells goods apart.
public enum HSLevel: String, Sendable {
    /// Four digits after the section.
    case four = "HS4"
    /// Six digits after the section.
    case six = "HS6"

    /// The level of a product id.
    public init(of id: String) { self = id.utf8.count > 6 ? .six : .four }
}
