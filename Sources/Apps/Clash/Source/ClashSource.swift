import FreshetCore

/// The sources of the app: the API, the game's images, and the issuer's keys.
struct ClashSource: Sendable {
    /// The source of images.
    static let assets = "clash_assets"
    /// The source of the issuer's public keys.
    static let issuer = "clash_issuer"

    let options: ClashOptions

    var all: [SourceConfig] { [api, images, keys].compactMap { $0 }.sorted { $0.name < $1.name } }

    var api: SourceConfig {
        var source = SourceConfig(name: ClashApp.name, baseURL: options.baseURL)
        source.auth.method = .bearer
        source.auth.keys = options.keys
        source.headers = [("accept", "application/json")]
        source.limits = [LimitConfig(scope: .key, calls: options.callsPerSecond, per: .seconds(1))]
        if let calls = options.callsPerDay {
            source.limits.append(LimitConfig(scope: .account, calls: calls, per: .seconds(86_400)))
        }
        source.reserve = options.reserve
        source.concurrency = 16
        source.retry.attempts = 5
        source.rules = ClashErrors.rules
        source.maintenance.statuses = [503]
        return source
    }

    /// Images are fetched without a key, from one host, without following it elsewhere.
    var images: SourceConfig {
        var source = SourceConfig(name: Self.assets, baseURL: options.assetsURL)
        source.limits = [LimitConfig(scope: .ip, calls: 50, per: .seconds(1))]
        source.concurrency = 8
        source.timeout = .seconds(10)
        source.maxRedirects = 0
        source.maxBody = options.maxAsset
        return source
    }

    /// The issuer, when its keys are fetched.
    var keys: SourceConfig? {
        guard case .url(let text)? = options.identity?.keySet, let parts = Self.split(text) else { return nil }
        var source = SourceConfig(name: Self.issuer, baseURL: parts.base)
        source.limits = [LimitConfig(scope: .ip, calls: 6, per: .seconds(60))]
        source.concurrency = 1
        source.timeout = .seconds(10)
        source.maxBody = 256 << 10
        return source
    }

    /// Scheme and host, and the path of an address.
    static func split(_ url: String) -> (base: String, path: String)? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let rest = url[scheme.upperBound...]
        guard let slash = rest.firstIndex(of: "/"), slash > rest.startIndex else { return nil }
        return (String(url[..<slash]), String(rest[slash...]))
    }
}
