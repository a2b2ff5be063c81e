import FreshetCore
import FreshetEngine
import Synchronization

/// The Prometheus text of `/metrics`: what the engine counts, and what is looked up when asked.
struct MetricsPage: Sendable {
    let service: any MirrorService
    let lanes: [LaneCounters]
    let router: RouterCounters
    let build: BuildInfo

    func text(_ status: StatusReport?, now: Timestamp) -> String {
        var page = MetricsText()
        reads(&page)
        catalog(&page)
        process(&page, status, now)
        if let status {
            datasets(&page, status, now)
            page.adaptive(status.freshness)
            queue(&page, status, now)
            sources(&page, status)
            webhooks(&page, status, now)
        }
        return service.metrics.prometheusText() + page.text
    }

    private func reads(_ page: inout MetricsText) {
        let lane = lanes.reduce(into: (hits: Int64(0), notModified: Int64(0), bytes: Int64(0))) { sum, counters in
            sum.hits += counters.hits.current
            sum.notModified += counters.notModified.current
            sum.bytes += counters.bytes.current
        }
        page.family("freshet_lane_reads_total", "counter", "Reads answered by the fast lane.")
        page.sample("freshet_lane_reads_total", [("outcome", "hit")], Double(lane.hits - lane.notModified))
        page.sample("freshet_lane_reads_total", [("outcome", "not-modified")], Double(lane.notModified))
        page.one("freshet_lane_sent_bytes_total", "counter", "Bytes of the fast lane's answers.", Double(lane.bytes))
        page.one(
            "freshet_lane_detours_total", "counter", "Requests that the fast lane handed to the router.",
            Double(lanes.reduce(0) { $0 + $1.detours.current }))
        page.one(
            "freshet_lane_demotions_total", "counter", "Connections that left the fast lane for good.",
            Double(lanes.reduce(0) { $0 + $1.demotions.current }))
        page.family("freshet_read_seconds", "histogram", "Time from bytes read to answer written, fast lane.")
        var total: Int64 = 0
        let sums = lanes.map { $0.buckets.current }
        for index in 0...LaneCounters.bounds.count {
            total += sums.reduce(0) { $0 + $1[index] }
            let bound = index < LaneCounters.bounds.count ? String(Double(LaneCounters.bounds[index]) / 1e9) : "+Inf"
            page.sample("freshet_read_seconds_bucket", [("le", bound)], Double(total))
        }
        let time = Double(lanes.reduce(0) { $0 + $1.nanoseconds.current }) / 1e9
        page.sample("freshet_read_seconds_sum", [], time)
        page.sample("freshet_read_seconds_count", [], Double(total))
        let routed = router.current
        page.family("freshet_router_requests_total", "counter", "Requests answered by the router, by kind of status.")
        for status in 1...5 {
            page.sample("freshet_router_requests_total", [("outcome", "\(status)xx")], Double(routed.byClass[status]))
        }
        page.one("freshet_router_seconds_total", "counter", "Time the router's answers took.", routed.seconds)
    }

    private func webhooks(_ page: inout MetricsText, _ status: StatusReport, _ now: Timestamp) {
        guard !status.webhooks.isEmpty else { return }
        page.family(
            "freshet_webhook_phase", "gauge", "How a webhook stands: 0 active, 1 retrying, 2 parked, 3 disabled.")
        for webhook in status.webhooks {
            let phase = WebhookStatus.Phase.allCases.firstIndex(of: webhook.phase) ?? 0
            page.sample("freshet_webhook_phase", [("webhook", webhook.name)], Double(phase))
        }
        page.family(
            "freshet_webhook_lag_seconds", "gauge", "The age of the event that a webhook is at, 0 when none waits.")
        for webhook in status.webhooks {
            let lag = webhook.waitingSince.map { max(0, (now - $0).inSeconds) } ?? 0
            page.sample("freshet_webhook_lag_seconds", [("webhook", webhook.name)], lag)
        }
        page.family(
            "freshet_webhook_behind_events", "gauge", "Events in the log behind a webhook's place, wanted or not.")
        for webhook in status.webhooks {
            page.sample("freshet_webhook_behind_events", [("webhook", webhook.name)], Double(webhook.behind))
        }
    }

