import FreshetCore

@testable import FreshetUpstream

/// Configurations and calls of the tests.
enum Samples {
    static let secret = "k3y/with+odd=chars"
    static let key = Credential(id: "key-1", secret: Secret(secret))

    static func source(_ method: AuthConfig.Method = .none, base: String = "https://api.test/v1") -> SourceConfig {
        var source = SourceConfig(name: "demo", baseURL: base)
        source.auth.method = method
        return source
    }

    static func dataset(_ template: String = "/items/{id}") throws -> DatasetConfig {
        DatasetConfig(id: DatasetID(source: "demo", name: "item"), template: try PathTemplate(template))
    }
}

/// An upstream over a scripted transport, with everything around it.
struct Bench {
    var source = Samples.source()
    var dataset: DatasetConfig
    var permits = CheckedPermits([Samples.key])
    var clock = HandClock()
    let transport: ScriptedTransport
    let upstream: HTTPUpstream

    init(_ transport: ScriptedTransport) throws {
        self.transport = transport
        dataset = try Samples.dataset()
        upstream = HTTPUpstream(clock: clock, userAgent: "freshet/test", transport: transport)
    }

    func fetch(_ key: String = "7", validators: Validators = Validators()) async -> FetchResult {
        await upstream.fetch(
            FetchRequest(source: source, dataset: dataset, key: key, validators: validators), permits: permits)
    }
}

extension FetchResult {
    var content: FetchedContent? {
        if case .content(let content) = self { content } else { nil }
    }

    var failure: CallFailure? {
        switch self {
        case .failed(let failure), .notFound(let failure): failure
        case .content, .notModified, .denied: nil
        }
    }

    var text: String? { content.map { String(decoding: $0.body, as: UTF8.self) } }

    /// `content`, `not-modified`, `not-found`, `denied`, or the kind of the failure.
    var word: String {
        switch self {
        case .content: "content"
        case .notModified: "not-modified"
        case .notFound: "not-found"
        case .failed(let failure): failure.kind
        case .denied: "denied"
        }
    }
}
