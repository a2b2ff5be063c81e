import FreshetCore
import FreshetEngine
import HTTPTypes
import NIOCore
import NIOHTTP1

/// What each WebSocket path is for.
struct SocketTable: WebSocketDirectory {
    let hub: EventHub
    let tokens: TokenService
    let reader: DocumentReader
    let clock: any FreshetClock
    private let apps: [(app: String, route: Route, socket: AppSocket)]

    static let events = "/v1/ws"

    init(hub: EventHub, tokens: TokenService, reader: DocumentReader, clock: any FreshetClock) {
        (self.hub, self.tokens, self.reader, self.clock) = (hub, tokens, reader, clock)
        apps = SocketTable.sockets(reader.service.configuration).map {
            ($0.app, SocketTable.route($0.pattern, $0.socket.access, $0.socket.summary), $0.socket)
        }
    }

    /// The routes that tell a client without a proper upgrade what is missing.
    static func routes(_ configuration: Configuration) -> [Route] {
        [Route(.get, events, .reader, "Events over a WebSocket", refuse)]
            + sockets(configuration).map { route($0.pattern, $0.socket.access, $0.socket.summary) }
    }

    private static func sockets(
        _ configuration: Configuration
    ) -> [(app: String, pattern: String, socket: AppSocket)] {
        configuration.apps.flatMap { app -> [(String, String, AppSocket)] in
            guard let app = app as? any SocketApp else { return [] }
            let name = type(of: app).name
            let below = app.sockets.map { (name, "/apps/\(name)\($0.pattern)", $0) }
            return configuration.rootApp == name ? below + app.sockets.map { (name, $0.pattern, $0) } : below
        }
    }

    private static func route(_ pattern: String, _ access: AppRoute.Access, _ summary: String) -> Route {
        let needed: Route.Access =
            switch access {
            case .everyone: .everyone
            case .reader: .reader
            case .operator: .operator
            }
        return Route(.get, pattern, needed, summary, refuse)
    }

    @Sendable private static func refuse(_ exchange: Exchange) async throws -> Reply {
        if let origin = exchange.headers[.origin], !origin.hasSuffix("://\(exchange.authority)") {
            throw Problem(
                403, "cross-site",
                "A page of another site needs a token: the subprotocols freshet and bearer.fr_…, or access_token in the query."
            )
        }
        throw Problem(
            426, "upgrade-required",
            "This path speaks WebSocket, version 13 over HTTP/1.1: GET with Upgrade: websocket.",
            fields: [("Upgrade", "websocket")])
    }

    // MARK: Upgrades

    func role(authorization: String?) -> TokenRecord.Role? { tokens.role(authorization: authorization) }

    func session(for request: WebSocketRequest, on eventLoop: any EventLoop) -> (any WebSocketSession)? {
        guard let loop = hub.loop(for: eventLoop) else { return nil }
        if request.path == SocketTable.events {
            guard may(.reader, request.role) else { return nil }
            return EventSession(hub: hub, loop: loop, bell: reader.service.eventBell, clock: clock)
        }
        for (app, route, socket) in apps {
            guard let captures = route.match(Substring(request.path)) else { continue }
            guard may(route.access, request.role) else { return nil }
            var decoded: [String: String] = [:]
            for (name, value) in captures {
                guard let text = PercentEncoding.decode(value) else { return nil }
                decoded[name] = text
            }
            let opening = AppSocketRequest(
                captures: decoded, query: request.query,
                headers: request.headers.map { ($0.name.lowercased(), $0.value) }, client: request.client.group,
                services: reader.appServices(of: app, client: request.client, clock: clock))
            return AppSession(socket: socket, request: opening, hub: loop)
        }
        return nil
    }

    private func may(_ access: Route.Access, _ role: TokenRecord.Role?) -> Bool {
        switch access {
        case .everyone: true
        case .reader: tokens.readsAreOpen || role != nil
        case .operator: role.map { $0 >= .operator } ?? false
        case .admin: role == .admin
        }
    }
}
