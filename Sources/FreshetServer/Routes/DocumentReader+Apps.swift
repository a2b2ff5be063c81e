import FreshetCore
import FreshetEngine

extension DocumentReader {
    /// What the engine offers to an app's routes and WebSockets in a client's name.
    func appServices(of app: String, client: ClientAddress, clock: any FreshetClock) -> AppServices {
        let service = service
        var services = AppServices(
            configuration: service.configuration, store: service.store, tables: service.tables, clock: clock,
            refresh: { request async throws(StoreError) in try await service.requestRefresh(request) },
            read: { id in
                guard let entry = try await find(id) else { return nil }
                return read(entry, at: clock.now(), youngerThan: nil).stored(as: id)
            },
            ask: { id in
                switch try await ask(id, client: client) {
                case .queued(let job): .queued(job: job)
                case .refused(let retryAfter): .refused(retryAfter: retryAfter)
                case .closed: .closed
                }
            },
            pass: { request, dataset in await service.pass(request, dataset: dataset) })
        services.bring = { id, content, time async throws(StoreError) in
            try await service.bring(id, content, at: time)
        }
        services.runner = service.runners[app]
        return services
    }
}
