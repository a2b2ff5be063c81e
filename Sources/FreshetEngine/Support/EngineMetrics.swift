import FreshetCore

/// The metrics that the engine counts, and what they mean.
enum EngineMetrics {
    static func describe(_ metrics: MetricsRegistry) {
        let counters = [
            ("freshet_refreshes_total", "Refreshes by outcome."),
            ("freshet_upstream_requests_total", "Calls sent upstream, by key and by status or failure."),
            ("freshet_events_total", "Events written to the log."),
            ("freshet_orphans_total", "Refreshes that lost their worker and ran again."),
            ("freshet_store_errors_total", "Store calls that failed."),
            ("freshet_app_errors_total", "Documents that an app could make nothing of."),
            ("freshet_passes_total", "Requests passed on live."),
            ("freshet_rows_written_total", "Rows of tables by what became of them."),
            ("freshet_schema_changes_total", "Changes of table schemas."),
            ("freshet_queue_switches_total", "Moves of the queue between the store and the line of the coordinator."),
            ("freshet_missed_schedules_total", "Scheduled runs that were skipped, by reason."),
        ]
        for (name, help) in counters { metrics.describe(name, type: "counter", help: help) }
        // Without labels there is nothing to wait for: zero is a value, and an alert can rest on it.
        for name in [
            "freshet_events_total", "freshet_orphans_total", "freshet_store_errors_total", "freshet_app_errors_total",
        ] {
            metrics.increment(name, by: 0)
        }
        let gauges = [
            ("freshet_rows_last", "Rows that the last refresh brought."),
            ("freshet_rows_null_ratio", "Share of cells without a value in the last refresh's rows, 0 to 1."),
            ("freshet_rows_lag_seconds", "From stale to stored, last refresh."),
            ("freshet_tables_stopped", "1 while the dataset's tables take no rows."),
        ]
        for (name, help) in gauges { metrics.describe(name, type: "gauge", help: help) }
        metrics.describe(
            "freshet_refresh_seconds", type: "histogram", help: "From lease to commit of a refresh.")
        metrics.describe(
            "freshet_queue_wait_seconds", type: "histogram", help: "From due to leased, by priority.")
    }
}
