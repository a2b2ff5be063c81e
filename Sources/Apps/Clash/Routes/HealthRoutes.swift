import FreshetCore
import FreshetDocument

/// How the work of keeping documents fresh fares, in the shape of the replaced system's worker.
struct HealthRoutes: Sendable {
    /// `GET /health`.
    func health(_ request: AppRequest) async -> AppReply {
        let services = request.services
        let time = services.clock.now().rfc3339
        do {
            let depth = try await services.store.depth(source: ClashApp.name)
            return AppReply(
                body: JSONWriter.object { json in
                    json.field("status", "healthy")
                    json.field("queue_size", Self.size(depth))
                    json.field("database", "connected")
                    json.field("timestamp", time)
                })
        } catch {
            return AppReply(
                500,
                body: JSONWriter.object { json in
                    json.field("status", "unhealthy")
                    json.field("error", "\(error)")
                    json.field("timestamp", time)
                })
        }
    }

    /// `GET /worker/metrics`: the numbers that the replaced worker sent, under their names.
    func metrics(_ request: AppRequest) async throws -> AppReply {
        let depth = try await request.services.store.depth(source: ClashApp.name)
        return AppReply(
            body: JSONWriter.object { json in
                json.field("namespace", "CoC/RefreshWorker")
                json.field("timestamp", request.services.clock.now().rfc3339)
                json.key("metrics")
                json.beginObject()
                json.field("ProcessedRequests", depth.total(.done))
                json.field("ProcessingErrors", depth.total(.dead))
                json.field("QueueSize", Self.size(depth))
                for priority in Priority.allCases {
                    let name = priority.name.prefix(1).uppercased() + priority.name.dropFirst()
                    json.field("QueueSize_\(name)Priority", Self.size(depth, of: priority))
                }
                json.endObject()
            })
    }

    /// Jobs that are to be done; those that are done do not count, so an idle queue has none.
    private static func size(_ depth: QueueDepth, of priority: Priority? = nil) -> Int {
        [RefreshJob.State.ready, .waiting, .leased].reduce(0) { sum, state in
            sum + (priority.map { depth.counts[state]?[$0] ?? 0 } ?? depth.total(state))
        }
    }
}
