import FreshetCore
import FreshetEngine

/// `application/health+json`: one check per source, the store and the queue.
///
/// An upstream that is down is a warning: Freshet goes on answering.
struct HealthReport {
    enum Status: String, Comparable {
        case pass, warn, fail

        static func < (a: Status, b: Status) -> Bool { a.rank < b.rank }
        private var rank: Int { self == .pass ? 0 : self == .warn ? 1 : 2 }
    }

    private struct Check {
        var name: String
        var type: String
        var status: Status
        var output: String?
        var value: Int?
    }

    private(set) var status = Status.pass
    private var checks: [Check] = []
    private let build: BuildInfo
    private let now: Timestamp

    /// `report`: `nil` when the store did not answer.
    static func make(_ report: StatusReport?, build: BuildInfo, now: Timestamp) -> HealthReport {
        var health = HealthReport(build: build, now: now)
        guard let report else {
            health.add(
                Check(name: "store:availability", type: "datastore", status: .fail, output: "the store does not answer")
            )
            return health
        }
        health.add(
            Check(
                name: "store:availability", type: "datastore", status: report.storeProblem == nil ? .pass : .warn,
                output: report.storeProblem))
        if let cluster = report.cluster { health.add(cluster) }
        if !report.autoRefresh {
            health.add(
                Check(
                    name: "queue:autoRefresh", type: "component", status: .warn,
                    output: "stale reads and schedules enqueue nothing: automatic refreshes are switched off"))
        }
        let dead = report.queue.total(.dead)
        health.add(
            Check(
                name: "queue:deadLetters", type: "component", status: dead == 0 ? .pass : .warn,
                output: dead == 0 ? nil : "\(dead) refreshes were given up on; see /admin/queue?state=dead", value: dead
            ))
        for source in report.sources {
            health.add(
                Check(
                    name: "source:\(source.name)", type: "component", status: source.health == .ok ? .pass : .warn,
                    output: source.reason))
        }
        for line in report.outbox {
            // Rows are sent every minute or so; an hour means that the warehouse does not take them.
            let isLate = line.oldest.map { now - $0 > .seconds(3600) } ?? false
            health.add(
                Check(
                    name: "destination:\(line.destination)", type: "datastore", status: isLate ? .warn : .pass,
                    output: isLate ? "rows wait since \(line.oldest?.rfc3339 ?? ""); the log says why" : nil,
                    value: line.waiting))
        }
        for found in report.freshness {
            health.add(
                Check(
                    name: "freshness:\(found.id)", type: "component", status: found.alarm == nil ? .pass : .warn,
                    output: found.alarm))
        }
        for webhook in report.webhooks { health.add(webhook) }
        for tables in report.tables {
            let rejected = tables.quality.reduce(0) { $0 + ($1.effect?.rejected ?? 0) }
            health.add(
                Check(
                    name: "tables:\(tables.id)", type: "component", status: tables.stop == nil ? .pass : .warn,
                    output: tables.stop?.message
                        ?? (rejected == 0 ? nil : "\(rejected) rows of the last refresh were rejected"),
                    value: tables.quality.isEmpty ? nil : tables.quality.reduce(0) { $0 + $1.rows }))
        }
        return health
    }

    private init(build: BuildInfo, now: Timestamp) { (self.build, self.now) = (build, now) }

    /// An endpoint that others run: what it does not take is no fault of ours, but somebody should know.
    private mutating func add(_ webhook: WebhookStatus) {
        add(
            Check(
                name: "webhook:\(webhook.name)", type: "component", status: webhook.phase == .active ? .pass : .warn,
                output: webhook.phase == .active
                    ? nil : "\(webhook.phase.rawValue) at \(webhook.place.text): \(webhook.lastError ?? "")",
                value: Int(clamping: webhook.behind)))
    }

    /// The other processes, and what stands between them.
    private mutating func add(_ cluster: ClusterReport) {
        add(
            Check(
                name: "cluster:members", type: "component", status: .pass,
                output: cluster.members.map { "\($0.name) (\($0.role))" }.joined(separator: ", "),
                value: cluster.members.count))
        add(
            Check(
                name: "cluster:store", type: "datastore", status: cluster.storeProblem == nil ? .pass : .warn,
                output: cluster.storeProblem.map { "\($0); reads are answered from memory" }))
        add(
            Check(
                name: "cluster:coordinator", type: "datastore",
                status: cluster.coordinatorProblem == nil ? .pass : .warn,
                output: cluster.coordinatorProblem ?? "the queue is in the \(cluster.queue)"))
    }

    /// What is not as it should be, sources aside.
    var warnings: [(name: String, text: String)] {
        checks.filter { $0.status != .pass && !$0.name.hasPrefix("source:") }.map { ($0.name, $0.output ?? "") }
    }

    private mutating func add(_ check: Check) {
        checks.append(check)
        status = max(status, check.status)
    }

    var json: JSONValue {
        .object([
            ("status", .string(status.rawValue)), ("version", .string(build.version)),
            ("serviceId", .string("freshet")),
            (
                "checks",
                .object(
                    checks.map { check in
                        var fields: [(String, JSONValue)] = [
                            ("componentType", .string(check.type)), ("status", .string(check.status.rawValue)),
                            ("time", .time(now)),
                        ]
                        if let value = check.value { fields.append(("observedValue", .number(Int64(value)))) }
                        if let output = check.output { fields.append(("output", .string(output))) }
                        return (check.name, .array([.object(fields)]))
                    })
            ),
        ])
    }
}
