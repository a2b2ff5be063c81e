public import FreshetCore

/// Mirrors export statistics of the Observatory of Economic Complexity: values by product, country and year.
public struct OecApp: SocketApp {
    /// `oec`.
    public static let name = "oec"

    /// What it was made from.
    public let options: OecOptions

    /// Creates the app.
    public init(_ options: OecOptions) { self.options = options }

    /// The one source, `oec`.
    public var sources: [SourceConfig] { [OecSource(options: options).config] }

    /// The one dataset, `oec.exports`, keyed by product and year.
    public var datasets: [DatasetConfig] { OecSource(options: options).datasets }

    /// Trends over the years and the biggest movers.
    public var views: [ViewSpec] { OecTables.views }

    /// Values, catalogue, trends, health, the refresh by hand, players, rooms and results, and the page.
    public var routes: [AppRoute] { OecRoutes(app: self).all + GameRoutes(app: self).all + PageRoutes().all }

    /// The game.
    public var sockets: [AppSocket] {
        [
            AppSocket("/ws", .everyone, "The game of nine rounds, against a person or the computer.") {
                request, connection in
                guard let runner = request.services.runner as? OecRunner else { return ClosedSession(connection) }
                return await PlaySession(connection, client: request.client, runner: runner)
            }
        ]
    }

    /// The values in memory, the seed's files, and the years that are still missing.
    public func runner(_ services: AppServices) -> (any AppRunner)? { OecRunner(options: options, services: services) }
}
