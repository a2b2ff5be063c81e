import FreshetCore
import FreshetEngine

/// Probes and numbers: `/livez`, `/readyz`, `/health`, `/metrics`, `/version`.
struct OperationsRoutes: Sendable {
    let service: any MirrorService
    let metrics: MetricsPage
    let build: BuildInfo

    func live(_ exchange: Exchange) async throws -> Reply {
        Reply(200, type: "text/plain; charset=utf-8", text: "ok\n", fields: [("Cache-Control", "no-store")])
    }

    /// Ready means that reads can be served: the server listens, and the store answers, or memory does among several processes.
    ///
    /// Upstreams do not count.
    func ready(_ exchange: Exchange) async throws -> Reply {
        do {
            try await service.readiness()
        } catch {
            throw Problem(503, "not-ready", "Reads cannot be served: \(error)", fields: [("Retry-After", "2")])
        }
        return Reply(200, type: "text/plain; charset=utf-8", text: "ready\n", fields: [("Cache-Control", "no-store")])
    }

    func version(_ exchange: Exchange) async throws -> Reply {
        .json(
            200,
            .object([
                ("name", .string("freshet")), ("version", .string(build.version)), ("commit", .optional(build.commit)),
            ]), [("Cache-Control", "no-store")])
    }

    func health(_ exchange: Exchange) async throws -> Reply {
        let report = HealthReport.make(try? await service.status(), build: build, now: exchange.now)
        return Reply(
            report.status == .fail ? 503 : 200, type: "application/health+json", text: report.json.text + "\n",
            fields: [("Cache-Control", "no-store")])
    }

    func numbers(_ exchange: Exchange) async throws -> Reply {
        let status = try? await service.status()
        return Reply(
            200, type: "text/plain; version=0.0.4; charset=utf-8", text: metrics.text(status, now: exchange.now),
            fields: [("Cache-Control", "no-store")])
    }
}

/// Which Freshet this is.
struct BuildInfo: Sendable {
    /// Such as `0.1.0`.
    var version: String
    /// The revision it was built from, if known.
    var commit: String?
}
