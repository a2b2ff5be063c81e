/// How many calls a source's schedules ask for, against what its limits allow.
public struct CallPlan: Sendable, Hashable {
    /// One scheduled dataset.
    public struct Demand: Sendable, Hashable {
        /// The dataset.
        public var dataset: DatasetID
        /// How many keys it refreshes.
        public var keys: Int
        /// Refreshes of one key in an average day.
        public var runsPerDay: Double
        /// Calls in an average day.
        public var callsPerDay: Double
        /// The priority of its refreshes.
        public var priority: Priority
    }

    /// One declared limit; for scope endpoint one for each dataset with a schedule.
    public struct Load: Sendable, Hashable {
        /// Such as `40 per PT1S for each key`.
        public var limit: String
        /// Calls a day that it allows, over all keys or accounts.
        public var allowedPerDay: Double
        /// Calls a day that fall under it.
        public var demandPerDay: Double
        /// The share of the limit in use, 1 being all of it.
        public var share: Double
    }

    /// What falls on one key.
    public struct KeyShare: Sendable, Hashable {
        /// The ``Credential/id``.
        public var keyID: String
        /// Calls in an average day.
        public var callsPerDay: Double
    }

    /// The source.
    public let source: String
    /// Scheduled datasets, by name.
    public let demands: [Demand]
    /// Limits, in the order of the configuration.
    public let loads: [Load]
    /// What falls on each key when it is spread evenly, in the order of the configuration.
    public let keys: [KeyShare]
    /// Sentences for what cannot be done; the schedule must be refused unless empty.
    public let impossible: [String]
    /// Sentences for limits that are used to more than 80 %.
    public let warnings: [String]

    /// Calls in an average day, all datasets together.
    public var callsPerDay: Double { demands.reduce(0) { $0 + $1.callsPerDay } }
}

extension CallPlan {
    /// Three tables for a terminal: datasets, keys, limits; then what is impossible and what is tight.
    public func render() -> String {
        var lines = ["source \(source): \(CallPlan.number(callsPerDay)) calls a day"]
        lines += CallPlan.table(
            ["dataset", "keys", "runs/day", "calls/day", "priority"],
            demands.map {
                [
                    $0.dataset.description, "\($0.keys)", CallPlan.number($0.runsPerDay),
                    CallPlan.number($0.callsPerDay), $0.priority.name,
                ]
            })
        lines += CallPlan.table(
            ["key", "calls/day"], keys.map { [$0.keyID, CallPlan.number($0.callsPerDay)] })
        lines += CallPlan.table(
            ["limit", "allowed/day", "asked/day", "share"],
            loads.map {
                [
                    $0.limit, CallPlan.number($0.allowedPerDay), CallPlan.number($0.demandPerDay),
                    CallPlan.percent($0.share),
                ]
            })
        lines += impossible.map { "impossible: \($0)" } + warnings.map { "warning: \($0)" }
        return lines.joined(separator: "\n")
    }

    static func percent(_ share: Double) -> String { number(share * 100) + " %" }

    /// Whole when large, one decimal when small, thousands apart.
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let tenths = Int((value * 10).rounded())
        if value < 100, tenths % 10 != 0 { return "\(tenths / 10).\(tenths % 10)" }
        var (digits, grouped) = (String(Int(value.rounded())), "")
        while digits.count > 3 {
            grouped = "," + digits.suffix(3) + grouped
            digits.removeLast(3)
        }
        return digits + grouped
    }

    /// The first column left, the others right; nothing at all without rows.
    private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
        guard !rows.isEmpty else { return [] }
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return [""]
            + all.map { row in
                let cells = row.enumerated().map { column, text in
                    let space = String(repeating: " ", count: widths[column] - text.count)
                    return column == 0 ? text + space : space + text
                }
                return "  " + cells.joined(separator: "  ")
            }
    }
}
