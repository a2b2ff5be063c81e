import FreshetCore
import FreshetEngine
import Logging

/// `/admin/queue/backup` and `/admin/queue/restore`: the queue out of one store and into another.
struct QueueBackupRoutes: Sendable {
    let service: any MirrorService
    let logger: Logger

    /// Every unfinished and dead job, as JSON lines.
    func backup(_ exchange: Exchange) async throws -> Reply {
        try exchange.allowParameters([])
        let jobs = try await QueueBackup.jobs(of: service.store)
        return Reply(
            200, type: "application/x-ndjson", text: QueueBackup.text(jobs, takenAt: exchange.now),
            fields: [("Cache-Control", "no-store")])
    }

    /// Merges a backup into the queue, after the whole of it was checked.
    func restore(_ exchange: Exchange) async throws -> Reply {
        let bytes = try await exchange.collectBody(upTo: QueueBackup.maxBytes)
        let jobs: [RefreshJob]
        do throws(QueueBackup.Faults) {
            jobs = try QueueBackup.jobs(bytes, configuration: service.configuration)
        } catch {
            let more = error.total - error.sentences.count
            throw Problem(
                400, "bad-backup",
                "Nothing was restored: " + error.sentences.joined(separator: "; ")
                    + (more > 0 ? "; and \(more) more" : "") + ".",
                members: [("lines", .array(error.sentences.map { .string($0) }))])
        }
        let result = try await service.store.restore(jobs, now: exchange.now)
        if result.added + result.raised > 0 {
            service.jobsChanged()
            logger.notice(
                "A backup of the queue was restored",
                metadata: [
                    "component": "admin", "added": "\(result.added)", "raised": "\(result.raised)",
                    "kept": "\(result.kept)",
                ])
        }
        return .json(
            200,
            .object([
                ("added", .number(Int64(result.added))), ("raised", .number(Int64(result.raised))),
                ("kept", .number(Int64(result.kept))),
            ]), [("Cache-Control", "no-store")])
    }
}
