import FreshetCore
import FreshetEngine

/// `GET /v1/{source}/{dataset}`: the keys held, with age and state.
struct KeyRoutes: Sendable {
    let reader: DocumentReader

    func list(_ exchange: Exchange) async throws -> Reply {
        let dataset = try reader.dataset(exchange)
        try exchange.allowParameters(["cursor", "limit"])
        let limit = try exchange.number("limit", in: 1...1000, default: 100)
        let cursor = try exchange.parameter("cursor")
        // One more than asked for tells whether there is a next page.
        let asked = min(1000, limit + 1)
        let keys = try await reader.service.store.keys(of: dataset.config.id, after: cursor, limit: asked)
        let page = keys.prefix(limit)
        let hasMore = keys.count > limit || (asked == limit && keys.count == limit)
        let next = hasMore ? page.last?.key : nil
        let id = dataset.config.id
        let items = page.map { item($0, id, exchange.now) }
        var fields = [("Cache-Control", "no-store")]
        if let next {
            let encoded = PercentEncoding.encode(next)
            fields.append(("Link", "</v1/\(id.source)/\(id.name)?cursor=\(encoded)&limit=\(limit)>; rel=\"next\""))
        }
        return .json(
            200,
            .object([
                ("source", .string(id.source)), ("dataset", .string(id.name)), ("keys", .array(items)),
                ("next_cursor", .optional(next)),
            ]), fields.map { (name: $0.0, value: $0.1) })
    }

    private func item(_ summary: KeySummary, _ id: DatasetID, _ now: Timestamp) -> JSONValue {
        let state = summary.state
        return .object([
            ("key", .string(summary.key)),
            ("path", .string("/v1/\(id.source)/\(id.name)/\(DatasetConfig.publicPath(forKey: summary.key))")),
            ("state", .string(state.presence.rawValue)),
            ("is_stale", .bool(state.isStale(at: now))),
            ("age_seconds", .int(state.lastUpdated.map { Int(max(0, (now - $0).components.seconds)) })),
            ("last_updated", .time(state.lastUpdated)), ("checked_at", .time(state.checkedAt)),
            ("changed_at", .time(state.changedAt)), ("version", .number(Int64(state.version))),
            ("bytes", .number(Int64(summary.bytes))), ("origin", .string(state.origin.rawValue)),
            ("last_error", .optional(state.failure?.kind)),
        ])
    }
}
