import FreshetCore
import FreshetDocument

/// Reports over the mirrored years; what is made up has no rows and never appears in them.
enum OecTrends {
    static func trend(_ request: AppRequest) async throws -> AppReply {
        guard let product = OecCatalogue.product(request.captures["product"] ?? "") else {
            return OecRoutes.unknownProduct
        }
        guard let country = OecCatalogue.country(request.captures["country"] ?? "") else {
            return OecRoutes.unknownCountry
        }
        // Both are names of the catalogue: letters and digits.
        let (id, place) = (OecCatalogue.products[product].id, OecCatalogue.countries[country].id)
        return try await rows(
            """
            SELECT data_year AS year, usd, usd_change, share_change FROM oec_trend
            WHERE product_id = '\(id)' AND country_id = '\(place)' ORDER BY data_year
            """, request, limit: 200
        ) { json in
            json.field("product", id)
            json.field("name", OecCatalogue.products[product].name)
            json.field("country", place)
        }
    }

    static func movers(_ request: AppRequest) async throws -> AppReply {
        guard let limit = Int(request.parameter("limit") ?? "20"), (1...1_000).contains(limit) else {
            return OecAnswers.problem(400, "limit is not a number from 1 to 1000.", "Write ?limit=20.")
        }
        var condition = "data_year = (SELECT max(data_year) FROM oec_movers)"
        if let text = request.parameter("year") {
            guard let year = Int(text), (1900...2200).contains(year) else {
                return OecAnswers.problem(400, "year is not a year.", "Write ?year=2023.")
            }
            condition = "data_year = \(year)"
        }
        return try await rows(
            """
            SELECT data_year AS year, product_id, country_id, year_before, usd_before, usd, usd_change, share_change, place
            FROM oec_movers WHERE \(condition) AND place <= \(limit) ORDER BY place
            """, request, limit: limit
        ) { _ in }
    }

    private static func rows(
        _ sql: String, _ request: AppRequest, limit: Int, head: (inout JSONWriter) -> Void
    ) async throws -> AppReply {
        guard let tables = request.services.tables else {
            return OecAnswers.problem(
                501, "This store keeps no tables.", "Use store: sqlite; trends are read from tables.")
        }
        do {
            let answer = try await tables.query(sql, limits: QueryLimits(rows: limit))
            return OecAnswers.json { json in
                head(&json)
                json.key("rows")
                json.beginArray()
                for row in answer.rows {
                    json.beginObject()
                    for (column, value) in zip(answer.columns, row) {
                        json.key(column.name)
                        write(value, to: &json)
                    }
                    json.endObject()
                }
                json.endArray()
            }
        } catch .refused(let reason) {
            return OecAnswers.problem(
                409, "The trends cannot be read yet: \(reason)",
                "They are there once upstream has given a first document.")
        }
    }

    private static func write(_ value: TableValue, to json: inout JSONWriter) {
        switch value {
        case .integer(let number): json.int(number)
        case .float(let number):
            // Dollars are whole, shares are not.
            if let whole = Int64(exactly: number) { json.int(whole) } else { json.double(number) }
        case .decimal(let text): json.raw(text.utf8)
        case .text(let text): json.string(text)
        case .boolean(let flag): json.bool(flag)
        case .null, .timestamp, .date, .json: json.null()
        }
    }
}
