import FreshetCore
import FreshetEngine

/// Reports of the engine as JSON.
enum ReportJSON {
    static func failure(_ note: FailureNote?) -> JSONValue {
        guard let note else { return .null }
        return .object([
            ("kind", .string(note.kind)), ("message", .string(note.message)), ("at", .time(note.at)),
            ("http_status", .int(note.status)), ("count", .number(Int64(note.count))),
        ])
    }

    static func job(_ job: RefreshJob?) -> JSONValue {
        guard let job else { return .null }
        return .object([
            ("job", .number(job.id)), ("state", .string(job.state.rawValue)),
            ("source", .string(job.document.dataset.source)), ("dataset", .string(job.document.dataset.name)),
            ("key", .string(job.document.key)), ("priority", .string(job.priority.name)),
            ("cause", .string(job.cause)), ("attempts", .number(Int64(job.attempts))),
            ("heat", .number(Int64(job.heat))), ("enqueued_at", .time(job.enqueuedAt)),
            ("not_before", .time(job.notBefore)), ("finished_at", .time(job.finishedAt)),
            ("last_error", failure(job.lastError)),
        ])
    }

    static func state(_ state: DocumentState?, now: Timestamp) -> JSONValue {
        guard let state else { return .null }
        return .object([
            ("presence", .string(state.presence.rawValue)), ("version", .number(Int64(state.version))),
            ("is_stale", .bool(state.isStale(at: now))), ("last_updated", .time(state.lastUpdated)),
            ("checked_at", .time(state.checkedAt)), ("changed_at", .time(state.changedAt)),
            ("fresh_until", .time(state.freshUntil)), ("origin", .string(state.origin.rawValue)),
            ("not_found_in_a_row", .number(Int64(state.consecutiveNotFound))),
            ("last_error", failure(state.failure)),
        ])
    }

    static func why(_ report: WhyReport, now: Timestamp) -> JSONValue {
        .object([
            ("source", .string(report.id.dataset.source)), ("dataset", .string(report.id.dataset.name)),
            ("key", .string(report.id.key)), ("cause", .string(report.cause)), ("verdict", .string(report.verdict)),
            ("state", state(report.state, now: now)), ("job", job(report.job)),
            ("queue_position", .int(report.queuePosition)), ("next_run", .time(report.nextRun)),
            ("budget_block", .optional(report.budgetBlock)), ("plan", AdaptiveJSON.plan(report.plan)),
            ("source_status", report.source.map(source) ?? .null),
        ])
    }

    static func source(_ status: SourceStatus) -> JSONValue {
        .object([
            ("source", .string(status.name)), ("health", .string(status.health.rawValue)),
            ("reason", .optional(status.reason)), ("condition", .optional(status.condition)),
            ("since", .time(status.since)), ("until", .time(status.until)), ("breaker", .string(status.breaker)),
            ("maintenance_since", .time(status.maintenanceSince)), ("in_flight", .number(Int64(status.inFlight))),
            ("last_success", .time(status.lastSuccess)), ("last_error", failure(status.lastFailure)),
            ("keys", .array(status.keys.map(key))),
            (
                "budgets",
                .array(
                    status.budgets.map { line in
                        .object([
                            ("scope", .string(line.scope)), ("subject", .string(line.subject)),
                            ("calls", .number(Int64(line.calls))), ("per_seconds", .decimal(line.per.inSeconds)),
                            ("used", .number(Int64(line.used))),
                            ("left", .number(Int64(max(0, line.calls - line.used)))),
                        ])
                    })
            ),
        ])
    }

    static func key(_ line: KeyLine) -> JSONValue {
        .object([
            ("key_id", .string(line.id)), ("state", .string(line.state)), ("reason", .optional(line.reason)),
            ("returns_at", .time(line.returnsAt)), ("calls", .number(Int64(line.calls))),
        ])
    }

    static func queue(_ depth: QueueDepth, now: Timestamp) -> JSONValue {
        .object(
            RefreshJob.State.allCases.map { state in
                (
                    state.rawValue,
                    .object(Priority.allCases.map { ($0.name, .number(Int64(depth.counts[state]?[$0] ?? 0))) })
                )
            } + [
                (
                    "oldest_ready_seconds",
                    .object(
                        Priority.allCases.map { priority in
                            (
                                priority.name,
                                .int(depth.oldestReady[priority].map { Int((now - $0).components.seconds) })
                            )
                        })
                )
            ])
    }

    static func status(_ report: StatusReport) -> JSONValue {
        .object([
            ("at", .time(report.at)), ("started_at", .time(report.startedAt)),
            ("store_problem", .optional(report.storeProblem)),
            ("sources", .array(report.sources.map(source))),
            ("datasets", .array(report.datasets.map { census($0.id, $0.census, report.attempts[$0.id]) })),
            ("freshness", .array(report.freshness.map(AdaptiveJSON.freshness))),
            (
                "tables",
                .array(
                    report.tables.map { tables in
                        .object([
                            ("source", .string(tables.id.source)), ("dataset", .string(tables.id.name)),
                            ("stopped", .optional(tables.stop?.message)),
                            ("quality", .array(tables.quality.map(RowsJSON.quality))),
                        ])
                    })
            ),
            (
                "destinations",
                .array(
                    report.outbox.map { line in
                        .object([
                            ("destination", .string(line.destination)), ("waiting", .number(Int64(line.waiting))),
                            ("oldest", .time(line.oldest)),
                        ])
                    })
            ),
            ("webhooks", .array(report.webhooks.map(WebhookRoutes.json))),
            ("queue", queue(report.queue, now: report.at)), ("auto_refresh", .bool(report.autoRefresh)),
            ("cluster", report.cluster.map(cluster) ?? .null),
        ])
    }

    private static func cluster(_ report: ClusterReport) -> JSONValue {
        .object([
            ("member", .string(report.member)), ("role", .string(report.role.rawValue)),
            ("queue", .string(report.queue)), ("store_problem", .optional(report.storeProblem)),
            ("coordinator_problem", .optional(report.coordinatorProblem)),
            (
                "members",
                .array(
                    report.members.map { member in
                        .object([
                            ("name", .string(member.name)), ("role", .string(member.role)),
                            ("host", .string(member.host)), ("pid", .number(Int64(member.pid))),
                            ("version", .string(member.version)), ("started_at", .time(member.startedAt)),
                            ("last_seen", .time(member.seenAt)),
                            ("duties", .array(member.duties.map { .string($0) })),
                        ])
                    })
            ),
        ])
    }

    private static func census(_ id: DatasetID, _ census: DatasetCensus, _ attempts: DatasetAttempts?) -> JSONValue {
        .object([
            ("source", .string(id.source)), ("dataset", .string(id.name)), ("live", .number(Int64(census.live))),
            ("stale", .number(Int64(census.stale))), ("missing", .number(Int64(census.missing))),
            ("gone", .number(Int64(census.gone))), ("unknown", .number(Int64(census.unknown))),
            ("bytes", .number(Int64(census.bytes))), ("oldest", .time(census.oldest)),
            ("last_success", .time(attempts?.lastSuccess)), ("last_error", failure(attempts?.lastFailure)),
        ])
    }
}
