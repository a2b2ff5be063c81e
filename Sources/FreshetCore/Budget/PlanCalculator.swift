/// Works out a ``CallPlan``: a refresh counts as one call, and an average day as the measure.
public enum PlanCalculator {
    private static let day = 86_400.0
    /// Above this share of a limit the plan warns.
    public static let tight = 0.8

    /// Works out the plan of one source.
    ///
    /// - Parameters:
    ///   - source: Its limits, keys and reserve.
    ///   - datasets: Its datasets; those without a schedule are left out.
    ///   - keyCounts: How many keys each dataset refreshes; a list of keys counts itself when it is missing here.
    /// - Returns: The plan; it is impossible when its sentences say so.
    public static func plan(
        source: SourceConfig, datasets: [DatasetConfig], keys keyCounts: [DatasetID: Int] = [:]
    ) -> CallPlan {
        var (demands, impossible): ([CallPlan.Demand], [String]) = ([], [])
        for dataset in datasets.sorted(by: { $0.id < $1.id }) {
            guard let schedule = dataset.refresh else { continue }
            guard let runs = runsPerDay(schedule.timing) else {
                impossible.append("\(dataset.id) has a schedule that never runs or cannot be read")
                continue
            }
            var keys = keyCounts[dataset.id]
            if keys == nil, case .list(let listed) = schedule.selection { keys = listed.count }
            let count = keys ?? 0
            demands.append(
                CallPlan.Demand(
                    dataset: dataset.id, keys: count, runsPerDay: runs, callsPerDay: runs * Double(count),
                    priority: schedule.priority))
        }
        let judged = source.limits.flatMap { loads($0, source, demands) }
        impossible += judged.compactMap(\.problem)
        let keys = source.auth.keys.isEmpty ? [Credential.anonymous] : source.auth.keys
        let total = demands.reduce(0) { $0 + $1.callsPerDay }
        return CallPlan(
            source: source.name, demands: demands, loads: judged.map(\.load),
            keys: keys.map { CallPlan.KeyShare(keyID: $0.id, callsPerDay: total / Double(keys.count)) },
            impossible: impossible,
            warnings: judged.compactMap(\.warning))
    }

    /// How often a schedule runs in an average day; `nil` when never.
    public static func runsPerDay(_ timing: RefreshSchedule.Timing) -> Double? {
        switch timing {
        case .every(let period):
            // A month counts as a twelfth of 365.2425 days.
            let days = Double(period.months) * 365.2425 / 12 + Double(period.days) + period.time.inSeconds / day
            return days > 0 ? 1 / days : nil
        case .cron(let text, _):
            guard let expression = try? CronExpression(text) else { return nil }
            return runsPerDay(expression)
        }
    }

    /// Counts the runs of one matching day and the matching days of four years, without clock changes.
    private static func runsPerDay(_ cron: CronExpression) -> Double? {
        let (length, days): (Int64, Int64) = (86_400, 1461)
        let start = CivilDate(year: 2025, month: 1, day: 1).timestamp.seconds
        func next(_ second: Int64) -> Int64? { cron.next(after: Timestamp(seconds: second), zone: UTCRules())?.seconds }
        var (matching, runs, second) = (0, 0, start - 1)
        while let found = next(second), found < start + days * length {
            let end = start + ((found - start) / length + 1) * length
            if matching == 0 {
                var run: Int64? = found
                while let time = run, time < end { (runs, run) = (runs + 1, next(time)) }
            }
            (matching, second) = (matching + 1, end - 1)
        }
        return matching > 0 ? Double(matching * runs) / Double(days) : nil
    }

    private struct Judged {
        var load: CallPlan.Load
        var problem: String?
        var warning: String?
    }

    private static func loads(
        _ limit: LimitConfig, _ source: SourceConfig, _ demands: [CallPlan.Demand]
    ) -> [Judged] {
        let served = demands.filter { limit.datasets?.contains($0.dataset) ?? true }
        let window = "\(limit.calls) per \(LimitName.window(limit.per))"
        switch limit.scope {
        case .endpoint:
            return served.map { judge("\(window) for \($0.dataset)", limit, times: 1, source, [$0]) }
        case .ip: return [judge("\(window) for this address", limit, times: 1, source, served)]
        case .key:
            let keys = max(1, source.auth.keys.count)
            return [
                judge("\(window) for each of \(keys) key\(keys == 1 ? "" : "s")", limit, times: keys, source, served)
            ]
        case .account:
            let accounts = max(1, Set(source.auth.keys.map(\.account)).count)
            let name = accounts == 1 ? "the account" : "each of \(accounts) accounts"
            return [judge("\(window) for \(name)", limit, times: accounts, source, served)]
        }
    }

    private static func judge(
        _ name: String, _ limit: LimitConfig, times: Int, _ source: SourceConfig, _ demands: [CallPlan.Demand]
    ) -> Judged {
        let allowed = Double(limit.calls * times) * day / max(limit.per.inSeconds, 1e-9)
        let asked = demands.reduce(0) { $0 + $1.callsPerDay }
        let background = demands.filter { !$0.priority.mayUseReserve }.reduce(0) { $0 + $1.callsPerDay }
        let open = allowed * (1 - source.reserve)
        let load = CallPlan.Load(
            limit: name, allowedPerDay: allowed, demandPerDay: asked, share: allowed > 0 ? asked / allowed : 0)
        var judged = Judged(load: load)
        let advice = "refresh fewer keys, or less often"
        if asked > allowed {
            judged.problem =
                "\(names(demands)) ask for \(CallPlan.number(asked)) calls a day, but \(name) allows "
                + "\(CallPlan.number(allowed)): \(advice)"
        } else if background > open {
            judged.problem =
                "\(names(demands)) ask for \(CallPlan.number(background)) medium and low calls a day, but \(name) leaves "
                + "\(CallPlan.number(open)) beside the reserve of \(CallPlan.percent(source.reserve)): \(advice)"
        } else if asked > allowed * tight || background > open * tight {
            let share = max(asked / allowed, open > 0 ? background / open : 0)
            judged.warning = "\(name) is used to \(CallPlan.percent(share)) by schedules; little is left for readers"
        }
        return judged
    }

    private static func names(_ demands: [CallPlan.Demand]) -> String {
        let names = demands.filter { $0.callsPerDay > 0 }.sorted { $0.callsPerDay > $1.callsPerDay }.map(\.dataset.name)
        return names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }
}
