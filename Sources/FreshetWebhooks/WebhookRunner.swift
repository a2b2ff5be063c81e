import FreshetCore
import Synchronization

/// Delivers the events of one endpoint, in order, from its place in the log.
///
/// The place is kept in the store behind every message that was accepted. A crash between the answer and that write sends the
/// message once more, with the same id.
actor WebhookRunner {
    /// Events read in one go.
    static let portion = 200
    /// How often a place that moved past unwanted events only is written.
    static let saveEvery = Duration.seconds(30)
    /// The longest sleep: what somebody changed in the store is seen then.
    static let look = Duration.seconds(3)

    private let config: WebhookConfig
    private let context: WebhookContext
    private let choice: WebhookChoice
    private let signature: WebhookSignature
    private let sender: any WebhookSending
    private var random = SystemRandomNumberGenerator()
    /// What the store is known to hold.
    private var seen: [UInt8]?
    private var state: WebhookState?
    /// A state that the store did not take yet.
    private var isUnsaved = false
    private var savedAt = Duration.zero

    init(config: WebhookConfig, context: WebhookContext, signature: WebhookSignature, sender: any WebhookSending) {
        (self.config, self.context, self.signature, self.sender) = (config, context, signature, sender)
        choice = WebhookChoice(config)
    }

    /// Works until cancelled, or until the rings end.
    func run() async {
        // What is in the store is the truth: another process may have had this duty meanwhile.
        if !isUnsaved { (seen, state) = (nil, nil) }
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (rings, clock) = (context.rings(), context.clock)
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in rings { wake.yield() }
                wake.finish()
            }
            var iterator = wakes.makeAsyncIterator()
            var alarm = Duration.zero
            while !Task.isCancelled {
                let wait = await step()
                if wait == .zero { continue }
                let (now, due) = (clock.monotonic(), clock.monotonic() + wait)
                // One alarm is enough, unless it rings too late.
                if alarm <= now || alarm > due {
                    alarm = due
                    group.addTask {
                        try? await clock.sleep(untilMonotonic: due)
                        wake.yield()
                    }
                }
                guard await iterator.next() != nil else { break }
            }
            group.cancelAll()
        }
        if isUnsaved { try? await save() }
    }

    /// One round; how long nothing will happen then, if nothing rings.
    func step() async -> Duration {
        do {
            if isUnsaved { try await save() }
            try await refresh()
            guard var state else { return WebhookRunner.look }
            if state.disabledAt != nil {
                guard state.disabledURL != context.mark(of: config.url) else { return WebhookRunner.look }
                state.resume(skipping: false)
                try await set(state)
            }
            if let next = state.nextAttempt {
                let wait = next - context.clock.now()
                if wait > .zero { return min(wait, WebhookRunner.look) }
            }
            return try await advance(state)
        } catch let error as StoreError {
            context.notice(.storeFailed(webhook: config.name, error))
            return .seconds(2)
        } catch {
            return WebhookRunner.look
        }
    }

    // MARK: The log

    private func advance(_ start: WebhookState) async throws -> Duration {
        var state = start
        let epoch = try await context.store.eventEpoch()
        if state.gap == nil, state.place.epoch != epoch {
            let newest = EventPlace(epoch: epoch, offset: try await context.store.newestOffset())
            state.gap = gap(from: state.place, to: newest, "this is another log than the one that was read")
        }
        if state.gap == nil {
            let page = try await context.store.events(after: state.place.offset, limit: WebhookRunner.portion)
            guard let oldest = page.oldest, oldest > state.place.offset + 1 else {
                return try await deliver(page.events, state)
            }
            state.gap = gap(
                from: state.place, to: EventPlace(epoch: epoch, offset: oldest - 1),
                "what lies between is not kept any more")
        }
        guard let gap = state.gap else { return .zero }
        if gap != start.gap {
            context.notice(.gap(webhook: config.name, from: gap.from, to: gap.to.text))
            // The id of the message follows from the gap, so it must be the same after a crash.
            try await set(state)
        }
        let message = WebhookMessage(
            gapFrom: gap.from, to: gap.to.text, reason: gap.reason, snapshot: config.filter.snapshot, at: gap.at,
            endpoint: config.name)
        return try await attempt(message, reaching: gap.to, pending: nil, &state) ? .zero : WebhookRunner.look
    }

    private func gap(from: EventPlace, to: EventPlace, _ reason: String) -> WebhookState.Gap {
        WebhookState.Gap(from: from.text, to: to, reason: reason, at: context.clock.now())
    }

    private func deliver(_ events: [Event], _ start: WebhookState) async throws -> Duration {
        var state = start
        for event in events {
            try Task.checkCancellation()
            let reached = EventPlace(epoch: state.place.epoch, offset: event.offset)
            guard choice.takes(event) else {
                state.place = reached
                continue
            }
            let message = WebhookMessage(event, epoch: state.place.epoch, endpoint: config.name)
            let pending = WebhookState.Pending(offset: event.offset, at: event.at)
            // A failure says when to try again; a place that moved is kept with it.
            guard try await attempt(message, reaching: reached, pending: pending, &state) else { return .zero }
        }
        self.state = state
        if state.place != start.place {
            let isDue = context.clock.monotonic() - savedAt >= WebhookRunner.saveEvery
            if events.count == WebhookRunner.portion || isDue { try await set(state) }
        }
        return events.count == WebhookRunner.portion ? .zero : WebhookRunner.look
    }

    // MARK: One message

    /// Sends a message once and notes what came of it; whether it was accepted.
    private func attempt(
        _ message: WebhookMessage, reaching place: EventPlace, pending: WebhookState.Pending?,
        _ state: inout WebhookState
    ) async throws -> Bool {
        let began = context.clock.monotonic()
        let outcome = try await WebhookDelivery(signature: signature, sender: sender, clock: context.clock).send(
            message)
        let (now, took) = (context.clock.now(), context.clock.monotonic() - began)
        var news: WebhookState.News?
        switch outcome {
        case .accepted:
            news = state.accepted(upTo: place, now: now)
            context.notice(.accepted(webhook: config.name, took: took))
        case .failed(let reason, _, let retryAfter):
            let wait = WebhookPolicy.wait(after: state.failures + 1, retryAfter: retryAfter, random: &random)
            let isFirst = state.failures == 0
            news = state.failed(reason, at: pending, wait: wait, now: now)
            context.notice(.failed(webhook: config.name, reason: reason, wait: wait, isFirst: isFirst, took: took))
        case .gone: news = state.gone(url: context.mark(of: config.url), at: pending, now: now)
        }
        // From here on the message must not be sent again because the store is away: the state waits in memory.
        (self.state, isUnsaved) = (state, true)
        if let news { await tell(news, state) }
        try await save()
        if let kept = self.state { state = kept }
        if case .accepted = outcome { return true }
        return false
    }

    private func tell(_ news: WebhookState.News, _ state: WebhookState) async {
        let type: String
        switch news {
        case .parked:
            type = "webhook.parked"
            context.notice(.parked(webhook: config.name, reason: state.lastError ?? ""))
        case .resumed:
            type = "webhook.resumed"
            context.notice(.resumed(webhook: config.name))
        case .disabled:
            type = "webhook.disabled"
            context.notice(.disabled(webhook: config.name))
        }
        await context.append(type, webhook: config.name, error: state.lastError)
    }

    // MARK: The store

    /// Takes over what somebody else has written: a resume by hand, or another process that had this duty.
    private func refresh() async throws(StoreError) {
        let kept = try await context.store.value(context.stateName(config.name))
        if state != nil, kept == seen { return }
        seen = kept
        if let kept, let found = WebhookState(kept) {
            state = found
            return
        }
        let place = EventPlace(
            epoch: try await context.store.eventEpoch(), offset: try await context.store.newestOffset())
        try await set(WebhookState(place: place))
    }

    private func set(_ new: WebhookState) async throws(StoreError) {
        (state, isUnsaved) = (new, true)
        try await save()
    }

    private func save() async throws(StoreError) {
        guard let state else { return }
        let bytes = state.bytes
        if try await context.store.swapValue(seen, with: bytes, for: context.stateName(config.name)) {
            seen = bytes
        } else {
            // Somebody else wrote; their word counts, except that a place never goes back.
            let kept = try await context.store.value(context.stateName(config.name))
            guard var found = kept.flatMap(WebhookState.init) else {
                seen = kept
                return try await save()
            }
            seen = kept
            if found.place.epoch == state.place.epoch, found.place.offset < state.place.offset {
                found.place = state.place
                (found.gap, found.pending, found.delivered) = (nil, nil, state.delivered)
                self.state = found
                return try await save()
            }
            self.state = found
        }
        isUnsaved = false
        savedAt = context.clock.monotonic()
    }
}

/// Signs and sends a message.
struct WebhookDelivery {
    let signature: WebhookSignature
    let sender: any WebhookSending
    let clock: any FreshetClock

    func send(_ message: WebhookMessage) async throws -> WebhookOutcome {
        let timestamp = clock.now().seconds
        return try await sender.send(
            message, signature: signature.sign(id: message.id, timestamp: timestamp, body: message.body),
            timestamp: timestamp)
    }
}
