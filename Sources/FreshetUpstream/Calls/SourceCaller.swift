import FreshetCore
import FreshetDocument

/// Makes calls to one source for one refresh: permit, credentials, deadline, redirects, rules.
///
/// Every hop to the source itself has a permit of its own, for the server counts it. A hop to another host rides on
/// the permit of the
/// call that led there, so that its outcome is reported once, too; it carries no credentials and cannot park a key. A
/// permit is
/// finished in exactly one place on every path, because nothing here throws.
struct SourceCaller: Sendable {
    let source: SourceConfig
    let base: HTTPURL
    let rules: CompiledRules
    let keys: KeyRing
    let permits: any CallPermits

    private var clock: any FreshetClock { keys.deadline.clock }
    private var form: CredentialForm { CredentialForm(method: source.auth.method) }
    private var statuses: StatusPolicy {
        StatusPolicy(source: source.name, maintenance: source.maintenance.statuses)
    }

    /// What one hop came to.
    private enum HopOutcome<Value: Sendable>: Sendable {
        case done(Verdict<Value>)
        case follow(Hop)
        /// The access token was refused and forgotten.
        case renewed
    }

    /// Makes a call and judges its answer.
    ///
    /// The source's rules look at every answer first; then redirects are followed; what remains goes to `judge`.
    /// - Parameters:
    ///   - call: What to send.
    ///   - judge: Says what an answer is worth; its failure is what the budget hears.
    /// - Returns: What the judge accepted, or why there is nothing.
    @concurrent
    func call<Value: Sendable>(
        _ call: OutgoingCall, judge: @Sendable (Inspection) -> Verdict<Value>
    ) async -> CallOutcome<Value> {
        var hop = Hop(url: call.url, method: call.method)
        var redirects = RedirectPolicy(base: base, limit: source.maxRedirects, first: hop)
        var mayRenew = true
        while true {
            let permit: CallPermit
            do throws(PermitDenied) { permit = try await permits.acquire() } catch { return .denied(error) }
            var outcome = await send(hop, of: call, permit, mayRenew: mayRenew, redirects: &redirects, judge: judge)
            while case .follow(let next) = outcome, !redirects.countsAgainstSource(next) {
                hop = next
                outcome = await send(hop, of: call, permit, mayRenew: false, redirects: &redirects, judge: judge)
            }
            switch outcome {
            case .follow(let next):
                permits.finish(permit, failure: nil)
                hop = next
            case .renewed:
                permits.finish(permit, failure: nil)
                mayRenew = false
            case .done(let verdict):
                let judged = permits.finish(permit, failure: verdict.failure)
                switch verdict {
                case .accept(let value), .report(let value, _): return .value(value, url: hop.url)
                case .reject(let failure): return .failed(judged ?? failure)
                }
            }
        }
    }

    private func send<Value: Sendable>(
        _ hop: Hop, of call: OutgoingCall, _ permit: CallPermit, mayRenew: Bool, redirects: inout RedirectPolicy,
        judge: @Sendable (Inspection) -> Verdict<Value>
    ) async -> HopOutcome<Value> {
        var secrets = SecretScrubber.parts(of: permit.credential, method: source.auth.method)
        var request = request(for: hop, of: call)
        var key: KeyRing.Key?
        if hop.isTrusted {
            switch await keys.key(for: permit.credential) {
            case .failed(let failure): return .done(.reject(SecretScrubber(secrets).scrubbing(failure)))
            case .key(let found):
                key = found
                secrets.append(found.value)
                form.apply(found.value, to: &request)
            }
        }
        let (permits, isOurs) = (permits, redirects.countsAgainstSource(hop))
        let result = await keys.deadline.send(request, over: keys.transport, within: source.timeout) { head in
            if isOurs { permits.headReceived(permit, status: head.status, headers: head.headers.fields) }
            return call.plan(head)
        }
        if let key, key.isRenewable, mayRenew, result.status == 401 {
            await keys.forget(key, of: permit.credential)
            return .renewed
        }
        let scrubber = SecretScrubber(secrets)
        let outcome: HopOutcome<Value> =
            switch result {
            case .failed(let failure): .done(.reject(read(failure)))
            case .answer(let answer):
                read(
                    await inspect(answer, call, scrubber), hop: hop, wantsDocument: call.wantsDocument,
                    redirects: &redirects, judge: judge)
            }
        guard case .done(let verdict) = outcome else { return outcome }
        return .done(verdict.mapFailure { scrubber.scrubbing(isOurs ? $0 : SourceCaller.soften($0)) })
    }

