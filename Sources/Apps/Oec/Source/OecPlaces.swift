/// Where the values of a product and year lie upstream.
struct OecPlaces: Sendable {
    let cubes: [String]

    /// The paths to ask, in order: the product in each cube, then, for a product of six digits, its heading of four.
    ///
    /// Newer revisions of the Harmonised System number some products anew, so one that a cube does not know may be in another.
    func paths(product: String, year: String) -> [String] {
        let own = cubes.map { Self.path(cube: $0, product: product, year: year) }
        guard HSLevel(of: product) == .six, let cube = cubes.first else { return own }
        return own + [Self.path(cube: cube, product: String(product.dropLast(2)), year: year)]
    }

    /// The paths for a document's key.
    func paths(forKey key: String) -> [String] {
        let parts = key.split(separator: "/").map(String.init)
        guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }) else { return [] }
        return paths(product: parts[0], year: parts[1])
    }

    /// `+` is a space; upstream wants the fields in this order.
    static func path(cube: String, product: String, year: String, level: HSLevel? = nil) -> String {
        let level = (level ?? HSLevel(of: product)).rawValue
        return "/tesseract/data.jsonrecords?cube=\(cube)&locale=en&drilldowns=\(level),Exporter+Country,Year"
            + "&measures=Trade+Value&include=\(level):\(product);Exporter+Country:\(exporters);Year:\(year)"
    }

    private static let exporters = OecCatalogue.countries.map(\.id).joined(separator: ",")
}
