import FreshetCore
import FreshetEngine
import HTTPTypes
import Logging

/// The one list of routes, most particular first.
enum RouteList {
    /// What a process answers that serves no reads.
    static let probes: Set = ["/livez", "/readyz", "/health", "/metrics", "/version"]

    static func make(
        hub: EventHub, reader: DocumentReader, tokens: TokenService, operations: OperationsRoutes, home: HomePage,
        build: BuildInfo, logger: Logger,
        isProbeOnly: Bool = false
    ) -> RouteTable {
        let service = reader.service
        let admin = AdminRoutes(service: service, tokens: tokens, logger: logger)
        let work = WorkRoutes(service: service, logger: logger)
        let backup = QueueBackupRoutes(service: service, logger: logger)
        let keyTest = KeyTestRoutes(service: service, logger: logger)
        let refresh = RefreshRoutes(reader: reader, logger: logger)
        let proxy = ProxyRoutes(reader: reader, tokens: tokens)
        let tables = TableRoutes(service: service, logger: logger)
        var routes = home.routes
        routes += [
            Route(.get, "/livez", .everyone, "Whether the process runs", operations.live),
            Route(.get, "/readyz", .everyone, "Whether reads can be served", operations.ready),
            Route(.get, "/health", .everyone, "Sources, store and queue", operations.health),
            Route(
                .get, "/v1/health", .everyone, "Sources, store and queue, whatever the root app shows",
                operations.health),
            Route(.get, "/metrics", .everyone, "Numbers for Prometheus", operations.numbers),
            Route(.get, "/version", .everyone, "Which Freshet this is", operations.version),
            Route(
                .get, "/v1/events", .reader, "Changes as server-sent events, resumable",
                EventRoutes(service: service, hub: hub).stream),
            Route(.post, "/v1/refresh", .operator, "Ask for a refresh", refresh.refresh),
            Route(.get, "/v1/jobs/{id}", .reader, "A refresh job", refresh.job),
            Route(
                .post, "/v1/viewing", .reader, "Keep a document fresh while it is shown",
                ViewingRoutes(reader: reader).hold),
            Route(
                .delete, "/v1/viewing", .reader, "Show a document no more", ViewingRoutes(reader: reader).release),
            Route(.get, "/v1/tables", .reader, "The tables there are", tables.list),
            Route(.get, TablePattern.rows, .reader, "Rows of a table", tables.rows),
            Route(.get, TablePattern.schema, .reader, "A table's schema and its versions", tables.schema),
            Route(.get, TablePattern.rejects, .reader, "Rows that a table refused", tables.rejects),
            Route(.get, "/v1/rejects", .reader, "Rows that any table refused", tables.rejects),
            Route(
                .post, TablePattern.query, .reader, "Ask the tables in SQL", TableQueryRoute(service: service).query),
            Route(.get, DocumentPattern.why, .reader, "Why a document is as it is", refresh.why),
            Route(.get, DocumentPattern.list, .reader, "The keys held", KeyRoutes(reader: reader).list),
            Route(.get, DocumentPattern.document, .reader, "A document", DocumentRoutes(reader: reader).get),
            Route(nil, "/proxy/{source}/{path*}", .reader, "As the upstream itself would answer", proxy.handle),
        ]
        routes += [
            Route(.get, "/admin/status", .operator, "Budgets, keys, queue and datasets", admin.status),
            Route(.get, "/admin/queue", .operator, "Jobs in a state", admin.queue),
            Route(.post, "/admin/queue/retry", .operator, "Retry dead letters", admin.retry),
            Route(.post, "/admin/queue/drop", .operator, "Drop jobs", admin.drop),
            Route(.get, "/admin/queue/backup", .operator, "Unfinished and dead jobs as JSON lines", backup.backup),
            Route(.post, "/admin/queue/restore", .operator, "Merge a backup into the queue", backup.restore),
            Route(.get, "/admin/keys", .operator, "API keys by their opaque ids", admin.keys),
            Route(.post, "/admin/keys/{source}/test", .operator, "One call with each key", keyTest.test),
            Route(.post, "/admin/keys/{source}/{key}/park", .operator, "Park a key", admin.park),
            Route(.post, "/admin/keys/{source}/{key}/unpark", .operator, "Return a key to service", admin.unpark),
            Route(.post, "/admin/fetch", .operator, "Fetch a document now", work.fetch),
            Route(.post, "/admin/replay", .operator, "Make rows of stored documents again", work.replay),
            Route(.post, "/admin/rebuild", .operator, "Make a document again out of its rows", work.rebuild),
            Route(
                .post, "/admin/schema/{table}/rollback", .operator, "Go back to an earlier schema", tables.rollback),
            Route(.get, "/admin/tokens", .admin, "Tokens", admin.listTokens),
            Route(.post, "/admin/tokens", .admin, "Make a token", admin.createToken),
            Route(.delete, "/admin/tokens/{id}", .admin, "Revoke a token", admin.revokeToken),
        ]
        routes += BackfillRoutes(service: service, logger: logger).all
        routes += SocketTable.routes(service.configuration)
        routes += WebhookRoutes(service: service, logger: logger).routes
        let apps = AppRoutes(reader: reader).all(service.configuration)
        // The health of the root app stands where its clients look; the engine's own is at /v1/health as well.
        if apps.contains(where: { $0.pattern == "/health" }) { routes.removeAll { $0.pattern == "/health" } }
        routes += apps
        let self_ = Route(.get, "/openapi.json", .everyone, "This document") { _ in Reply(500) }
        let page = OpenAPI(configuration: service.configuration, build: build).document([self_] + routes).text + "\n"
        routes.append(
            Route(.get, self_.pattern, self_.access, self_.summary) { _ in
                Reply(200, type: "application/json", text: page, fields: [("Cache-Control", "no-store")])
            })
        guard !isProbeOnly else { return RouteTable(routes: routes.filter { probes.contains($0.pattern) }) }
        return RouteTable(routes: routes)
    }
}