    private func catalog(_ page: inout MetricsText) {
        let held = service.catalog.statistics
        page.one("freshet_catalog_documents", "gauge", "Documents held in memory.", Double(held.entries))
        page.one("freshet_catalog_bytes", "gauge", "Bytes held in memory.", Double(held.bytes))
        page.one("freshet_catalog_limit_bytes", "gauge", "The bound on them.", Double(held.limit))
        page.one("freshet_catalog_paths", "gauge", "Request targets the fast lane knows.", Double(held.paths))
        page.one("freshet_catalog_hits_total", "counter", "Reads answered from memory.", Double(held.hits))
        page.one(
            "freshet_catalog_misses_total", "counter", "Lookups that found nothing in memory.", Double(held.misses))
        page.one(
            "freshet_catalog_evictions_total", "counter", "Documents that left for others.", Double(held.evictions))
    }

    private func process(_ page: inout MetricsText, _ status: StatusReport?, _ now: Timestamp) {
        let figures = ProcessFigures.now(directory: service.configuration.dataDirectory)
        page.one("freshet_process_cpu_seconds_total", "counter", "CPU time used.", figures.cpuSeconds)
        page.one(
            "freshet_process_resident_memory_bytes", "gauge", "Memory in use.", figures.residentBytes.map(Double.init))
        page.one("freshet_process_open_fds", "gauge", "Open files and sockets.", figures.openFiles.map(Double.init))
        page.one("freshet_process_max_fds", "gauge", "How many may be open.", figures.fileLimit.map(Double.init))
        page.one(
            "freshet_disk_free_bytes", "gauge", "Room left on the disk of data_dir.", figures.diskFree.map(Double.init))
        page.one("freshet_disk_total_bytes", "gauge", "The size of that disk.", figures.diskTotal.map(Double.init))
        if let status {
            page.one(
                "freshet_process_start_time_seconds", "gauge", "When the process started, since the Unix epoch.",
                Double(status.startedAt.microseconds) / 1e6)
        }
        page.family("freshet_build_info", "gauge", "Which Freshet this is.")
        page.sample("freshet_build_info", [("version", build.version), ("commit", build.commit ?? "")], 1)
        page.one(
            "freshet_store_writable", "gauge", "Whether the store can be written.", status?.storeProblem == nil ? 1 : 0)
    }

    private func datasets(_ page: inout MetricsText, _ status: StatusReport, _ now: Timestamp) {
        let figures: [(name: String, help: String, value: (DatasetCensus) -> Int)] = [
            ("freshet_documents", "Documents with a good body.", { $0.live }),
            ("freshet_documents_stale", "Of these, the stale ones.", { $0.stale }),
            ("freshet_documents_missing", "Remembered 404s.", { $0.missing }),
            ("freshet_documents_gone", "Once known, 404 by now.", { $0.gone }),
            ("freshet_documents_unknown", "Asked for, never fetched with success.", { $0.unknown }),
            ("freshet_documents_bytes", "Bytes of current bodies.", { $0.bytes }),
        ]
        for figure in figures {
            page.family(figure.name, "gauge", figure.help)
            for (id, census) in status.datasets { page.sample(figure.name, labels(id), Double(figure.value(census))) }
        }
        page.family("freshet_oldest_age_seconds", "gauge", "Age of the oldest document with a good body.")
        for (id, census) in status.datasets {
            if let oldest = census.oldest {
                page.sample("freshet_oldest_age_seconds", labels(id), max(0, (now - oldest).inSeconds))
            }
        }
    }

    private func labels(_ id: DatasetID) -> [MetricsRegistry.Label] { [("source", id.source), ("dataset", id.name)] }

