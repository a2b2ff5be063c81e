import NIOCore
import NIOHTTP1
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What all connections of a mock share: the decisions, behind one lock that is never held across I/O.
final class MockCore: Sendable {
    /// One request from its head to the end of its answer.
    struct Ticket: Sendable {
        let method: String
        let target: String
        let key: String?
        let time: Duration
        let plan: FaultPlan
        /// `nil` for requests that are not counted.
        let ledger: TrafficLedger.Ticket?
        let isKeyAccepted: Bool
        /// Whether the connection is to be reset because the upstream is down.
        let isDown: Bool

        var isControl: Bool { target.hasPrefix(ControlAPI.prefix) }
    }

    private struct State {
        var ledger: TrafficLedger
        var faults: FaultSchedule
        var log: RequestLog
        var issuer: TokenIssuer?
        var isDown = false
        var firstSeen: [String: (etag: String, time: Duration)] = [:]
        var connections = 0
    }

    let handler: any MockHandler
    let options: MockOptions
    let open = OpenConnections()
    private let origin: Duration
    private let acceptedKeys: Set<String>
    private let state: Mutex<State>
    private let date = Mutex((second: Int64.min, text: ""))

    init(handler: any MockHandler, options: MockOptions) {
        self.handler = handler
        self.options = options
        origin = options.clock.monotonic()
        acceptedKeys = Set(options.keys)
        var names: [String: String] = [:]
        for (index, key) in options.keys.enumerated() { names[key] = "key\(index + 1)" }
        names.merge(options.keyNames) { _, name in name }
        for client in options.oauth?.clients.keys ?? [:].keys { names[client] = client }
        // A fresh salt for every run: the short ids cannot be matched against a list of guessed keys later.
        let salt = SystemRandomNumberGenerator().peek()
        let ledger = TrafficLedger(
            rules: options.limits, windows: options.windows, names: names, salt: salt, enforce: options.enforcesLimits)
        var faults = FaultSchedule(seed: options.seed)
        faults.replace(with: options.faults, now: origin)
        state = Mutex(
            State(
                ledger: ledger, faults: faults, log: RequestLog(capacity: options.keptRequests),
                issuer: options.oauth.map { TokenIssuer($0, seed: options.seed &+ 17) }))
    }

    // MARK: Requests

    /// Counts an arrival and decides what strikes it.
    ///
    /// Called when a request's head has been read.
    func arrive(method: String, target: String, headers: HTTPHeaders, ip: String) -> Ticket {
        let time = options.clock.unix()
        if target.hasPrefix(ControlAPI.prefix) {
            return Ticket(
                method: method, target: target, key: nil, time: time, plan: FaultPlan(), ledger: nil,
                isKeyAccepted: true, isDown: false)
        }
        let path = Target.split(target).path
        let isToken = path.hasPrefix(OAuthEndpoint.prefix)
        let secret = KeyReader.key(headers: headers, target: target)
        let endpoint = isToken ? "" : "\(method) \(handler.endpoint(of: path) ?? PathTemplate.guess(path))"
        return state.withLock { state in
            // The time is read under the lock, so that arrivals are recorded in the order of their times.
            let now = options.clock.monotonic()
            var (key, accepted) = (secret, secret.map { acceptedKeys.contains($0) } ?? false)
            if let issuer = state.issuer {
                let client = secret.flatMap { issuer.client(of: $0, now: now) }
                (key, accepted) = (client ?? secret, client != nil)
            } else if acceptedKeys.isEmpty {
                accepted = true
            }
            var counted: TrafficLedger.Ticket?
            if !isToken {
                let account = key.flatMap { options.accounts[$0] } ?? "default"
                counted = state.ledger.arrive(
                    .init(key: key, account: account, ip: ip, path: path, endpoint: endpoint), now: now)
            }
            let plan = state.faults.decide(method: method, path: path, key: key, now: now)
            return Ticket(
                method: method, target: target, key: key, time: time, plan: plan, ledger: counted,
                isKeyAccepted: accepted || isToken, isDown: state.isDown)
        }
    }

    /// Notes the end of a request; the status is 0 when nothing was answered.
    func finish(_ ticket: Ticket, status: Int) {
        guard !ticket.isControl else { return }
        let record = RequestRecord(
            time: ticket.time, method: ticket.method, target: KeyReader.redact(ticket.target),
            key: ticket.ledger?.keyName ?? "none", status: status, faults: ticket.plan.names)
        state.withLock { state in
            if let counted = ticket.ledger { state.ledger.finish(counted, status: status) }
            state.log.append(record)
        }
    }

    /// When the content with this tag was first answered at this target.
    func lastModified(target: String, etag: String) -> Duration {
        let now = options.clock.unix()
        return state.withLock { state in
            if let seen = state.firstSeen[target], seen.etag == etag { return seen.time }
            if state.firstSeen.count >= 10_000 { state.firstSeen = [:] }
            state.firstSeen[target] = (etag, now)
            return now
        }
    }

    func connected() { state.withLock { $0.connections += 1 } }

    /// The `Date` header, made once a second.
    func httpDate() -> String {
        let second = options.clock.unix().components.seconds
        return date.withLock { date in
            if date.second != second { date = (second, CivilTime(unixSeconds: second).httpDate) }
            return date.text
        }
    }

    // MARK: Control

    func report() -> TrafficReport {
        let open = open.count
        return state.withLock { $0.ledger.report(origin: origin, connections: $0.connections, openConnections: open) }
    }

    func requests(last limit: Int) -> [RequestRecord] { state.withLock { $0.log.last(limit) } }

    func reset() {
        state.withLock { state in
            state.ledger.reset()
            state.log.reset()
            state.connections = 0
        }
    }

    func setFaults(_ faults: [FaultSpec]) {
        let now = options.clock.monotonic()
        state.withLock { $0.faults.replace(with: faults, now: now) }
    }

    var faultReport: MockJSON { state.withLock { $0.faults.report } }

    var isDown: Bool {
        get { state.withLock { $0.isDown } }
        set { state.withLock { $0.isDown = newValue } }
    }

    func withIssuer<Result>(_ body: (inout TokenIssuer, Duration) throws -> Result) rethrows -> Result? {
        let now = options.clock.monotonic()
        return try state.withLock { state in
            guard var issuer = state.issuer else { return nil }
            defer { state.issuer = issuer }
            return try body(&issuer, now)
        }
    }
}

extension SystemRandomNumberGenerator {
    fileprivate func peek() -> UInt64 {
        var generator = self
        return generator.next()
    }
}

/// The connections of a mock, so that all can be reset at once.
final class OpenConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var count: Int { channels.withLock { $0.count } }

    func add(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = channel } }

    func remove(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = nil } }

    /// Resets all connections but one.
    func resetAll(except spared: (any Channel)? = nil) {
        let all = channels.withLock { Array($0.values) }
        for channel in all where spared.map({ $0 !== channel }) ?? true { channel.resetConnection() }
    }
}

extension Channel {
    /// Closes with a TCP reset: what was not yet sent is dropped.
    func resetConnection() {
        guard let provider = self as? any SocketOptionProvider else { return close(promise: nil) }
        provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in self.close(promise: nil) }
    }
}
