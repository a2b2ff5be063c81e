import FreshetCore
import Logging

/// Enqueues what is refreshed without being asked.
///
/// A key list, and everything on cron, runs on a timeline: its times do not drift, and the time of the last run is durable, so that
/// runs missed while Freshet was down are made up once or counted as skipped. `all` and `tracked` with an interval are
/// counted per key from its last attempt instead, which spreads them by itself.
struct Scheduler: Sendable {
    let context: EngineContext
    let enqueue: @Sendable ([EnqueueRequest]) async throws(StoreError) -> [EnqueueResult]

    /// Runs every schedule until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for dataset in context.configuration.datasets {
                guard let schedule = dataset.refresh, schedule.adaptive == nil else { continue }
                group.addTask { await run(schedule, of: dataset) }
            }
            for sweep in AdaptiveSweep.all(context, enqueue: enqueue) { group.addTask { await sweep.run() } }
        }
    }

    private func run(_ schedule: RefreshSchedule, of dataset: DatasetConfig) async {
        switch (schedule.timing, schedule.selection) {
        case (.every(let period), .all), (.every(let period), .tracked):
            await sweep(period, schedule, of: dataset)
        default:
            guard let timeline = Timeline(schedule.timing, zones: ZoneFiles()) else {
                context.logger.error("the schedule of \(dataset.id) cannot be read; it is not run; see `freshet check`")
                return
            }
            await follow(timeline, schedule, of: dataset)
        }
    }

    // MARK: By the age of each key

    private func sweep(_ period: Period, _ schedule: RefreshSchedule, of dataset: DatasetConfig) async {
        let pause = min(max(period.approximate / 20, .seconds(1)), .seconds(60))
        while !Task.isCancelled {
            do throws(StoreError) {
                let now = context.clock.now()
                let readSince = schedule.selection == .tracked ? now - schedule.trackedFor : nil
                let due = try await context.store.dueKeys(
                    of: dataset.id, checkedBefore: now - period.approximate, readSince: readSince, limit: 1000)
                let results = try await enqueue(due.map { wish(for: $0.key, heat: $0.heat, schedule, dataset) })
                // Keys with an unfinished job are not due, so a full portion means that more wait behind it; one that
                // made no job holds resting dead letters only, and another look would find the same.
                if due.count == 1000, results.contains(where: \.isNew) { continue }
            } catch {
                context.storeFailed(error, while: "looking for due keys of \(dataset.id)", metadata: [:])
            }
            try? await context.clock.sleep(for: pause)
        }
    }

    // MARK: On a timeline

    private func follow(_ timeline: Timeline, _ schedule: RefreshSchedule, of dataset: DatasetConfig) async {
        var run = await lastRun(of: dataset)
        while !Task.isCancelled {
            let step = timeline.step(after: run, now: context.steady.now(), missed: schedule.missed)
            if step.skipped > 0 { count(step.skipped, "missed", dataset) }
            do throws(StoreError) {
                if step.runsNow { try await fire(schedule, dataset) }
                if let mark = step.mark, mark != run {
                    try await save(mark, dataset)
                    run = mark
                }
            } catch {
                context.storeFailed(error, while: "scheduling \(dataset.id)", metadata: [:])
                try? await context.clock.sleep(for: StoreHealth.pause)
                continue
            }
            guard let next = step.next else { return }
            try? await context.clock.sleep(untilMonotonic: context.steady.monotonic(of: next))
        }
    }

    private func fire(_ schedule: RefreshSchedule, _ dataset: DatasetConfig) async throws(StoreError) {
        var after: String?
        repeat {
            let keys: [String]
            switch schedule.selection {
            case .list(let list): keys = list
            case .all, .tracked:
                let readSince = schedule.selection == .tracked ? context.clock.now() - schedule.trackedFor : nil
                if readSince != nil {
                    // Far ahead: every key counts as due, the condition is only who has read it.
                    keys = try await context.store.dueKeys(
                        of: dataset.id, checkedBefore: context.clock.now() + .seconds(1), readSince: readSince,
                        limit: 100_000
                    ).map(\.key)
                } else {
                    let page = try await context.store.keys(of: dataset.id, after: after, limit: 1000)
                    keys = page.map(\.key)
                    after = page.count == 1000 ? page.last?.key : nil
                }
            }
            let results = try await enqueue(keys.map { wish(for: $0, heat: 0, schedule, dataset) })
            let overlapping = results.count { !$0.isNew }
            if overlapping > 0 { count(overlapping, "overlap", dataset) }
        } while after != nil
    }

    private func wish(
        for key: String, heat: Int, _ schedule: RefreshSchedule, _ dataset: DatasetConfig
    ) -> EnqueueRequest {
        EnqueueRequest(
            document: DocumentID(dataset: dataset.id, key: key), priority: schedule.priority, cause: "schedule",
            heat: heat)
    }

    private func count(_ skipped: Int, _ reason: String, _ dataset: DatasetConfig) {
        context.metrics.increment(
            "freshet_missed_schedules_total",
            [("source", dataset.id.source), ("dataset", dataset.id.name), ("outcome", reason)], by: Double(skipped))
        context.logger.notice(
            "\(dataset.id): \(skipped) scheduled run(s) skipped (\(reason))",
            metadata: ["source": "\(dataset.id.source)", "dataset": "\(dataset.id.name)"])
    }

    // MARK: Durable marks

    private func name(_ dataset: DatasetConfig) -> String { "schedule/\(dataset.id)" }

    private func lastRun(of dataset: DatasetConfig) async -> Timeline.Mark? {
        do {
            return try await context.store.value(name(dataset)).flatMap(Timeline.Mark.init(decoding:))
        } catch {
            context.storeFailed(error, while: "reading the last run of \(dataset.id)", metadata: [:])
            return nil
        }
    }

    private func save(_ mark: Timeline.Mark, _ dataset: DatasetConfig) async throws(StoreError) {
        try await context.store.setValue(mark.encode(), for: name(dataset))
    }
}
