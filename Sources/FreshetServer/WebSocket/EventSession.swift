import FreshetCore
import FreshetDocument
import FreshetEngine
import NIOCore

/// `/v1/ws`: subscriptions to events by JSON messages.
final class EventSession: WebSocketSession, HubMember {
    /// Subscriptions of one connection.
    static let limit = 32
    /// The longest payload that a client may publish.
    private static let payloadLimit = 16 << 10

    let format = HubFormat.frames
    private(set) var connectionID = ""
    private let hub: EventHub
    private let loop: HubLoop
    private let bell: EventBell
    private let clock: any FreshetClock
    private var subscriptions: [(id: String, filter: EventFilter)] = []
    private var connection: WebSocketConnection?
    private var catchUp: Task<Void, Never>?

    init(hub: EventHub, loop: HubLoop, bell: EventBell, clock: any FreshetClock) {
        (self.hub, self.loop, self.bell, self.clock) = (hub, loop, bell, clock)
    }

    var filters: [EventFilter] { subscriptions.map(\.filter) }

    // MARK: The connection

    func opened(_ connection: WebSocketConnection) {
        (self.connection, connectionID) = (connection, connection.id)
        loop.enter(self)
        connection.send(
            .object([
                ("op", .string("hello")), ("connection", .string(connection.id)), ("at", .string(loop.place.text)),
            ]))
    }

    func closed() {
        catchUp?.cancel()
        loop.exit(self)
        connection = nil
    }

    func receive(_ bytes: ByteBuffer) { connection?.send(bytes) }
    func beat() { connection?.ping() }
    func end() { connection?.close(1001, "the server stops") }

    // MARK: Messages

    func received(_ text: String, _ connection: WebSocketConnection) {
        guard let root = try? JSONTape(text: text, limits: JSONLimits(maxDepth: 32)).root, root.kind == .object else {
            return fail("bad-message", "a message is a JSON object such as {\"op\":\"subscribe\"}", nil)
        }
        let id = root["id"]?.string
        switch root["op"]?.string {
        case "subscribe": subscribe(root, id ?? "")
        case "unsubscribe": unsubscribe(id ?? "")
        case "ping":
            connection.send(
                .object([("op", .string("pong")), ("id", .optional(id)), ("at", .string(loop.place.text))]))
        case "publish": publish(root, id, connection)
        default: fail("unknown-op", "op is one of subscribe, unsubscribe, ping and publish", id)
        }
    }

    private func fail(_ code: String, _ message: String, _ id: String?) {
        connection?.send(
            .object([
                ("op", .string("error")), ("id", .optional(id)), ("code", .string(code)), ("message", .string(message)),
            ]))
    }

    private func subscribe(_ message: FreshetDocument.JSONValue, _ id: String) {
        guard catchUp == nil else {
            return fail("busy", "events since a place are still coming; wait for subscribed", id)
        }
        let isNew = !subscriptions.contains { $0.id == id }
        guard !isNew || subscriptions.count < EventSession.limit else {
            return fail("too-many", "a connection has at most \(EventSession.limit) subscriptions", id)
        }
        guard let filter = EventSession.filter(message) else {
            return fail("bad-filter", "topics and keys are lists of texts, source, dataset and profile texts", id)
        }
        var after: EventPlace?
        if let value = message["after"], !value.isNull {
            after = value.string.flatMap(EventPlace.init)
            guard after != nil else { return fail("bad-place", "after is the id of an event, as it was sent", id) }
            guard subscriptions.allSatisfy({ $0.id == id }) else {
                return fail("not-first", "only the first subscription of a connection can begin in the past", id)
            }
        }
        loop.leave(self)
        subscriptions.removeAll { $0.id == id }
        subscriptions.append((id, filter))
        if let after { begin(after, filter, id) } else { joined(id, behind: loop.place.offset) }
    }

    private func joined(_ id: String, behind offset: Int64) {
        guard loop.join(self, behind: offset) else { return }
        let place = EventPlace(epoch: loop.place.epoch, offset: offset)
        connection?.send(
            .object([("op", .string("subscribed")), ("id", .string(id)), ("at", .string(place.text))]))
    }

    private func unsubscribe(_ id: String) {
        guard catchUp == nil else {
            return fail("busy", "events since a place are still coming; wait for subscribed", id)
        }
        guard subscriptions.contains(where: { $0.id == id }) else {
            return fail("no-such-subscription", "there is no subscription of that id", id)
        }
        loop.leave(self)
        subscriptions.removeAll { $0.id == id }
        if !subscriptions.isEmpty { _ = loop.join(self, behind: loop.place.offset) }
        connection?.send(.object([("op", .string("unsubscribed")), ("id", .string(id))]))
    }