    private func queue(_ page: inout MetricsText, _ status: StatusReport, _ now: Timestamp) {
        for state in [RefreshJob.State.ready, .waiting, .leased, .dead] {
            let name = "freshet_queue_\(state.rawValue)"
            page.family(name, "gauge", "Refreshes that are \(state.rawValue).")
            for priority in Priority.allCases {
                page.sample(name, [("priority", priority.name)], Double(status.queue.counts[state]?[priority] ?? 0))
            }
        }
        page.family("freshet_queue_oldest_seconds", "gauge", "How long the longest waiting ready refresh has waited.")
        for priority in Priority.allCases {
            let since = status.queue.oldestReady[priority]
            page.sample(
                "freshet_queue_oldest_seconds", [("priority", priority.name)],
                since.map { max(0, (now - $0).inSeconds) } ?? 0)
        }
    }

    private func sources(_ page: inout MetricsText, _ status: StatusReport) {
        page.family("freshet_breaker_state", "gauge", "0 closed, 1 half open, 2 open.")
        for source in status.sources {
            let state: Double = source.breaker == "closed" ? 0 : source.breaker == "half-open" ? 1 : 2
            page.sample("freshet_breaker_state", [("source", source.name)], state)
        }
        page.family("freshet_source_up", "gauge", "1 calls go, 0.5 limited, 0 none go.")
        for source in status.sources {
            let value: Double = source.health == .ok ? 1 : source.health == .limited ? 0.5 : 0
            page.sample("freshet_source_up", [("source", source.name)], value)
        }
        page.family("freshet_source_in_flight", "gauge", "Calls under way.")
        for source in status.sources {
            page.sample("freshet_source_in_flight", [("source", source.name)], Double(source.inFlight))
        }
        budgets(&page, status)
        page.family("freshet_key_usable", "gauge", "Whether a key takes calls.")
        for source in status.sources {
            for key in source.keys {
                page.sample(
                    "freshet_key_usable", [("source", source.name), ("key_id", key.id)], key.state == "ok" ? 1 : 0)
            }
        }
    }

    /// The labels of the contract have no room for the window, so that it is part of the name.
    private func budgets(_ page: inout MetricsText, _ status: StatusReport) {
        var families: [String: [(labels: [MetricsRegistry.Label], left: Int)]] = [:]
        for source in status.sources {
            for line in source.budgets {
                let milliseconds = line.per.microseconds / 1000
                let window = milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
                var labels: [MetricsRegistry.Label] = [("source", source.name)]
                if line.scope == "endpoint" { labels.append(("dataset", line.subject)) }
                if line.scope == "key" { labels.append(("key_id", line.subject)) }
                let (name, left) = ("freshet_budget_left_\(line.scope)_\(window)", max(0, line.calls - line.used))
                // A declared window and one that upstream told of may have one length: what is left is the lesser.
                var lines = families[name] ?? []
                let earlier = lines.firstIndex { other in
                    other.labels.elementsEqual(labels) { $0.name == $1.name && $0.value == $1.value }
                }
                if let earlier {
                    lines[earlier].left = min(lines[earlier].left, left)
                } else {
                    lines.append((labels, left))
                }
                families[name] = lines
            }
        }
        for (name, lines) in families.sorted(by: { $0.key < $1.key }) {
            page.family(name, "gauge", "Calls left in the window.")
            for line in lines { page.sample(name, line.labels, Double(line.left)) }
        }
    }
}

/// Puts Prometheus text together.
struct MetricsText {
    private(set) var text = ""

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [MetricsRegistry.Label], _ value: Double) {
        let list = labels.map { "\($0.name)=\"\(MetricsText.escape($0.value))\"" }.joined(separator: ",")
        let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
        text += "\(name)\(list.isEmpty ? "" : "{\(list)}") \(number)\n"
    }

    /// A family of one sample without labels; nothing when there is no value.
    mutating func one(_ name: String, _ type: String, _ help: String, _ value: Double?) {
        guard let value else { return }
        family(name, type, help)
        sample(name, [], value)
    }

    private static func escape(_ text: String) -> String {
        String(
            text.flatMap { $0 == "\\" ? Array("\\\\") : $0 == "\"" ? Array("\\\"") : $0 == "\n" ? Array("\\n") : [$0] })
    }
}
