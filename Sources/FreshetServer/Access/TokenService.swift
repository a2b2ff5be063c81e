import Crypto
import FreshetCore
import HTTPTypes
import NIOCore
import Synchronization

/// Access tokens: made here, shown once, kept as SHA-256 hashes, looked up in memory.
final class TokenService: LaneAccess {
    private struct Known: Sendable {
        var roles: [[UInt8]: TokenRecord.Role] = [:]
    }

    private let store: any Store
    private let clock: any FreshetClock
    private let readsNeedToken: Bool
    private let known = Mutex(Known())
    /// The hash of the token of this process's own commands.
    private let controlHash: [UInt8]?

    /// `controlToken`: a token that this process made for commands of its owner: admin, listed nowhere.
    init(store: any Store, readsNeedToken: Bool, clock: any FreshetClock, controlToken: String? = nil) {
        self.store = store
        controlHash = controlToken.map { TokenService.hash($0.utf8) }
        self.readsNeedToken = readsNeedToken
        self.clock = clock
    }

    /// Brings what is known in memory up to the store.
    func reload() async throws(StoreError) {
        let records = try await store.tokens().filter { $0.revokedAt == nil }
        known.withLock { known in
            known.roles = Dictionary(records.map { ($0.hash, $0.role) }, uniquingKeysWith: max)
        }
    }

    /// Makes a token.
    ///
    /// - Returns: Its record, and the token itself, which is kept nowhere.
    func create(name: String, role: TokenRecord.Role) async throws(StoreError) -> (record: TokenRecord, token: String) {
        let token = "fr_" + TokenService.base64URL(TokenService.random(32))
        let record = TokenRecord(
            id: "t_"
                + TokenService.random(5).map { byte in
                    let text = String(byte, radix: 16)
                    return text.count == 1 ? "0" + text : text
                }.joined(), name: name,
            hash: TokenService.hash(token.utf8), role: role, createdAt: clock.now())
        try await store.addToken(record)
        try await reload()
        return (record, token)
    }

    /// Revokes a token; `false` when there is none of that id, or it was revoked before.
    func revoke(_ id: String) async throws(StoreError) -> Bool {
        let isRevoked = try await store.revokeToken(id: id, now: clock.now())
        try await reload()
        return isRevoked
    }

    /// What an `Authorization` value allows; `nil` without a valid token of ours.
    func role(authorization value: String?) -> TokenRecord.Role? {
        guard var value else { return nil }
        return value.withUTF8 { role(UnsafeRawBufferPointer($0)) }
    }

    private func role(_ value: UnsafeRawBufferPointer) -> TokenRecord.Role? {
        // "Bearer " is 7 bytes; the scheme is case-insensitive.
        guard value.count > 10, value.count < 200, value[6] == 32,
            zip(value[..<6], "bearer".utf8).allSatisfy({ $0 | 0x20 == $1 })
        else { return nil }
        let token = UnsafeRawBufferPointer(rebasing: value[7...])
        guard token.starts(with: "fr_".utf8) else { return nil }
        let hash = Array(SHA256.hash(data: token))
        if hash == controlHash { return .admin }
        return known.withLock { $0.roles[hash] }
    }

    // MARK: LaneAccess

    var readsAreOpen: Bool { !readsNeedToken }

    func mayRead(authorization value: UnsafeRawBufferPointer) -> Bool { role(value) != nil }

    // MARK: Checks

    /// Whether a request may use a route.
    ///
    /// - Throws: A 401 without a token where one is needed, a 403 when it does not allow this.
    func check(_ access: Route.Access, _ exchange: Exchange) throws(Problem) {
        switch access {
        case .everyone: return
        case .reader:
            guard readsNeedToken, exchange.role == nil else { return }
            throw TokenService.unauthorized("Reads need a token here")
        case .operator: try checkWriter(.operator, exchange)
        case .admin: try checkWriter(.admin, exchange)
        }
    }

    /// Whether a request may use a route.
    func allows(_ access: Route.Access, _ exchange: Exchange) -> Bool {
        do {
            try check(access, exchange)
            return true
        } catch {
            return false
        }
    }

    private func checkWriter(_ needed: TokenRecord.Role, _ exchange: Exchange) throws(Problem) {
        if let role = exchange.role {
            guard role >= needed else {
                throw Problem(
                    403, "forbidden", "This needs a token of role \(needed.rawValue); yours has role \(role.rawValue).")
            }
            return
        }
        guard known.withLock({ $0.roles.isEmpty }) else {
            throw TokenService.unauthorized("This needs a token of role \(needed.rawValue)")
        }
        guard LoopbackTrust.accepts(exchange) else {
            throw Problem(
                403, "forbidden",
                "No token is configured, so only this machine may do this. On the server, run: freshet tokens create")
        }
    }

    private static func unauthorized(_ what: String) -> Problem {
        Problem(
            401, "unauthorized", "\(what): send Authorization: Bearer fr_… (freshet tokens create makes one).",
            fields: [("WWW-Authenticate", "Bearer realm=\"freshet\"")])
    }

    private static func hash(_ text: String.UTF8View) -> [UInt8] { Array(SHA256.hash(data: Array(text))) }

    private static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var (text, bits, count) = ("", UInt32(0), 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count)) & 63])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count)) & 63]) }
        return text
    }
}
