import NIOCore
import NIOHTTP1

/// Decides what answers a request: faults first, then keys, limits and the handler; then validators, compression and quota headers.
struct Responder: Sendable {
    let core: MockCore

    /// The answer to a request.
    func deliver(_ request: MockRequest, _ ticket: MockCore.Ticket) -> Delivery {
        if ticket.plan.isEmpty { return .answer(finished(good(request, ticket), request, ticket), Delivery.Mode()) }
        if let terminal = ticket.plan.terminal { return deliver(terminal, request, ticket) }
        let response = FaultBodies.transform(good(request, ticket), ticket.plan.transforms, seed: ticket.plan.seed)
        return shape(finished(response, request, ticket), ticket)
    }

    private func good(_ request: MockRequest, _ ticket: MockCore.Ticket) -> MockResponse {
        if request.path.hasPrefix(OAuthEndpoint.prefix) { return OAuthEndpoint(core: core).respond(to: request) }
        guard ticket.isKeyAccepted else {
            guard core.options.oauth != nil else { return core.handler.failure(.keyRefused) }
            var response = MockResponse.json(["error": "invalid_token"], status: 401)
            response.headers.add(name: "www-authenticate", value: "Bearer error=\"invalid_token\"")
            return response
        }
        if let refusal = ticket.ledger?.refusal {
            // The status is the upstream's own: some APIs refuse with 200 and a code in the body, and tell no time.
            var response = core.handler.failure(.rateLimited)
            if core.options.sendsRetryAfter, response.status >= 400 {
                response.headers.replaceOrAdd(name: "retry-after", value: "\(max(1, refusal.wait.secondsRoundedUp))")
            }
            return response
        }
        return core.handler.respond(to: request)
    }

    private func deliver(_ fault: FaultKind, _ request: MockRequest, _ ticket: MockCore.Ticket) -> Delivery {
        switch fault {
        case .reset: return .reset
        case .noResponse: return .silence
        case .garbage(raw: true): return .raw(ByteBuffer(bytes: FaultBodies.garbage(seed: ticket.plan.seed)))
        case .oversize(let bytes, let chunked):
            return .stream(.json(MockBody.empty), .oversize(bytes: bytes), chunked: chunked)
        case .gzipBomb(let bytes):
            var response = MockResponse.json(MockBody.empty)
            response.headers.add(name: "content-encoding", value: "gzip")
            return .stream(response, .gzipBomb(bytes: bytes), chunked: true)
        default: return shape(withQuota(replacement(fault, request, ticket), ticket), ticket)
        }
    }

    private func replacement(_ fault: FaultKind, _ request: MockRequest, _ ticket: MockCore.Ticket) -> MockResponse {
        switch fault {
        case .status(let status):
            var response = core.handler.failure(.status(status))
            response.status = status
            return response
        case .tooManyRequests(let retryAfter): return tooMany(retryAfter)
        case .maintenance:
            var response = core.handler.failure(.maintenance)
            response.status = 503
            return response
        case .html(let status): return FaultBodies.html(status: status)
        case .garbage: return .json(MockBody(FaultBodies.garbage(seed: ticket.plan.seed)))
        case .empty: return .json(MockBody.empty)
        case .null: return .json(MockBody("null"))
        case .depthBomb(let levels): return .json(FaultBodies.depth(levels))
        case .errorInSuccess(let body):
            if let body { return .json(body) }
            var response = core.handler.failure(.insideSuccess)
            response.status = 200
            return response
        default: return good(request, ticket)
        }
    }

    private func tooMany(_ retryAfter: FaultKind.RetryAfter) -> MockResponse {
        var response = core.handler.failure(.rateLimited)
        response.status = 429
        switch retryAfter {
        case .none: response.headers.remove(name: "retry-after")
        case .seconds(let seconds): response.headers.replaceOrAdd(name: "retry-after", value: "\(seconds)")
        case .date(let seconds):
            let date = CivilTime(unixSeconds: core.options.clock.unix().components.seconds + Int64(seconds))
            response.headers.replaceOrAdd(name: "retry-after", value: date.httpDate)
        }
        return response
    }

