public import FreshetCore

/// Logs a Torn City faction: crimes, members, items, money, rank and Torn's clock, as documents, rows and reports.
public struct TornApp: App {
    /// `torn`.
    public static let name = "torn"

    /// What it was made from.
    public let options: TornOptions

    /// Creates the app.
    public init(_ options: TornOptions) { self.options = options }

    /// The one source, `torn`.
    public var sources: [SourceConfig] { [TornSource(options: options).config] }

    /// One dataset for each endpoint that is on and that a key can ask for.
    public var datasets: [DatasetConfig] { TornDatasets(options: options).all }

    /// The wide form of the crimes and the five reports, as far as their tables are mirrored.
    public var views: [ViewSpec] {
        let tables = Set(datasets.flatMap { $0.tables?.specs.map(\.name) ?? [] })
        return TornReport.all(passRate: options.passRate).filter { tables.isSuperset(of: $0.tables) }.map(\.view)
    }

    /// Health and reports.
    public var routes: [AppRoute] { TornRoutes(app: self).all }
}
