public import FreshetCore
public import NIOCore

/// Fetches documents over HTTP: the ``Upstream`` of the product.
///
/// One value serves all sources. It keeps connections, OAuth 2.0 tokens and compiled paths, and nothing of any
/// budget: every call asks its
/// permits first. Safe to use from any task; heavy work (parsing, hashing) leaves the caller's actor.
///
/// - Important: Call ``close()`` before letting go of it.
public final class HTTPUpstream: Upstream {
    /// How connections are made and kept.
    public struct Options: Sendable {
        /// Sent as `User-Agent` unless a source's `headers` say otherwise.
        public var userAgent = "freshet"
        /// How long making a connection may take; part of the source's `timeout`.
        public var connectTimeout = Duration.seconds(10)
        /// How long an unused connection is kept.
        public var idleTimeout = Duration.seconds(60)
        /// Connections kept per host, at least 1; use the largest `concurrency` of the sources.
        public var connectionsPerHost = 64

        /// Creates options with defaults.
        public init() {}
    }

    private let transport: any Transport
    private let clock: any FreshetClock
    private let userAgent: String
    private let tokens = TokenCache()
    private let datasets = DatasetCache()

    /// Creates an upstream; no connection is made yet.
    ///
    /// - Parameters:
    ///   - clock: For deadlines, and for dates that answers hold.
    ///   - options: How connections are made and kept.
    ///   - eventLoopGroup: Event loops to share; `nil` uses the HTTP client's own.
    public convenience init(
        clock: any FreshetClock, options: Options = Options(), eventLoopGroup: (any EventLoopGroup)? = nil
    ) {
        self.init(
            clock: clock, userAgent: options.userAgent,
            transport: AsyncHTTPTransport(group: eventLoopGroup, options: options))
    }

    init(clock: any FreshetClock, userAgent: String, transport: any Transport) {
        (self.clock, self.userAgent, self.transport) = (clock, userAgent, transport)
    }

    /// Fetches a document, in one call or page by page.
    public func fetch(_ request: FetchRequest, permits: any CallPermits) async -> FetchResult {
        do throws(CompiledDataset.Problem) {
            let compiled = try datasets.compiled(request.source, request.dataset)
            let caller = caller(request.source, compiled, permits)
            return await DocumentFetch(caller: caller, request: request, compiled: compiled, clock: clock).run()
        } catch {
            return .failed(error.failure)
        }
    }

    /// Passes a client's request on, live.
    public func pass(_ request: PassRequest, permits: any CallPermits) async -> PassResult {
        do throws(CompiledDataset.Problem) {
            let compiled = try datasets.compiled(request.source, nil)
            let caller = caller(request.source, compiled, permits)
            return await LivePass(caller: caller, request: request, base: compiled.base, clock: clock).run()
        } catch {
            return .failed(error.failure)
        }
    }

    /// Closes all connections; calls under way end as failures.
    ///
    /// A second call does nothing.
    public func close() async { await transport.close() }

    private func caller(
        _ source: SourceConfig, _ compiled: CompiledDataset, _ permits: any CallPermits
    ) -> SourceCaller {
        let keys = KeyRing(
            source: source, tokens: tokens, deadline: Deadline(clock: clock), transport: transport, userAgent: userAgent
        )
        return SourceCaller(source: source, base: compiled.base, rules: compiled.rules, keys: keys, permits: permits)
    }
}
