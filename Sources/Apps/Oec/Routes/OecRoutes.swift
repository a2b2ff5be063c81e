import FreshetCore
import FreshetDocument

/// The routes below `/apps/oec` that concern data; with `root_app: oec` also at the seed's own paths.
struct OecRoutes: Sendable {
    let app: OecApp

    var all: [AppRoute] {
        [
            AppRoute("GET", "/health", .everyone, "How the mirror of exports stands, with the seed's cache figures.") {
                Self.with($0) { _, runner in Self.health(runner) }
            },
            AppRoute("GET", "/test-oec", .reader, "Asks OEC for one product, live, and says what is served.") {
                await Self.with($0) { _, runner in await Self.test(runner) }
            },
            AppRoute("GET", "/doctor", .reader, "What is right and wrong with the app, as checks.") {
                await Self.with($0) { _, runner in await Self.doctor(runner) }
            },
            AppRoute(
                "POST", "/admin/refresh-data", .operator, "Fetches every product again; waits up to `?wait=` seconds."
            ) {
                try await Self.with($0) { request, runner in try await OecRefresh(runner: runner).answer(request) }
            },
            AppRoute("GET", "/products", .everyone, "The products of the catalogue, with where their values come from.")
            {
                Self.with($0) { _, runner in Self.products(runner) }
            },
            AppRoute("GET", "/countries", .everyone, "The countries of the catalogue.") { _ in Self.countries() },
            AppRoute("GET", "/exports/{product}", .reader, "Exports of a product by country, in billions of dollars.") {
                Self.with($0) { Self.exports($0, $1) }
            },
            AppRoute("GET", "/exports/{product}/{country}", .reader, "Exports of a product by one country.") {
                Self.with($0) { Self.export($0, $1) }
            },
            AppRoute("GET", "/trend/{product}/{country}", .reader, "Exports over the mirrored years.") {
                try await OecTrends.trend($0)
            },
            AppRoute("GET", "/movers", .reader, "What moved furthest between mirrored years: `?year=&limit=`.") {
                try await OecTrends.movers($0)
            },
        ]
    }

    /// Answers with the runner, which is there once the process serves.
    static func with(_ request: AppRequest, _ answer: (AppRequest, OecRunner) -> AppReply) -> AppReply {
        guard let runner = request.services.runner as? OecRunner else { return OecAnswers.starting }
        return answer(request, runner)
    }

    static func with(
        _ request: AppRequest, _ answer: (AppRequest, OecRunner) async throws -> AppReply
    ) async rethrows -> AppReply {
        guard let runner = request.services.runner as? OecRunner else { return OecAnswers.starting }
        return try await answer(request, runner)
    }

    // MARK: Health

    private static func health(_ runner: OecRunner) -> AppReply {
        let report = OecReport(runner)
        // Without a single value no game can begin.
        let isUp = report.missing.count < report.matrix.rows.count
        return OecAnswers.json(isUp ? 200 : 503) { json in
            json.field("status", report.status)
            json.field("active_games", runner.hall.running)
            json.field("waiting_players", runner.hall.waiting)
            json.key("data_cache")
            report.writeCache(to: &json)
            report.writeDetails(to: &json)
        }
    }

    private static func test(_ runner: OecRunner) async -> AppReply {
        let test = await runner.liveTest()
        let report = OecReport(runner)
        let isGood = test.isWorking && report.fallback.isEmpty && report.missing.isEmpty
        return OecAnswers.json { json in
            json.field("status", isGood ? "success" : "error")
            let said = test.isWorking ? "OEC API is working" : "OEC API test failed: \(test.message)"
            json.field("message", isGood ? said : "\(said)\(report.remark.map { "; \($0)" } ?? "")")
            json.field("upstream", test.message)
            if test.isWorking {
                json.key("sample_data")
                json.beginObject()
                json.field("product", "Crude Petroleum (\(OecRunner.testProduct))")
                json.field("countries_count", test.countries)
                json.key("top_exporters")
                json.beginArray()
                for (country, dollars) in test.exporters {
                    json.beginArray()
                    json.string(OecCatalogue.countries[country].id)
                    json.double((Double(dollars) / 10_000_000).rounded() / 100)
                    json.endArray()
                }
                json.endArray()
                json.endObject()
            }
            report.writeDetails(to: &json)
        }
    }

