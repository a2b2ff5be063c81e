import FreshetBigQuery
import FreshetCore
import FreshetEngine
import Logging
import ServiceLifecycle

/// Sends the rows that wait for one warehouse until graceful shutdown.
struct DestinationService: Service, CustomStringConvertible {
    let loader: BigQueryLoader
    let duties: DutyKeeper
    let destination: String
    /// Its name only: a field may be secret.
    var description: String { "Destination" }

    func run() async throws {
        let (loader, duties, duty) = (loader, duties, "destinations/\(destination)")
        await cancelWhenGracefulShutdown { await duties.whileHeld(duty) { await loader.run() } }
    }

    /// One service for each warehouse.
    ///
    /// - Throws: ``RuntimeError/destination(_:)`` when a name or a credentials file is not usable.
    static func all(
        _ configuration: Configuration, store: any Store, duties: DutyKeeper, clock: any FreshetClock, logger: Logger
    ) throws(RuntimeError) -> [DestinationService] {
        guard !configuration.destinations.isEmpty, let store = store as? any TableStore & OutboxStore else { return [] }
        let specs = configuration.datasets.flatMap { $0.tables?.specs ?? [] }
        var services: [DestinationService] = []
        for config in configuration.destinations {
            do {
                let loader = try BigQueryLoader(config: config, specs: specs, store: store, clock: clock) { notice in
                    log(notice, of: config.name, logger)
                }
                services.append(DestinationService(loader: loader, duties: duties, destination: config.name))
            } catch {
                throw .destination("\(error)")
            }
        }
        return services
    }

    private static func log(_ notice: BigQueryNotice, of destination: String, _ logger: Logger) {
        switch notice {
        case .loaded(let table, let rows, _, let job):
            logger.info(
                "\(destination): \(rows) rows of \(table) were loaded", metadata: ["job": "\(job)", "rows": "\(rows)"])
        case .tableFailed(let table, let error, let wait, let isFirst):
            logger.log(
                level: isFirst ? .error : .debug,
                "\(destination): the rows of \(table) wait (\(error)); the next try is in \(wait)")
        case .away(let error, let wait, let isFirst):
            logger.log(
                level: isFirst ? .warning : .debug,
                "\(destination) takes no rows (\(error)); they wait in the store, the next try is in \(wait)")
        case .back: logger.notice("\(destination) takes rows again")
        case .storeFailed(let error): logger.error("\(destination): the rows that wait could not be read: \(error)")
        }
    }
}
