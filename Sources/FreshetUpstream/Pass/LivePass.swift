import FreshetCore
import FreshetDocument

/// Passes one client request on, under the budget, without retries.
///
/// Any answer of upstream's goes to the client, errors too, while the budget hears what its status means. Redirects
/// of `GET` and `HEAD`
/// are followed here, since the client must not be sent to upstream by itself.
struct LivePass: Sendable {
    let caller: SourceCaller
    let request: PassRequest
    let base: HTTPURL
    let clock: any FreshetClock

    private struct Answer: Sendable {
        var status: Int
        var headers: HeaderFields
        var body: [UInt8]
    }

    @concurrent
    func run() async -> PassResult {
        let form = CredentialForm(method: request.source.auth.method)
        guard let target = base.appending(pathAndQuery: request.path) else {
            return refused("bad-path", "The path climbs out of base_url or is no path, so nothing was sent.")
        }
        guard LivePass.isAllowed(request.method) else {
            return refused("bad-request", "That method is not passed on, so nothing was sent.")
        }
        let limit = request.source.maxBody
        guard request.body.count <= limit else {
            return refused("too-large", "The request's body has more than \(limit) bytes, so nothing was sent.")
        }
        let url = form.queryParameter.map(target.removingQuery) ?? target
        let call = OutgoingCall(
            method: request.method, url: url,
            headers: PassHeaders.up(HeaderFields(request.headers), credential: form.headerName), body: request.body,
            wantsDocument: false, plan: { _ in .all(limit: limit) })
        let statuses = StatusPolicy(source: request.source.name, maintenance: request.source.maintenance.statuses)
        let now = clock.now()
        let outcome = await caller.call(call) { inspection -> Verdict<Answer> in
            let head = inspection.head
            let answer = Answer(
                status: head.status, headers: PassHeaders.down(head.headers), body: inspection.body)
            // 2xx are all good for a live request; the others mean for key and source what they mean in a refresh.
            guard head.status >= 400, let failure = statuses.failure(inspection, now: now) else {
                return .accept(answer)
            }
            return .report(answer, failure)
        }
        switch outcome {
        case .denied(let denial): return .denied(denial)
        case .failed(let failure): return .failed(failure)
        case .value(let answer, _):
            return .answer(status: answer.status, headers: answer.headers.fields, body: answer.body)
        }
    }

    private func refused(_ kind: String, _ message: String) -> PassResult {
        .failed(CallFailure(effect: .permanent, kind: kind, message: message))
    }

    /// A method is a token; CONNECT and TRACE concern connections, not documents.
    private static func isAllowed(_ method: String) -> Bool {
        !method.isEmpty && method.utf8.allSatisfy { URLBytes.isLetter($0) || $0 == UInt8(ascii: "-") }
            && method != "CONNECT" && method != "TRACE"
    }
}