    private static func doctor(_ runner: OecRunner) async -> AppReply {
        let test = await runner.liveTest()
        let report = OecReport(runner)
        let checks: [(name: String, isGood: Bool, output: String)] = [
            ("upstream", test.isWorking, test.message),
            ("fallback", report.fallback.isEmpty, "\(report.fallback.count) products have made-up values"),
            ("values", report.missing.isEmpty, "\(report.missing.count) products have no values"),
            ("age", report.stale == 0, "\(report.stale) products have values that are too old"),
            ("files", report.problems.isEmpty, report.problems.joined(separator: "; ")),
        ]
        return OecAnswers.json { json in
            json.field("status", checks.allSatisfy(\.isGood) ? "pass" : "fail")
            json.key("checks")
            json.beginArray()
            for check in checks {
                json.beginObject()
                json.field("name", check.name)
                json.field("status", check.isGood ? "pass" : "fail")
                json.field("output", check.output)
                json.endObject()
            }
            json.endArray()
        }
    }

    // MARK: Values

    private static func products(_ runner: OecRunner) -> AppReply {
        let (matrix, now) = (runner.matrix, runner.services.clock.now())
        return OecAnswers.json { json in
            json.field("year", matrix.year)
            json.key("products")
            json.beginArray()
            for (product, row) in zip(OecCatalogue.products, matrix.rows) {
                json.beginObject()
                json.field("id", product.id)
                json.field("slug", product.slug)
                json.field("name", product.name)
                json.field("category", product.category.rawValue)
                OecAnswers.write(row, now: now, to: &json)
                json.endObject()
            }
            json.endArray()
        }
    }

    private static func countries() -> AppReply {
        OecAnswers.json { json in
            json.key("countries")
            json.beginArray()
            for country in OecCatalogue.countries {
                json.beginObject()
                json.field("code", country.code)
                json.field("id", country.id)
                json.field("name", country.name)
                json.endObject()
            }
            json.endArray()
        }
    }

    private static func exports(_ request: AppRequest, _ runner: OecRunner) -> AppReply {
        guard let place = OecCatalogue.product(request.captures["product"] ?? "") else { return unknownProduct }
        let (matrix, now, product) = (runner.matrix, runner.services.clock.now(), OecCatalogue.products[place])
        guard matrix.hasValues(product: place) else { return OecAnswers.noValues(product) }
        return OecAnswers.json { json in
            writeHead(product, matrix, place, now, to: &json)
            json.key("exports")
            json.beginObject()
            for (column, country) in OecCatalogue.countries.enumerated() {
                guard let value = matrix.billions(product: place, country: column) else { continue }
                json.field(country.id, raw: value.utf8)
            }
            json.endObject()
        }
    }

    private static func export(_ request: AppRequest, _ runner: OecRunner) -> AppReply {
        guard let place = OecCatalogue.product(request.captures["product"] ?? "") else { return unknownProduct }
        guard let column = OecCatalogue.country(request.captures["country"] ?? "") else { return unknownCountry }
        let (matrix, now, product) = (runner.matrix, runner.services.clock.now(), OecCatalogue.products[place])
        guard matrix.hasValues(product: place) else { return OecAnswers.noValues(product) }
        let value = matrix.value(product: place, country: column)
        return OecAnswers.json { json in
            writeHead(product, matrix, place, now, to: &json)
            json.field("country", OecCatalogue.countries[column].id)
            json.key("usd")
            if let value { json.int(value) } else { json.null() }
            // What upstream does not name counts as nothing in the game.
            json.field("billions", raw: (matrix.billions(product: place, country: column) ?? "0.0").utf8)
        }
    }

    private static func writeHead(
        _ product: OecProduct, _ matrix: ExportMatrix, _ place: Int, _ now: Timestamp, to json: inout JSONWriter
    ) {
        json.field("product", product.id)
        json.field("name", product.name)
        json.field("year", matrix.year)
        OecAnswers.write(matrix.rows[place], now: now, to: &json)
    }

    static let unknownProduct = OecAnswers.problem(
        404, "There is no such product.",
        "/apps/oec/products lists them; an id such as 52709 or a slug such as oil will do.")
    static let unknownCountry = OecAnswers.problem(
        404, "There is no such country.",
        "/apps/oec/countries lists them; an id such as nausa or a code such as US will do.")
}
