import FreshetCore
import FreshetEngine
import Logging
import NIOCore
import Synchronization

/// Reads the durable log once for everybody in this process who wants events as they come.
///
/// Each event is framed once, each event loop is woken once for all that came together, and members with the same wishes share
/// the bytes they get.
final class EventHub: Sendable {
    /// Events read in one go.
    static let portion = 500

    let store: any Store
    let loops: [HubLoop]
    private let bell: EventBell
    private let clock: any FreshetClock
    private let logger: Logger
    private let byLoop: [ObjectIdentifier: HubLoop]
    private let turn = Atomic<Int>(0)
    private let heartbeat: TimeAmount

    init(
        group: any EventLoopGroup, store: any Store, bell: EventBell, clock: any FreshetClock, logger: Logger,
        heartbeat: TimeAmount
    ) {
        (self.store, self.bell, self.clock, self.logger, self.heartbeat) = (store, bell, clock, logger, heartbeat)
        loops = group.makeIterator().map { HubLoop(eventLoop: $0) }
        byLoop = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    }

    /// The members on an event loop of the group.
    func loop(for eventLoop: any EventLoop) -> HubLoop? { byLoop[ObjectIdentifier(eventLoop)] }

    /// A loop for a member that has none of its own.
    func anyLoop() -> HubLoop {
        let next = turn.wrappingAdd(1, ordering: .relaxed).newValue
        return loops[(next & .max) % loops.count]
    }

    /// Finds the end of the log, from where events are given out.
    ///
    /// - Throws: ``StoreError`` when the log cannot be read.
    func prepare() async throws {
        let place = EventPlace(epoch: try await store.eventEpoch(), offset: try await store.newestOffset())
        for loop in loops { try await loop.eventLoop.submit { loop.begin(at: place) }.get() }
    }

    /// Gives out events until the bell is closed.
    func run() async {
        let rings = bell.rings()
        let beats = loops.map { loop in
            loop.eventLoop.scheduleRepeatedTask(initialDelay: heartbeat, delay: heartbeat) { _ in loop.beat() }
        }
        guard let first = loops.first,
            var place = try? await first.eventLoop.submit({ first.place }).get()
        else { return }
        var isFailing = false
        // What was written since `prepare()` rang for nobody.
        await drain(&place, &isFailing)
        for await _ in rings { await drain(&place, &isFailing) }
        for beat in beats { beat.cancel() }
        for loop in loops { loop.eventLoop.execute { loop.end() } }
    }

    private func drain(_ place: inout EventPlace, _ isFailing: inout Bool) async {
        do {
            while try await pass(&place) {}
            isFailing = false
        } catch {
            if !isFailing { logger.error("The event log cannot be read; subscribers wait: \(error)") }
            isFailing = true
            // The next ring tries again; the bell rings every few seconds by itself.
        }
    }

    /// Gives out one portion; whether there is more.
    private func pass(_ place: inout EventPlace) async throws -> Bool {
        let page = try await store.events(after: place.offset, limit: EventHub.portion)
        if let oldest = page.oldest, oldest > place.offset + 1 {
            let gap = EventGap.forgotten(from: place, oldest: oldest)
            for loop in loops { loop.eventLoop.execute { loop.tell(gap) } }
            place = gap.to
        }
        guard let last = page.events.last else { return false }
        let epoch = place.epoch
        let events = page.events.map { HubEvent($0, epoch: epoch) }
        place.offset = last.offset
        let reached = place
        for loop in loops { loop.eventLoop.execute { loop.publish(events, at: reached) } }
        return page.events.count == EventHub.portion
    }
}