    private func shape(_ response: MockResponse, _ ticket: MockCore.Ticket) -> Delivery {
        var mode = Delivery.Mode()
        for fault in ticket.plan.delivery {
            switch fault {
            case .truncate(let keep, let chunked):
                mode.cutAfter = min(keep ?? response.body.count / 2, max(0, response.body.count - 1))
                mode.cutChunked = chunked
            case .slowBody(let rate): mode.bodyRate = rate
            case .slowHead(let rate): mode.headRate = rate
            default: continue
            }
        }
        return .answer(response, mode)
    }

    // MARK: Finishing

    private func finished(_ response: MockResponse, _ request: MockRequest, _ ticket: MockCore.Ticket) -> MockResponse {
        var response = withQuota(response, ticket)
        guard response.status == 200, request.method == "GET" || request.method == "HEAD" else { return response }
        if let age = core.options.cacheMaxAge {
            response.headers.replaceOrAdd(name: "cache-control", value: "max-age=\(age.components.seconds)")
        }
        let zips =
            core.options.compresses && response.body.count >= 256
            && !response.headers.contains(name: "content-encoding")
            && request.headers[canonicalForm: "accept-encoding"].contains {
                $0.hasPrefix("gzip") && !$0.hasSuffix(";q=0")
            }
        if core.options.sendsETag, !response.headers.contains(name: "etag") {
            // The two encodings are different bytes, so a strong tag has to tell them apart.
            let tag = zips ? "\(response.body.etag.dropLast())-gzip\"" : response.body.etag
            response.headers.add(name: "etag", value: tag)
        }
        if core.options.sendsLastModified {
            let seen = core.lastModified(target: request.target, etag: response.body.etag)
            let date = CivilTime(unixSeconds: seen.components.seconds)
            response.headers.replaceOrAdd(name: "last-modified", value: date.httpDate)
        }
        if isNotModified(request, response) {
            response.status = 304
            response.body = .empty
            response.headers.remove(name: "content-type")
            return response
        }
        if zips {
            response.body = MockBody(response.body.gzip)
            response.headers.add(name: "content-encoding", value: "gzip")
            response.headers.add(name: "vary", value: "accept-encoding")
        }
        return response
    }

    /// `If-None-Match` decides; only without it does `If-Modified-Since`.
    private func isNotModified(_ request: MockRequest, _ response: MockResponse) -> Bool {
        let asked = request.headers[canonicalForm: "if-none-match"]
        if !asked.isEmpty, let tag = response.headers.first(name: "etag") {
            return asked.contains { $0 == "*" || bare($0) == bare(tag[...]) }
        }
        guard let since = request.headers.first(name: "if-modified-since") else { return false }
        return since == response.headers.first(name: "last-modified")
    }

    private func bare(_ tag: Substring) -> String {
        var text = tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
        if text.hasSuffix("-gzip\"") { text = text.dropLast(6) + "\"" }
        return String(text)
    }

    private func withQuota(_ response: MockResponse, _ ticket: MockCore.Ticket) -> MockResponse {
        guard core.options.quotaHeaders != .none, let counted = ticket.ledger,
            let quota = counted.refusal ?? counted.tightest
        else { return response }
        var response = response
        let remaining = max(0, quota.remaining)
        let reset = max(1, (quota.wait > .zero ? quota.wait : quota.per).secondsRoundedUp)
        switch core.options.quotaHeaders {
        case .none: break
        case .xRateLimit:
            let at = core.options.clock.unix().components.seconds + Int64(reset)
            response.headers.replaceOrAdd(name: "x-ratelimit-limit", value: "\(quota.limit)")
            response.headers.replaceOrAdd(name: "x-ratelimit-remaining", value: "\(remaining)")
            response.headers.replaceOrAdd(name: "x-ratelimit-used", value: "\(quota.limit - remaining)")
            response.headers.replaceOrAdd(name: "x-ratelimit-reset", value: "\(at)")
        case .draft:
            let window = max(1, quota.per.secondsRoundedUp)
            response.headers.replaceOrAdd(name: "ratelimit-policy", value: "\"default\";q=\(quota.limit);w=\(window)")
            response.headers.replaceOrAdd(name: "ratelimit", value: "\"default\";r=\(remaining);t=\(reset)")
        }
        return response
    }
}
