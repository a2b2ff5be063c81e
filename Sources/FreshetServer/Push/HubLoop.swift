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
///
/// Everything but ``eventLoop`` is to be called on the event loop; elsewhere it ends the process.
final class HubLoop: Sendable {
    private struct Kind: Hashable {
        let filters: [EventFilter]
        let format: HubFormat
    }

    private struct Group {
        var members: [ObjectIdentifier: any HubMember] = [:]
    }

    private final class Floor {
        var place = EventPlace(epoch: "", offset: 0)
        var groups: [Kind: Group] = [:]
        var kinds: [ObjectIdentifier: Kind] = [:]
        /// Members that have read further in the store than was given out here.
        var ahead: [ObjectIdentifier: (member: any HubMember, offset: Int64)] = [:]
        var isEnded = false
        /// Everybody, those without a wish included.
        var everybody: [ObjectIdentifier: any HubMember] = [:]
    }

    let eventLoop: any EventLoop
    private let box: NIOLoopBoundBox<Floor>

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        box = .makeBoxSendingValue(Floor(), eventLoop: eventLoop)
    }

    private var floor: Floor { box.value }

    /// The last event that was given out here.
    var place: EventPlace { floor.place }

    func begin(at place: EventPlace) {
        floor.place = place
    }

    // MARK: Members

    func enter(_ member: any HubMember) {
        guard !floor.isEnded else { return member.end() }
        floor.everybody[ObjectIdentifier(member)] = member
    }

    /// Gives a member what follows a place from now on; `false` when it has to read more from the store first.
    func join(_ member: any HubMember, behind offset: Int64) -> Bool {
        guard offset >= place.offset else { return false }
        leave(member)
        if offset > place.offset { floor.ahead[ObjectIdentifier(member)] = (member, offset) } else { add(member) }
        return true
    }

    /// Gives a member no events any more.
    func leave(_ member: any HubMember) {
        let id = ObjectIdentifier(member)
        floor.ahead[id] = nil
        guard let kind = floor.kinds.removeValue(forKey: id) else { return }
        floor.groups[kind]?.members[id] = nil
        if floor.groups[kind]?.members.isEmpty == true { floor.groups[kind] = nil }
    }

    /// Forgets a member.
    func exit(_ member: any HubMember) {
        leave(member)
        floor.everybody[ObjectIdentifier(member)] = nil
    }

    private func add(_ member: any HubMember) {
        let kind = Kind(filters: member.filters, format: member.format)
        floor.kinds[ObjectIdentifier(member)] = kind
        floor.groups[kind, default: Group()].members[ObjectIdentifier(member)] = member
    }

    // MARK: Giving out

    /// Gives out events in order.
    func publish(_ events: [HubEvent], at place: EventPlace) {
        for (kind, group) in floor.groups { give(events, to: Array(group.members.values), kind) }
        floor.place = place
        for (id, entry) in floor.ahead where place.offset >= entry.offset {
            floor.ahead[id] = nil
            let member = entry.member
            let kind = Kind(filters: member.filters, format: member.format)
            give(events.filter { $0.event.offset > entry.offset }, to: [member], kind)
            // It may have gone while it was given something.
            if floor.everybody[id] != nil { add(member) }
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
        for (kind, group) in floor.groups {
            let bytes = kind.format == .stream ? gap.stream(kind.filters) : gap.frame(kind.filters)
            give(bytes, to: Array(group.members.values), kind)
        }
        floor.place = gap.to
    }

    /// Ends everybody, and those who come.
    func end() {
        floor.isEnded = true
        for member in Array(floor.everybody.values) { member.end() }
        (floor.everybody, floor.kinds, floor.groups, floor.ahead) = ([:], [:], [:], [:])
    }

    /// Shows everybody that the connection lives.
    func beat() {
        for member in Array(floor.everybody.values) { member.beat() }
    }
}
