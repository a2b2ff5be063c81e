import FreshetCore

/// The source `torn`.
struct TornSource: Sendable {
    let options: TornOptions

    var config: SourceConfig {
        var source = SourceConfig(name: TornApp.name, baseURL: options.baseURL)
        source.auth.method = .header("Authorization")
        source.auth.keys = options.keys.map { key in
            Credential(id: key.id, secret: Secret("ApiKey \(key.secret.reveal())"), account: key.user)
        }
        source.headers = [("user-agent", options.userAgent)]
        source.limits =
            [
                LimitConfig(scope: .account, calls: options.callsPerUser, per: .seconds(60)),
                LimitConfig(scope: .ip, calls: options.callsPerAddress, per: .seconds(60)),
            ] + endpointLimits
        source.concurrency = 8
        // One endpoint that keeps failing must not close the door for the others: its tries alone stay below this.
        source.breaker.failures = 20
        source.rules = TornErrors.rules
        source.maxBody = 64 << 20
        return source
    }

    private var endpointLimits: [LimitConfig] {
        TornEndpoint.allCases.flatMap { endpoint in
            (options.endpoints[endpoint]?.limits ?? []).map { limit in
                var limit = limit
                limit.datasets = [endpoint.dataset]
                return limit
            }
        }
    }
}
