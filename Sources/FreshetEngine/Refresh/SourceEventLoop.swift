import FreshetCore
import FreshetDocument
import Logging
import Synchronization

/// Changes of sources on their way to the event log.
final class SourceEventBox: Sendable {
    private let items = Mutex<[(source: String, event: BudgetEvent)]>([])
    let wakeup = Wakeup()

    func put(_ events: [BudgetEvent], source: String) {
        items.withLock { items in items += events.map { (source, $0) } }
        wakeup.signal()
    }

    func takeAll() -> [(source: String, event: BudgetEvent)] {
        items.withLock { items in
            defer { items = [] }
            return items
        }
    }
}

/// Logs, records and acts on what happens to sources and keys.
struct SourceEventLoop: Sendable {
    let context: EngineContext
    let governors: [SourceGovernor]
    /// Puts work back to the queue: of a source, and how long it had failed.
    let wake: @Sendable (String, Duration?) async -> Void

    /// Works until cancelled.
    func run() async {
        while !Task.isCancelled {
            await context.sourceEvents.wakeup.wait(until: nil, clock: context.clock)
            await handleAll()
        }
        await handleAll()
    }

    private func handleAll() async {
        for (source, event) in context.sourceEvents.takeAll() { await handle(event, source: source) }
    }

    private func handle(_ event: BudgetEvent, source: String) async {
        let told = SourceEventText(event, time: context.steady)
        context.logger.log(
            level: told.level, "\(source): \(told.message)",
            metadata: told.keyID.map { ["source": "\(source)", "key_id": "\($0)"] } ?? ["source": "\(source)"])
        let governor = governors.first { $0.source.name == source }
        context.catalog.setSourceCondition(source, governor.flatMap(context.condition))
        if let cluster = context.cluster, let governor {
            let rest = SharedRest(event, now: context.clock.monotonic())
            await RestFollower.tell(rest, of: governor, context: context, cluster: cluster)
        }
        if told.type != nil { await record(told, source: source) }
        if told.wakesJobs { await wake(source, told.outage) }
    }

    private func record(_ told: SourceEventText, source: String) async {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("message")
        writer.string(told.message)
        if let keyID = told.keyID {
            writer.key("key_id")
            writer.string(keyID)
        }
        writer.endObject()
        let event = NewEvent(type: told.type ?? "", source: source, payload: writer.bytes)
        do {
            _ = try await context.store.append([event], now: context.clock.now())
            context.metrics.increment("freshet_events_total")
            context.bell.ring()
            context.ring(.documents)
        } catch {
            context.storeFailed(error, while: "recording an event of \(source)", metadata: [:])
        }
    }
}

/// A change of a source, in words.
struct SourceEventText {
    /// The event's type in the log; `nil` when it is only logged.
    var type: String?
    var message: String
    var level: Logger.Level = .warning
    var keyID: String?
    /// Work that was put aside can go on.
    var wakesJobs = false
    /// How long the source had failed, when it had.
    var outage: Duration?

    init(_ event: BudgetEvent, time: SteadyTime) {
        func clock(_ monotonic: Duration) -> String { time.timestamp(ofMonotonic: monotonic).rfc3339 }
        switch event {
        case .maintenanceStarted(let next, let text):
            self.init("source.maintenance", "maintenance began (\(text)); next probe \(clock(next))")
        case .maintenanceEnded(let lasted):
            self.init("source.resumed", "maintenance ended after \(Period(lasted))", .notice, wakes: true)
        case .breakerOpened(let failures, let next, let error):
            self.init(
                "source.breaker_opened",
                "breaker opened after \(failures) failures (\(error)); next probe \(clock(next))")
        case .breakerClosed(let lasted):
            self.init("source.breaker_closed", "breaker closed after \(Period(lasted))", .notice, wakes: true)
            outage = lasted
        case .sourceAnswersAgain(let failures, let lasted):
            self.init(
                "source.resumed", "answers again after \(failures) failures in \(Period(lasted))", .notice, wakes: true)
            outage = lasted
        case .keyParked(let key, let until, let reason):
            let end = until.map { "until \(clock($0))" } ?? "until it is returned by hand"
            self.init("key.parked", "key \(key) is parked \(end): \(reason)", key: key)
        case .keyReturned(let key):
            self.init("key.returned", "key \(key) is in use again", .notice, key: key, wakes: true)
        case .keyDisabled(let key, let reason):
            self.init(
                "key.disabled", "key \(key) is out: \(reason); replace it in the configuration and restart", .error,
                key: key)
        case .sourceStopped(let until, let reason):
            self.init("source.stopped", "stopped until \(clock(until)): \(reason)")
        case .sourceResumed: self.init("source.resumed", "takes calls again", .notice, wakes: true)
        case .quotaHeld(let holder, let until):
            self.init(nil, "upstream's quota of \(holder) is used up until \(clock(until))", .info)
        }
    }

    private init(
        _ type: String?, _ message: String, _ level: Logger.Level = .warning, key: String? = nil, wakes: Bool = false
    ) {
        (self.type, self.message, self.level, keyID, wakesJobs) = (type, message, level, key, wakes)
    }
}
