import FreshetCore
import FreshetEngine
import HTTPTypes
import NIOCore

/// The routes of apps: below `/apps/{name}`, and at `/` for the one that `root_app` names.
struct AppRoutes: Sendable {
    let reader: DocumentReader

    /// The longest body that an app's route takes.
    private static let bodyLimit = 1 << 20

    /// The routes of every app, then those of the root app without their prefix.
    func all(_ configuration: Configuration) -> [Route] {
        var routes: [Route] = []
        for app in configuration.apps {
            let name = type(of: app).name
            routes += app.routes.map { route($0, of: name, prefix: "/apps/\(name)") }
            if app.routes.contains(where: { $0.pattern == "/" }) { routes.append(pageRedirect("/apps/\(name)")) }
        }
        for app in configuration.apps where type(of: app).name == configuration.rootApp {
            // The page at `/` is the operator's.
            routes += app.routes.filter { $0.pattern != "/" }.map { route($0, of: type(of: app).name, prefix: "") }
        }
        return routes
    }

    /// Adds the slash that a page's links are relative to.
    private func pageRedirect(_ path: String) -> Route {
        Route(.get, path, .everyone, "Leads to the page at \(path)/") { exchange in
            Reply(
                308,
                [("Location", path + "/" + (exchange.query.map { "?\($0)" } ?? "")), ("Cache-Control", "no-store")])
        }
    }

    private func route(_ route: AppRoute, of app: String, prefix: String) -> Route {
        let access: Route.Access =
            switch route.access {
            case .everyone: .everyone
            case .reader: .reader
            case .operator: .operator
            }
        return Route(HTTPRequest.Method(route.method), prefix + route.pattern, access, route.summary) { exchange in
            try await answer(exchange, route, of: app)
        }
    }

    private func answer(_ exchange: Exchange, _ route: AppRoute, of app: String) async throws -> Reply {
        var captures: [String: String] = [:]
        for name in exchange.captures.keys {
            guard let value = exchange.capture(name) else {
                throw Problem(400, "bad-parameter", "The path is not valid percent-encoding.")
            }
            captures[name] = value
        }
        let request = AppRequest(
            captures: captures, parameters: try parameters(exchange),
            headers: exchange.headers.map { ($0.name.canonicalName, $0.value) }, client: exchange.client.group,
            body: try await exchange.collectBody(upTo: AppRoutes.bodyLimit),
            services: reader.appServices(of: app, client: exchange.client, clock: exchange.clock))
        let reply = try await route.handle(request)
        var fields = [("Content-Type", reply.type)]
        if !reply.headers.contains(where: { $0.name.lowercased() == "cache-control" }) {
            fields.append(("Cache-Control", "no-store"))
        }
        return Reply(reply.status, fields + reply.headers, body: ByteBuffer(bytes: reply.body))
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
