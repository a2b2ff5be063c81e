import FreshetCore
import FreshetDocument

/// The values of one product and year, as upstream's documents hold them.
public struct ExportDocument: Sendable, Equatable {
    /// Whole dollars by the country's place in the catalogue; `nil` where upstream names no value.
    public var values: [Int64?]
    /// Amounts in billions as written, by country, where they have parts of a dollar: sums of binary fractions do.
    var exact: [Int: String] = [:]
    /// The product that upstream answered for, when it says so: a parent heading, or the product itself.
    public var product: String?

    /// Reads a document; `nil` when it holds no value of any country of the catalogue.
    public init?(_ body: [UInt8]) {
        guard let root = try? JSONTape(body).root, let data = root["data"] else { return nil }
        values = [Int64?](repeating: nil, count: OecCatalogue.countries.count)
        var found = false
        for record in data.elements {
            if product == nil { product = (record["HS6 ID"] ?? record["HS4 ID"]).flatMap(Self.text) }
            guard let country = record["Exporter Country ID"]?.string.flatMap(OecCatalogue.country),
                let amount = record["Trade Value"]?.numberText.flatMap({ Dollars.read($0) })
            else { continue }
            values[country] = amount.whole
            if !amount.isExact {
                exact[country] = record["Trade Value"]?.numberText.flatMap { Dollars.billions(parts: $0) }
            }
            found = true
        }
        guard found else { return nil }
    }

    /// Values of a product that came from elsewhere, in ascending order of nothing but the catalogue.
    init(values: [Int64?], product: String?, exact: [Int: String] = [:]) {
        (self.values, self.product, self.exact) = (values, product, exact)
    }

    private static func text(_ value: JSONValue) -> String? { value.string ?? value.numberText }

    /// A document of upstream's shape with these values, as far as they are known.
    ///
    /// - Parameters:
    ///   - product: The product's id.
    ///   - year: The year.
    ///   - source: What stands for the name of the source in the annotations.
    /// - Returns: The bytes.
    func body(product: String, year: Int, source: String) -> [UInt8] {
        let level = HSLevel(of: product)
        var json = JSONWriter(reserving: 8_192)
        json.beginObject()
        json.key("annotations")
        json.beginObject()
        json.field("source_name", source)
        json.endObject()
        json.key("page")
        json.beginObject()
        json.field("limit", 0)
        json.field("offset", 0)
        json.field("total", values.count { $0 != nil })
        json.endObject()
        json.key("columns")
        json.beginArray()
        for column in ["\(level.rawValue) ID", "Exporter Country ID", "Exporter Country", "Year", "Trade Value"] {
            json.string(column)
        }
        json.endArray()
        json.key("data")
        json.beginArray()
        for (place, country) in OecCatalogue.countries.enumerated() {
            guard let value = values[place] else { continue }
            json.beginObject()
            json.field("\(level.rawValue) ID", Int(product))
            json.field("Exporter Country ID", country.id)
            json.field("Exporter Country", country.name)
            json.field("Year", year)
            json.key("Trade Value")
            if let parts = exact[place].flatMap(Dollars.parts) { json.raw(parts.utf8) } else { json.int(value) }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    /// The document as the mirror takes it in.
    ///
    /// - Parameters:
    ///   - product: The product's id.
    ///   - year: The year.
    ///   - origin: Where the values come from.
    ///   - freshFor: How long they count as fresh, from the time they were true.
    /// - Returns: The content with its hashes.
    func content(product: String, year: Int, origin: Origin, freshFor: Duration) -> FetchedContent {
        let name = origin == .fallback ? "Freshet: made up from trade patterns, not OEC's" : ExportFile.name
        let body = body(product: product, year: year, source: name)
        let hash = Fingerprint(ofBytes: body)
        let bytes = [hash.high, hash.low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) }
        }
        return FetchedContent(body: body, contentHash: bytes, bodyHash: bytes, freshFor: freshFor, origin: origin)
    }
}
