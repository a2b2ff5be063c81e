import FreshetCore
import FreshetEngine

/// What adaptive refreshing knows, as JSON.
enum AdaptiveJSON {
    static func plan(_ plan: PlanExplanation?) -> JSONValue {
        guard let plan else { return .null }
        return .object([
            ("class", .string(plan.kind)), ("strategy", .string(plan.strategy)), ("due_at", .time(plan.due)),
            ("priority", .string(plan.priority.name)), ("reasons", .array(plan.reasons.map { .string($0) })),
            ("changes_per_day", .decimal(rounded(plan.changesPerDay))),
            ("reads_per_day", .decimal(rounded(plan.readsPerDay))), ("next_busy_hour", .time(plan.nextBusyHour)),
            ("viewed_until", .time(plan.viewedUntil)), ("look_at", .time(plan.lookAt)),
            ("call_price_seconds", .decimal(rounded(plan.price))),
        ])
    }

    static func freshness(_ found: DatasetFreshness) -> JSONValue {
        .object([
            ("source", .string(found.id.source)), ("dataset", .string(found.id.name)),
            ("target_seconds", number(found.target?.inSeconds)), ("target_share", .decimal(found.targetShare)),
            ("alarm", .optional(found.alarm)), ("call_price_seconds", .decimal(rounded(found.price))),
            (
                "strategies",
                .array(found.strategies.map { strategy($0.name, $0.meter) })
            ),
        ])
    }

    private static func strategy(_ name: String, _ meter: FreshnessMeter) -> JSONValue {
        .object([
            ("strategy", .string(name)), ("reads", .number(Int64(meter.reads))),
            ("fresh_share", number(meter.freshShare)), ("fresh_share_of_time", number(meter.timeShare)),
            ("mean_age_seconds", .decimal(rounded(meter.meanAge))), ("p50_age_seconds", number(meter.age(at: 0.5))),
            ("p95_age_seconds", number(meter.age(at: 0.95))), ("p99_age_seconds", number(meter.age(at: 0.99))),
            ("calls", .number(Int64(meter.calls))), ("change_hits", .number(Int64(meter.hits))),
            ("change_hit_share", number(meter.hitShare)), ("failures", .number(Int64(meter.failures))),
        ])
    }

    private static func number(_ value: Double?) -> JSONValue { value.map { .decimal(rounded($0)) } ?? .null }

    private static func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
}
