import FreshetCore
import FreshetDocument

/// The refresh by hand.
struct OecRefresh: Sendable {
    let runner: OecRunner

    /// How long a client waits unless it says otherwise; the seed made it wait until the end.
    static let patience = 30
    private static let pace = Duration.milliseconds(200)

    func answer(_ request: AppRequest) async throws -> AppReply {
        let wait = request.parameter("wait").map { Int($0) } ?? Self.patience
        guard let wait, (0...120).contains(wait) else {
            return OecAnswers.problem(400, "wait is not a number of seconds from 0 to 120.", "Write ?wait=30.")
        }
        let (services, options) = (runner.services, runner.options)
        let began = services.clock.now()
        let ids = OecCatalogue.products.map { OecSource.id(product: $0.id, year: options.year) }
        for id in ids {
            _ = try await services.refresh(EnqueueRequest(document: id, priority: .high, cause: "operator"))
        }
        let deadline = services.clock.monotonic() + .seconds(wait)
        var done = 0
        repeat {
            try await runner.follow()
            done = runner.matrix.rows.count { $0.checkedAt.map { $0 >= began } ?? false }
            if done == ids.count || services.clock.monotonic() >= deadline { break }
            try? await services.clock.sleep(for: Self.pace)
        } while !Task.isCancelled
        return reply(done: done, of: ids.count, since: began)
    }

    private func reply(done: Int, of count: Int, since began: Timestamp) -> AppReply {
        let report = OecReport(runner)
        let failed = report.matrix.rows.count { row in
            row.failure != nil && row.checkedAt.map { $0 >= began } ?? false
        }
        let (status, message) =
            if done < count {
                ("pending", "\(done) of \(count) products have been asked for; the others follow in the background")
            } else if failed > 0 {
                ("error", "\(failed) of \(count) products could not be refreshed; what was known of them is kept")
            } else {
                ("success", "Export data refreshed successfully")
            }
        return OecAnswers.json(status == "pending" ? 202 : 200) { json in
            json.field("status", status)
            json.field("message", message)
            json.key("cache_stats")
            report.writeCache(to: &json)
            report.writeDetails(to: &json)
        }
    }
}
