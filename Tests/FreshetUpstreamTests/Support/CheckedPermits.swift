import FreshetCore
import Synchronization

/// Permits that note every misuse: a finish without an acquire, two finishes, a head after the end.
final class CheckedPermits: CallPermits {
    struct Finish: Sendable {
        var permit: CallPermit
        var failure: CallFailure?
    }

    private struct State {
        var next: UInt64 = 0
        var open: Set<UInt64> = []
        var heads: [Int] = []
        var finishes: [Finish] = []
        var misuse: [String] = []
    }

    private let state = Mutex(State())
    private let credentials: [Credential]
    private let limit: Int
    private let onHead: @Sendable () -> Void

    /// - Parameters:
    ///   - credentials: Given out in turn.
    ///   - limit: Permits before ``PermitDenied``.
    ///   - onHead: Called when a head has arrived.
    init(
        _ credentials: [Credential] = [.anonymous], limit: Int = .max, onHead: @escaping @Sendable () -> Void = {}
    ) {
        (self.credentials, self.limit, self.onHead) = (credentials, limit, onHead)
    }

    func acquire() async throws(PermitDenied) -> CallPermit {
        let permit = state.withLock { state -> CallPermit? in
            guard state.next < limit else { return nil }
            state.next += 1
            state.open.insert(state.next)
            return CallPermit(id: state.next, credential: credentials[Int(state.next - 1) % credentials.count])
        }
        guard let permit else {
            throw PermitDenied(kind: "quota", message: "The quota is used up.", until: .seconds(9))
        }
        return permit
    }

    func headReceived(_ permit: CallPermit, status: Int, headers: [(name: String, value: String)]) {
        state.withLock { state in
            if !state.open.contains(permit.id) { state.misuse.append("head of \(permit.id) after its end") }
            state.heads.append(status)
        }
        onHead()
    }

    func finish(_ permit: CallPermit, failure: CallFailure?) -> CallFailure? {
        state.withLock { state in
            if state.open.remove(permit.id) == nil { state.misuse.append("second finish of \(permit.id)") }
            state.finishes.append(Finish(permit: permit, failure: failure))
        }
        return failure
    }

    /// How many permits were given out.
    var acquired: Int { Int(state.withLock { $0.next }) }
    /// The statuses of the heads, in order.
    var heads: [Int] { state.withLock { $0.heads } }
    /// What was finished, in order.
    var finishes: [Finish] { state.withLock { $0.finishes } }
    /// The kinds of the finishes; `ok` for a success.
    var outcomes: [String] { finishes.map { $0.failure?.kind ?? "ok" } }
    /// Everything that was done wrong, permits still open included; empty is right.
    var misuse: [String] {
        state.withLock { $0.misuse + $0.open.sorted().map { "permit \($0) was never finished" } }
    }
}