    private func inspect(
        _ answer: TransportAnswer, _ call: OutgoingCall, _ scrubber: SecretScrubber
    ) async -> Inspection {
        let status = answer.head.status
        let parses = call.wantsDocument || status >= 400 || rules.needBody(status: status)
        return await Inspection.make(answer, scrubber: scrubber, parses: parses, maxDepth: source.maxDepth)
    }

    private func read<Value: Sendable>(
        _ answer: Inspection, hop: Hop, wantsDocument: Bool, redirects: inout RedirectPolicy,
        judge: @Sendable (Inspection) -> Verdict<Value>
    ) -> HopOutcome<Value> {
        if let rule = rules.match(status: answer.head.status, root: answer.root) {
            let failure = statuses.failure(answer, rule: rule, now: clock.now())
            guard !wantsDocument else { return .done(.reject(failure)) }
            // The client gets upstream's own answer; the budget hears what the rule says.
            switch judge(answer) {
            case .accept(let value), .report(let value, _): return .done(.report(value, failure))
            case .reject: return .done(.reject(failure))
            }
        }
        switch redirects.step(after: hop, status: answer.head.status, location: answer.head.headers["location"]) {
        case .stay: return .done(judge(answer))
        case .follow(let next): return .follow(next)
        case .refuse(let kind, let message):
            return .done(
                .reject(
                    CallFailure(
                        effect: .permanent, kind: kind, message: "\(source.name): \(message)",
                        status: answer.head.status)))
        }
    }

    /// Reads a transport failure; an error status whose body broke is still that status.
    private func read(_ failure: TransportFailure) -> CallFailure {
        if let head = failure.head {
            let bare = Inspection(head: head, body: [], isCut: true, parse: .skipped)
            if let rule = rules.match(status: head.status, root: nil) {
                return statuses.failure(bare, rule: rule, now: clock.now())
            }
            if head.status >= 400, let status = statuses.failure(bare, now: clock.now()) { return status }
        }
        let isFinal = [.tooLarge, .badRequest, .badEncoding].contains(failure.kind)
        return CallFailure(
            effect: isFinal ? .permanent : .retry, kind: failure.kind.rawValue,
            message: "\(source.name) gave no usable answer: \(failure.detail)."
                + (failure.kind == .tooLarge ? " Raise max_body if that is right." : ""),
            status: failure.head?.status)
    }

    private func request(for hop: Hop, of call: OutgoingCall) -> TransportRequest {
        var request = TransportRequest(method: hop.method, url: hop.url)
        request.caFile = source.tls.caFile
        request.headers = [
            "User-Agent": keys.userAgent, "Accept": "application/json", "Accept-Encoding": "gzip, deflate",
        ]
        if hop.isTrusted {
            for (name, value) in call.headers.fields { request.headers.set(name, value) }
            for (name, value) in source.headers { request.headers.set(name, value) }
        }
        for (name, value) in call.sharedHeaders.fields { request.headers.set(name, value) }
        if hop.keepsBody, hop.isTrusted { request.body = call.body }
        form.strip(&request)
        return request
    }

    /// Another host's answer says nothing of our keys, our quota or the source's health.
    private static func soften(_ failure: CallFailure) -> CallFailure {
        var failure = failure
        switch failure.effect {
        case .wait, .parkKey, .disableKey, .stopSource, .maintenance: failure.effect = .retry
        case .retry, .notFound, .permanent: break
        }
        return failure
    }
}

extension TransportResult {
    /// The status, when a head had arrived.
    var status: Int? {
        switch self {
        case .answer(let answer): answer.head.status
        case .failed(let failure): failure.head?.status
        }
    }
}

extension Verdict {
    func mapFailure(_ change: (CallFailure) -> CallFailure) -> Verdict {
        switch self {
        case .accept: self
        case .report(let value, let failure): .report(value, change(failure))
        case .reject(let failure): .reject(change(failure))
        }
    }
}

extension SecretScrubber {
    /// The failure with its message scrubbed.
    func scrubbing(_ failure: CallFailure) -> CallFailure {
        var failure = failure
        failure.message = scrub(failure.message)
        return failure
    }
}
