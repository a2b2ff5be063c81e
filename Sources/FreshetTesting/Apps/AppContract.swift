public import FreshetCore

/// What every `App` must keep to, as checks that any test framework can run.
///
/// ```swift
/// @Test(arguments: AppContract.all)
/// func `the app keeps the contract`(check: AppContract.Check) throws { try check.run(MyApp(options)) }
/// ```
public enum AppContract {
    /// One promise, by name.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise, as a sentence.
        public let name: String
        private let body: @Sendable (any App) throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (any App) throws -> Void) {
            (self.name, self.body) = (name, body)
        }

        /// The name.
        public var description: String { name }

        /// Runs the check.
        ///
        /// - Throws: ``AppViolation`` with what was seen and what was promised.
        public func run(_ app: any App) throws { try body(app) }
    }

    /// Every check.
    public static let all: [Check] = [
        Check("sources and datasets come in order, each once") { app in
            let (sources, datasets) = (app.sources.map(\.name), app.datasets.map(\.id))
            try hold(sources == Set(sources).sorted(), "sources are \(sources)")
            try hold(datasets == Set(datasets).sorted(), "datasets are \(datasets)")
        },
        Check("every dataset belongs to a source of the app") { app in
            let sources = Set(app.sources.map(\.name))
            for dataset in app.datasets { try hold(sources.contains(dataset.id.source), "\(dataset.id) has no source") }
        },
        Check("keys that datasets name are keys of their source") { app in
            for dataset in app.datasets {
                let known = Set(app.sources.filter { $0.name == dataset.id.source }.flatMap { $0.auth.keys.map(\.id) })
                let named = (dataset.keyIDs ?? []) + dataset.keyIDsByDocument.values.flatMap { $0 }
                try hold(known.isSuperset(of: named), "\(dataset.id) names a key that is not there")
            }
        },
        Check("keys of scheduled documents are keys of their dataset") { app in
            for dataset in app.datasets {
                guard case .list(let keys)? = dataset.refresh?.selection else { continue }
                for key in keys { try hold(dataset.key(forText: key) == key, "\(dataset.id) schedules \(key)") }
            }
        },
        Check("no path and no statement holds a key") { app in
            let secrets = app.sources.flatMap(\.auth.keys).flatMap { key in
                key.secret.reveal().split(separator: " ").filter { $0.utf8.count >= 8 }
            }
            let texts = app.datasets.map(\.template.description) + app.views.map(\.sqlite)
            for secret in secrets { try hold(!texts.contains { $0.contains(secret) }, "a key stands in a text") }
        },
        Check("tables and views have names of their own") { app in
            let names = app.datasets.flatMap { $0.tables?.specs.map(\.name) ?? [] } + app.views.map(\.name)
            try hold(Set(names).count == names.count, "names are \(names.sorted())")
        },
        Check("views read tables of the app") { app in
            let tables = Set(app.datasets.flatMap { $0.tables?.specs.map(\.name) ?? [] })
            for view in app.views { try hold(tables.isSuperset(of: view.tables), "\(view.name) reads \(view.tables)") }
        },
        Check("routes begin with a slash and are told apart by method and pattern") { app in
            let routes = app.routes.map { "\($0.method) \($0.pattern)" }
            try hold(Set(routes).count == routes.count, "routes are \(routes)")
            try hold(app.routes.allSatisfy { $0.pattern.hasPrefix("/") }, "routes are \(routes)")
        },
    ]

    private static func hold(_ isKept: Bool, _ seen: String) throws {
        guard isKept else { throw AppViolation(description: seen) }
    }
}

/// A promise that an app did not keep.
public struct AppViolation: Error, CustomStringConvertible, Sendable {
    /// What was seen.
    public let description: String
}
