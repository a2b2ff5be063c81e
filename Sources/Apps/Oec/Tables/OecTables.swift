import FreshetCore

/// The rows that the documents become, and what is asked of them.
enum OecTables {
    /// A row for each product, year and exporting country.
    static let exports: TableSpec = {
        var spec = TableSpec(name: "oec_exports", rows: .path("$.data[*]"))
        spec.parent = [("product_id", "{product}"), ("data_year", "{year}")]
        spec.columns = [
            column("product_id", nil, .text), column("data_year", nil, .integer),
            column("country_id", "$['Exporter Country ID']", .text, isRequired: true),
            column("country", "$['Exporter Country']", .text),
            // Exact: upstream writes whole dollars, which stay below 2^53.
            column("usd", "$['Trade Value']", .float, isRequired: true),
            // What upstream answered for: the heading of four digits when it knows the product no finer.
            column("hs4_id", "$['HS4 ID']", .text), column("hs6_id", "$['HS6 ID']", .text),
        ]
        spec.primaryKey = ["product_id", "data_year", "country_id"]
        spec.disposition = .replace
        spec.indexes = [["country_id", "product_id"]]
        return spec
    }()

    static let views = [trend, movers]

    /// One row for each year of a product and country, beside the year before it.
    static let trend: ViewSpec = {
        let text = """
            SELECT product_id, country_id, data_year, usd,
              lag(usd) OVER w AS usd_before, lag(data_year) OVER w AS year_before,
              usd - lag(usd) OVER w AS usd_change,
              CASE WHEN lag(usd) OVER w > 0 THEN usd / lag(usd) OVER w - 1 END AS share_change
            FROM oec_exports
            WINDOW w AS (PARTITION BY product_id, country_id ORDER BY data_year)
            """
        return ViewSpec(
            name: "oec_trend",
            summary: "Exports of a product by a country over the years, with the change of each year.",
            tables: ["oec_exports"], sqlite: text, postgres: text)
    }()

    /// One row for each product and country that two adjoining mirrored years tell of, ranked by how far it moved.
    static let movers: ViewSpec = {
        let text = """
            SELECT data_year, product_id, country_id, usd_before, usd, usd_change, share_change, year_before,
              row_number() OVER (PARTITION BY data_year ORDER BY abs(usd_change) DESC, product_id, country_id) AS place
            FROM (\(trend.sqlite)) AS moved
            WHERE usd_before IS NOT NULL
            """
        return ViewSpec(
            name: "oec_movers", summary: "What moved furthest in dollars from one mirrored year to the next.",
            tables: ["oec_exports"], sqlite: text, postgres: text)
    }()

    private static func column(_ name: String, _ path: String?, _ type: ColumnType, isRequired: Bool = false)
        -> ColumnSpec
    {
        var column = ColumnSpec(name: name, path: path, type: type)
        column.isRequired = isRequired
        return column
    }
}
