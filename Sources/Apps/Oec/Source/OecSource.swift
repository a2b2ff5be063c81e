import FreshetCore

/// The source `oec` and its one dataset.
struct OecSource: Sendable {
    static let dataset = DatasetID(source: OecApp.name, name: "exports")

    let options: OecOptions

    static func id(product: String, year: Int) -> DocumentID { DocumentID(dataset: dataset, key: "\(product)/\(year)") }

    var config: SourceConfig {
        var source = SourceConfig(name: OecApp.name, baseURL: options.baseURL)
        source.headers = [("user-agent", options.userAgent)]
        source.concurrency = options.concurrency
        source.limits = [LimitConfig(scope: .ip, calls: options.callsPerDay, per: .seconds(86_400))]
        // Somebody who asks by hand is heard when the day's refresh has taken its part: both go together, and fit in.
        source.reserve = 0.2
        source.timeout = options.timeout
        // A 503 of this API passes within seconds; it announces no maintenance.
        source.maintenance.statuses = []
        // One product that keeps failing must not close the door for the others: its tries alone stay below this.
        source.breaker.failures = 20
        // Players are waiting for real values: a door that is closed is tried this often.
        source.breaker.probeEvery = .seconds(10)
        source.retry.attempts = 5
        return source
    }

    var datasets: [DatasetConfig] {
        guard let cube = options.cubes.first,
            let template = try? PathTemplate(
                OecPlaces.path(cube: cube, product: "{product}", year: "{year}", level: .four))
        else { return [] }
        var dataset = DatasetConfig(id: Self.dataset, template: template)
        dataset.normalisers = ["product": .integer, "year": .integer]
        let places = OecPlaces(cubes: options.cubes)
        dataset.places = { places.paths(forKey: $0) }
        dataset.maxAge = options.maxAge
        (dataset.maxAgeFloor, dataset.maxAgeCeiling) = (options.maxAge, options.maxAge)
        // An empty list is an answer without the product, never a value.
        dataset.require = ["$.data[0]"]
        // The annotations come in another order on every call; the page tells only how it was asked.
        dataset.ignoreChanges = ["$.annotations", "$.page"]
        let keys = OecCatalogue.products.map { "\($0.id)/\(options.year)" }
        dataset.refresh = RefreshSchedule(timing: .every(options.every), selection: .list(keys))
        // Urgent, or a limit of a day would spread the refresh over the day; further years may wait that long.
        dataset.refresh?.priority = .high
        dataset.historyKeep = Period(days: 365)
        dataset.tables = TablesConfig(specs: [OecTables.exports])
        return [dataset]
    }
}
