import FreshetCore
import OecApp

/// Makes the OEC app from its section.
struct OecResolver {
    let draft: OecDraft

    /// The app.
    func resolve(reading: inout Reading) -> OecApp? {
        var options = draft.options
        options.history = Set(options.history).subtracting([options.year]).sorted()
        // Still as written: OecEnvironment makes it absolute.
        options.folder = draft.folder
        let calls = OecCatalogue.allProducts.count
        if options.callsPerDay < calls {
            reading.warning(
                draft.place, "calls_per_day",
                "is less than the \(calls) calls of one refresh, so that values grow older than a day")
        }
        return OecApp(options)
    }
}

/// Environment variables of the application that the OEC app replaces, besides those of ``SeedVariable``.
enum OecEnvironment {
    /// Applies `DATA_DIR` and `FALLBACK_ENABLED`, and tells the app what others have set.
    ///
    /// - Returns: What was changed, a sentence each.
    static func apply(
        _ environment: [String: String], in directory: String, to configuration: inout Configuration,
        reading: inout Reading
    ) -> [String] {
        guard let index = configuration.apps.firstIndex(where: { $0 is OecApp }),
            let app = configuration.apps[index] as? OecApp
        else { return [] }
        var (options, notes) = (app.options, [String]())
        options.folder = options.folder.map { ConfigPaths.absolute($0, in: directory) }
        if let text = environment["DATA_DIR"], !text.isEmpty {
            options.folder = ConfigPaths.absolute(text, in: directory)
            notes.append("DATA_DIR sets folder of the app oec")
        }
        if let text = environment["FALLBACK_ENABLED"], !text.isEmpty {
            switch text.lowercased() {
            case "true", "1", "yes", "on": options.usesFallback = true
            case "false", "0", "no", "off": options.usesFallback = false
            default: reading.problem(inFile: "environment", "FALLBACK_ENABLED", "must be True or False")
            }
            notes.append("FALLBACK_ENABLED sets fallback of the app oec")
        }
        if let dataset = configuration.datasets.first(where: { $0.id.source == OecApp.name }) {
            options.maxAge = dataset.maxAge
            if case .every(let period)? = dataset.refresh?.timing { options.every = period }
        }
        options.timeout = configuration.source(OecApp.name)?.timeout ?? options.timeout
        configuration.apps[index] = OecApp(options)
        return notes
    }
}
