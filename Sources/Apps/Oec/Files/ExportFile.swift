public import FreshetCore
import FreshetDocument

/// The seed's `export_data.json` and `metadata.json`: values in billions by product and country, and when they were fetched.
public struct ExportFile: Sendable {
    static let name = "export_data.json"
    static let metadataName = "metadata.json"

    /// A product of the file.
    public struct Product: Sendable {
        /// Its id.
        public var id: String
        /// Whole dollars by the country's place in the catalogue.
        public var values: [Int64?]
        /// Amounts with parts of a dollar as the file has them.
        var exact: [Int: String]
        /// Whether its numbers never came from upstream.
        public var isFiller: Bool
    }

    /// The products, in the order of the file.
    public var products: [Product]
    /// When the values were fetched.
    public var updatedAt: Timestamp

    /// Reads the two files.
    ///
    /// - Parameters:
    ///   - data: The bytes of `export_data.json`.
    ///   - metadata: The bytes of `metadata.json`; its time without a zone is taken for UTC.
    /// - Throws: ``ExportFileError`` when either is not of the seed's shape; nothing of it can be used then.
    public init(data: [UInt8], metadata: [UInt8]) throws(ExportFileError) {
        guard let stamp = try? JSONTape(metadata).root["last_updated"]?.string, let time = Self.time(stamp) else {
            throw .metadata
        }
        guard let root = try? JSONTape(data).root, root.kind == .object else { throw .data }
        (products, updatedAt) = ([], time)
        for member in root.members {
            guard let id = member.key.string, member.value.kind == .object else { throw .data }
            var values = [Int64?](repeating: nil, count: OecCatalogue.countries.count)
            var (amounts, exact) = ([String](), [Int: String]())
            for entry in member.value.members {
                guard let text = entry.value.numberText, let amount = Dollars.read(billions: text) else { throw .data }
                amounts.append(text)
                guard let country = entry.key.string.flatMap(OecCatalogue.country) else { continue }
                values[country] = amount.whole
                if !amount.isExact { exact[country] = text }
            }
            products.append(Product(id: id, values: values, exact: exact, isFiller: FillerTest.isFiller(amounts)))
        }
    }

    /// RFC 3339, or the same without a zone.
    private static func time(_ text: String) -> Timestamp? {
        Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "Z")
    }

    /// `export_data.json` with the real values of a matrix: products and countries in ascending order, as the seed sorts them.
    static func data(_ matrix: ExportMatrix) -> [UInt8] {
        var json = JSONWriter(style: .pretty, reserving: 200_000)
        json.beginObject()
        let products = OecCatalogue.products.enumerated().sorted { $0.element.id < $1.element.id }
        let countries = OecCatalogue.countries.enumerated().sorted { $0.element.id < $1.element.id }
        for (place, product) in products where matrix.rows[place].origin != nil && !matrix.rows[place].isFallback {
            json.key(product.id)
            json.beginObject()
            for (column, country) in countries {
                guard let value = matrix.billions(product: place, country: column) else { continue }
                json.field(country.id, raw: value.utf8)
            }
            json.endObject()
        }
        json.endObject()
        return json.bytes
    }

    /// `metadata.json` for a matrix whose oldest value is of this time.
    static func metadata(_ matrix: ExportMatrix, updatedAt: Timestamp, maxAge: Duration) -> [UInt8] {
        var json = JSONWriter(style: .pretty)
        json.beginObject()
        json.field("last_updated", updatedAt.rfc3339)
        let hours = maxAge.inSeconds / 3_600
        if hours.rounded() == hours { json.field("cache_hours", Int(hours)) } else { json.field("cache_hours", hours) }
        json.field("product_count", matrix.rows.count { $0.origin != nil && !$0.isFallback })
        json.field("version", "1.0")
        json.endObject()
        return json.bytes
    }
}

/// Why files of the seed's shape cannot be used.
public enum ExportFileError: Error, Sendable, CustomStringConvertible {
    /// `export_data.json` is no object of objects of numbers.
    case data
    /// `metadata.json` has no time.
    case metadata

    /// A sentence for a person.
    public var description: String {
        switch self {
        case .data:
            "export_data.json is not an object of products with a number for each country; it is left as it is and not used"
        case .metadata:
            "metadata.json has no last_updated with a time, so nothing says how old export_data.json is; both are left as they are and not used"
        }
    }
}
