import FreshetCore
import FreshetEngine
import HTTPTypes
import NIOCore

/// The routes of apps: below `/apps/{name}`, and at `/` for the one that `root_app` names.
struct AppRoutes: Sendable {
    let service: any MirrorService

    /// The longest body that an app's route takes.
    private static let bodyLimit = 1 << 20

    /// The routes of every app, then those of the root app without their prefix.
    func all(_ configuration: Configuration) -> [Route] {
        var routes: [Route] = []
        for app in configuration.apps {
            let name = type(of: app).name
            routes += app.routes.map { route($0, prefix: "/apps/\(name)") }
        }
        for app in configuration.apps where type(of: app).name == configuration.rootApp {
            routes += app.routes.map { route($0, prefix: "") }
        }
        return routes
    }

    private func route(_ route: AppRoute, prefix: String) -> Route {
        let access: Route.Access =
            switch route.access {
            case .everyone: .everyone
            case .reader: .reader
            case .operator: .operator
            }
        return Route(HTTPRequest.Method(route.method), prefix + route.pattern, access, route.summary) { exchange in
            try await answer(exchange, route)
        }
    }

    private func answer(_ exchange: Exchange, _ route: AppRoute) async throws -> Reply {
        var captures: [String: String] = [:]
        for name in exchange.captures.keys {
            guard let value = exchange.capture(name) else {
                throw Problem(400, "bad-parameter", "The path is not valid percent-encoding.")
            }
            captures[name] = value
        }
        let service = service
        let services = AppServices(
            configuration: service.configuration, store: service.store, tables: service.store as? any TableStore,
            clock: exchange.clock
        ) { request async throws(StoreError) in
            try await service.requestRefresh(request)
        }
        let request = AppRequest(
            captures: captures, parameters: try parameters(exchange),
            body: try await exchange.collectBody(upTo: AppRoutes.bodyLimit), services: services)
        let reply = try await route.handle(request)
        return Reply(
            reply.status, [("Content-Type", reply.type), ("Cache-Control", "no-store")],
            body: ByteBuffer(bytes: reply.body))
    }

    private func parameters(_ exchange: Exchange) throws -> [(name: String, value: String)] {
        try (exchange.query ?? "").split(separator: "&").map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]),
                let value = PercentEncoding.decode(parts.count == 2 ? parts[1] : "")
            else { throw Problem(400, "bad-parameter", "The query is not valid percent-encoding.") }
            return (name, value)
        }
    }
}