    /// The filter of a message; `nil` when it is of another form.
    private static func filter(_ message: FreshetDocument.JSONValue) -> EventFilter? {
        func texts(_ name: String) -> [String]? {
            guard let value = message[name], !value.isNull else { return [] }
            if let one = value.string { return [one] }
            guard value.kind == .array, value.count <= 64 else { return nil }
            let texts = value.elements.compactMap(\.string)
            return texts.count == value.count ? texts : nil
        }
        func text(_ name: String) -> String?? {
            guard let value = message[name], !value.isNull else { return .some(nil) }
            return value.string.map { .some($0) }
        }
        guard let topics = texts("topics"), let keys = texts("keys"), let source = text("source"),
            let dataset = text("dataset"), let profile = text("profile")
        else { return nil }
        return EventFilter(topics: topics, source: source, dataset: dataset, keys: keys, profile: profile)
    }

    // MARK: The past

    private func begin(_ after: EventPlace, _ filter: EventFilter, _ id: String) {
        let (bound, eventLoop) = (NIOLoopBound(self, eventLoop: loop.eventLoop), loop.eventLoop)
        let catchUp = EventCatchUp(store: hub.store, filter: filter) { bytes in
            let taken = eventLoop.flatSubmit { () -> EventLoopFuture<Bool> in
                guard let connection = bound.value.connection else { return eventLoop.makeSucceededFuture(false) }
                connection.send(bytes)
                return connection.whenWritable()?.map { true } ?? eventLoop.makeSucceededFuture(false)
            }
            return (try? await taken.get()) ?? false
        } join: { offset in
            let joined = eventLoop.submit {
                let session = bound.value
                guard session.connection != nil else { return true }
                guard offset >= session.loop.place.offset else { return false }
                session.catchUp = nil
                session.joined(id, behind: offset)
                return true
            }
            return (try? await joined.get()) ?? true
        }
        // Unstructured on purpose: it belongs to the connection, which cancels it when it closes.
        self.catchUp = Task {
            do {
                try await catchUp.run(after: after)
            } catch {
                eventLoop.execute {
                    bound.value.fail("store", "the event log cannot be read now; connect again", id)
                    bound.value.connection?.close(1013, "the event log cannot be read now")
                }
            }
        }
    }

    // MARK: Publishing

    private func publish(_ message: FreshetDocument.JSONValue, _ id: String?, _ connection: WebSocketConnection) {
        guard let role = connection.role, role >= .operator else {
            return fail("forbidden", "publish needs a token of role operator", id)
        }
        guard let type = message["type"]?.string, EventSession.isCustom(type) else {
            return fail("bad-type", "type is custom. and up to 100 of a-z, 0-9, dot, _ and -", id)
        }
        let data = message["data"]?.rawText ?? "{}"
        guard data.hasPrefix("{"), data.utf8.count <= EventSession.payloadLimit else {
            return fail("bad-data", "data is an object of at most \(EventSession.payloadLimit) bytes", id)
        }
        let profile = message["profile"].flatMap { $0.isNull ? nil : $0 }
        guard profile == nil || (1...255).contains(profile?.string?.utf8.count ?? 0) else {
            return fail("bad-profile", "profile is a text of at most 255 bytes", id)
        }
        let payload =
            message["echo"]?.bool == false ? HubEvent.mark(data, sender: connection.id) : Array(data.utf8)
        let event = NewEvent(type: type, source: nil, profile: profile?.string, payload: payload)
        let (bound, eventLoop) = (NIOLoopBound(self, eventLoop: loop.eventLoop), loop.eventLoop)
        let (hub, bell, now, epoch) = (hub, bell, clock.now(), loop.place.epoch)
        // Unstructured on purpose: what was asked for is done also when the client goes.
        Task {
            let written = try? await hub.store.append([event], now: now).first
            if written != nil { bell.ring() }
            eventLoop.execute {
                guard let written else { return bound.value.fail("store", "the event could not be written", id) }
                bound.value.connection?.send(
                    .object([
                        ("op", .string("published")), ("id", .optional(id)),
                        ("event", .string(EventPlace(epoch: epoch, offset: written.offset).text)),
                    ]))
            }
        }
    }

    private static func isCustom(_ type: String) -> Bool {
        type.hasPrefix("custom.") && (8...107).contains(type.utf8.count)
            && type.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
