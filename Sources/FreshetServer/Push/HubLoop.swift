import FreshetCore
import NIOCore

/// How a member wants what it gets.
enum HubFormat: Sendable, Hashable {
    /// Server-sent events, in a chunk of an HTTP/1.1 body (``HTTPChunk``).
    case stream
    /// WebSocket frames.
    case frames
}

/// Somebody who gets events; confined to the event loop of its ``HubLoop``.
protocol HubMember: AnyObject {
    /// Who it is, for events that are not to come back to their sender.
    var connectionID: String { get }
    var format: HubFormat { get }
    /// What it wants: events that any of these takes.
    var filters: [EventFilter] { get }
    /// Takes bytes that many share; it must not wait.
    func receive(_ bytes: ByteBuffer)
    /// Takes what is to be sent now and then to whoever gets nothing else.
    func beat()
    /// There will be nothing more.
    func end()
}

/// The members on one event loop, those with the same wishes together: what a group gets is put together once.
final class HubLoop: @unchecked Sendable {  // unchecked: all else is touched on `eventLoop` only; asserted
    private struct Kind: Hashable {
        let filters: [EventFilter]
        let format: HubFormat
    }

    private struct Group {
        var members: [ObjectIdentifier: any HubMember] = [:]
    }

    let eventLoop: any EventLoop
    /// The last event that was given out here.
    private(set) var place = EventPlace(epoch: "", offset: 0)
    private var groups: [Kind: Group] = [:]
    private var kinds: [ObjectIdentifier: Kind] = [:]
    /// Members that have read further in the store than was given out here.
    private var ahead: [ObjectIdentifier: (member: any HubMember, offset: Int64)] = [:]
    private var isEnded = false
    /// Everybody, those without a wish included.
    private var everybody: [ObjectIdentifier: any HubMember] = [:]

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// How many get events.
    var memberCount: Int { kinds.count + ahead.count }

    func begin(at place: EventPlace) {
        eventLoop.assertInEventLoop()
        self.place = place
    }

    // MARK: Members

    func enter(_ member: any HubMember) {
        eventLoop.assertInEventLoop()
        guard !isEnded else { return member.end() }
        everybody[ObjectIdentifier(member)] = member
    }

    /// Gives a member what follows a place from now on; `false` when it has to read more from the store first.
    func join(_ member: any HubMember, behind offset: Int64) -> Bool {
        eventLoop.assertInEventLoop()
        guard offset >= place.offset else { return false }
        leave(member)
        if offset > place.offset { ahead[ObjectIdentifier(member)] = (member, offset) } else { add(member) }
        return true
    }

    /// Gives a member no events any more.
    func leave(_ member: any HubMember) {
        eventLoop.assertInEventLoop()
        let id = ObjectIdentifier(member)
        ahead[id] = nil
        guard let kind = kinds.removeValue(forKey: id) else { return }
        groups[kind]?.members[id] = nil
        if groups[kind]?.members.isEmpty == true { groups[kind] = nil }
    }

    /// Forgets a member.
    func exit(_ member: any HubMember) {
        leave(member)
        everybody[ObjectIdentifier(member)] = nil
    }

    private func add(_ member: any HubMember) {
        let kind = Kind(filters: member.filters, format: member.format)
        kinds[ObjectIdentifier(member)] = kind
        groups[kind, default: Group()].members[ObjectIdentifier(member)] = member
    }

    // MARK: Giving out

    /// Gives out events in order.
    func publish(_ events: [HubEvent], at place: EventPlace) {
        eventLoop.assertInEventLoop()
        for (kind, group) in groups { give(events, to: Array(group.members.values), kind) }
        self.place = place
        for (id, entry) in ahead where place.offset >= entry.offset {
            ahead[id] = nil
            let member = entry.member
            let kind = Kind(filters: member.filters, format: member.format)
            give(events.filter { $0.event.offset > entry.offset }, to: [member], kind)
            // It may have gone while it was given something.
            if everybody[id] != nil { add(member) }
        }
    }

    private func give(_ events: [HubEvent], to members: [any HubMember], _ kind: Kind) {
        var pending: [ByteBuffer] = []
        func send() {
            guard let first = pending.first else { return }
            var bytes = first
            if pending.count > 1 {
                bytes.reserveCapacity(minimumWritableBytes: pending.dropFirst().reduce(0) { $0 + $1.readableBytes })
                for more in pending.dropFirst() { bytes.writeImmutableBuffer(more) }
            }
            give(bytes, to: members, kind)
            pending.removeAll(keepingCapacity: true)
        }
        for event in events where kind.filters.contains(where: { $0.takes(event.event) }) {
            let bytes = kind.format == .stream ? event.stream : event.frame
            if let sender = event.sender, members.contains(where: { $0.connectionID == sender }) {
                send()
                give(bytes, to: members.filter { $0.connectionID != sender }, kind)
            } else {
                pending.append(bytes)
            }
        }
        send()
    }

    /// Gives many the same bytes.
    private func give(_ bytes: ByteBuffer, to members: [any HubMember], _ kind: Kind) {
        let whole = kind.format == .stream ? HTTPChunk.framed(bytes) : bytes
        for member in members { member.receive(whole) }
    }

    /// Tells everybody who gets events, whatever they want, that some are missed.
    func tell(_ gap: EventGap) {
        eventLoop.assertInEventLoop()
        for (kind, group) in groups {
            let bytes = kind.format == .stream ? gap.stream(kind.filters) : gap.frame(kind.filters)
            give(bytes, to: Array(group.members.values), kind)
        }
        place = gap.to
    }

    /// Ends everybody, and those who come.
    func end() {
        eventLoop.assertInEventLoop()
        isEnded = true
        for member in Array(everybody.values) { member.end() }
        (everybody, kinds, groups, ahead) = ([:], [:], [:], [:])
    }

    /// Shows everybody that the connection lives.
    func beat() {
        eventLoop.assertInEventLoop()
        for member in Array(everybody.values) { member.beat() }
    }
}
