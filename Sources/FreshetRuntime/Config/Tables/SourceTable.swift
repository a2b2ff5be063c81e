import FreshetCore

/// A source as the file has it, before its name, keys and limits are put together.
struct SourceDraft: Sendable {
    var config = SourceConfig(name: "", baseURL: "")
    var auth = AuthDraft()
    var limits: [LimitDraft] = []
    var headers: [Named<String>] = []
    var place = Place()

    init() {}

    init(showing config: SourceConfig) {
        self.config = config
        auth = AuthDraft(showing: config.auth)
        limits = config.limits.map(LimitDraft.init(showing:))
        headers = config.headers.map { Named(name: $0.name, value: $0.value) }
    }
}

/// The `sources:` entries.
enum SourceTable {
    static let section = Section<SourceDraft>(
        "source", at: "sources.<source>", doc: "One upstream API: where it is, who we are to it, and what it allows.",
        example: "{ base_url: https://api.example.com/v1 }", defaults: SourceDraft(), place: \.place,
        keepsPartial: true,
        keys: [
            Key(
                "base_url", \.config.baseURL, .url(isBase: true), required: true,
                synonyms: ["url", "base", "host", "endpoint"],
                "Scheme, host, optional port and path of the API. The `get` of each dataset follows it."),
            Key(
                "auth", \.auth, AuthTable.kind, synonyms: ["key", "keys", "token", "api_key", "authentication"],
                "How calls are authenticated, and with which keys. Several keys share the load."),
            Key(
                "headers", \.headers, .headers, synonyms: ["header"],
                "Fixed request headers by name. Keys belong under `auth`."),
            Key(
                "limits", \.limits, .list(LimitTable.sourceLimit.kind),
                synonyms: ["limit", "rate_limit", "rate_limits", "quota"],
                "How many calls the API allows. All limits hold at once."),
            Key(
                "reserve", \.config.reserve, .percent(upTo: 90), synonyms: ["reserved"],
                "The share of every window that only critical and high refreshes may use."),
            Key(
                "concurrency", \.config.concurrency, .integer(1...1000), synonyms: ["parallel", "max_concurrency"],
                "The most calls in flight at once."),
            Key("tls", \.config.tls, tls.kind, synonyms: ["ssl"], "Which certificates are accepted."),
            Key(
                "timeout", \.config.timeout, .duration(atLeast: .milliseconds(10)), synonyms: ["request_timeout"],
                "How long a call may take, from sending the request to the last byte of its answer."),
            Key(
                "retry", \.config.retry, retry.kind, synonyms: ["retries"],
                "How failures that may pass are tried again."),
            Key(
                "breaker", \.config.breaker, breaker.kind, synonyms: ["circuit_breaker"],
                "When a source that keeps failing is left alone."),
            Key("maintenance", \.config.maintenance, maintenance.kind, "When a source is in maintenance."),
            Key(
                "max_body", \.config.maxBody, .size(1...(2 << 30)), synonyms: ["max_size", "body_limit"],
                "The largest answer after decompression; a larger one is refused while it arrives."),
            Key("max_depth", \.config.maxDepth, .integer(1...10_000), "The deepest nesting of an answer."),
            Key(
                "max_redirects", \.config.maxRedirects, .integer(0...20), synonyms: ["redirects"],
                "How many redirects are followed. Another host never gets the credentials."),
            Key(
                "not_found_for", \.config.notFoundFor, .duration(), synonyms: ["negative_ttl"],
                "How long a 404 is remembered before the key is asked for again."),
            Key(
                "errors", \.config.rules, .errorRules, synonyms: ["rules", "error_rules"],
                "When an answer is an error although its status may be good, in order; the first rule that matches decides. "
                    + "A name stands for ready rules: \(ErrorPreset.names.map { "`\($0)`" }.joined(separator: ", "))."),
            Key(
                "proxy_wait", \.config.proxyWait, .duration(atLeast: .zero),
                "How long `/proxy` waits for a key that was never fetched."),
        ])

    static let retry = Section<RetryConfig>(
        "retry", at: "sources.<source>.retry", doc: "How failures that may pass are tried again: exponential back-off.",
        example: "{ attempts: 4, initial: PT1S, max: PT2M }", defaults: RetryConfig(),
        keys: [
            Key(
                "attempts", \.attempts, .integer(1...100), synonyms: ["max_attempts", "max_retries", "count"],
                "Tries in all, the first included."),
            Key(
                "initial", \.initial, .duration(), synonyms: ["delay", "backoff"], "The upper bound of the first wait."),
            Key(
                "multiplier", \.multiplier, .number(1...100), synonyms: ["factor"],
                "What each further bound is multiplied by."),
            Key("max", \.max, .duration(), synonyms: ["max_delay", "maximum"], "The largest bound."),
            Key(
                "jitter", \.jitter, .choice("a jitter"),
                "Whether a wait is drawn from zero to the bound (`full`) or is the bound itself (`none`)."),
        ])

    static let tls = Section<TLSConfig>(
        "tls", at: "sources.<source>.tls", doc: "Which certificates are accepted from an https source.",
        example: "{ ca_file: ./our-ca.pem }", defaults: TLSConfig(),
        keys: [
            Key(
                "ca_file", \.caFile, .optional(.text("path", example: "./our-ca.pem")),
                synonyms: ["ca", "cafile", "cert", "certificate"],
                "A PEM file of certificate authorities that are trusted besides the system's. A relative path starts at the "
                    + "folder of this file.")
        ])

    static let breaker = Section<BreakerConfig>(
        "breaker", at: "sources.<source>.breaker", doc: "When a source that keeps failing is left alone.",
        example: "{ failures: 5, probe_every: PT30S }", defaults: BreakerConfig(),
        keys: [
            Key(
                "failures", \.failures, .integer(0...100_000), synonyms: ["threshold"],
                "Failures in a row that open the breaker; 0 switches it off."),
            Key(
                "probe_every", \.probeEvery, .duration(atLeast: .milliseconds(100)), synonyms: ["reset", "cooldown"],
                "How often one probe is let through while it is open."),
        ])

    static let maintenance = Section<MaintenanceConfig>(
        "maintenance", at: "sources.<source>.maintenance", doc: "When a source is in maintenance.",
        example: "{ status: [503] }", defaults: MaintenanceConfig(),
        keys: [
            Key(
                "status", \.statusList, .oneOrMore(.integer(400...599)), synonyms: ["statuses", "codes"],
                "Statuses that announce maintenance."),
            Key(
                "probe_every", \.probeEvery, .duration(atLeast: .milliseconds(100)),
                "How often one probe is let through while it lasts."),
        ])
}

/// How waits between tries are drawn.
enum Jitter: String, Sendable, CaseIterable {
    case full, none
}

extension RetryConfig {
    var jitter: Jitter {
        get { fullJitter ? .full : .none }
        set { fullJitter = newValue == .full }
    }
}

extension MaintenanceConfig {
    var statusList: [Int] {
        get { statuses.sorted() }
        set { statuses = Set(newValue) }
    }
}

extension Kind where Value == [Named<String>] {
    /// Request headers by lower-case name; values of headers that may hold a secret are not shown.
    static var headers: Kind {
        let names = Kind.map(of: .headerValue, named: "header name") { entry, reading in
            HeaderName.check(entry, &reading)
        }
        return Kind(type: names.type) { node, reading in
            names.read(node, &reading)?.map {
                Named(name: $0.name.lowercased(), value: $0.value, mark: $0.mark, path: $0.path)
            }
        } show: { headers in
            let shown = headers.map {
                ($0.name, OrderedValue.text(HeaderName.isHarmless($0.name) ? $0.value : Redaction.mark))
            }
            return shown.isEmpty ? nil : .object(shown)
        }
    }
}

extension Kind where Value == String {
    fileprivate static var headerValue: Kind {
        Kind(type: .text("text")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "the header's value", hiding: true)
                return nil
            }
            guard scalar.text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                reading.problem(node, "the value holds a line break or a control character, which a header cannot")
                return nil
            }
            return scalar.text
        } show: {
            .text($0)
        }
    }
}

/// What is known of header names.
enum HeaderName {
    private static let own: Set = [
        "host", "content-length", "transfer-encoding", "connection", "accept-encoding", "if-none-match",
        "if-modified-since", "te", "trailer", "upgrade", "keep-alive",
    ]
    private static let harmless: Set = [
        "accept", "accept-language", "user-agent", "content-type", "from", "referer", "cache-control",
    ]

    /// Whether the value may be shown.
    static func isHarmless(_ name: String) -> Bool { harmless.contains(name) || name.hasSuffix("-version") }

    static func check(_ entry: ConfigEntry, _ reading: inout Reading) -> Bool {
        let token = entry.key.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains(byte)
        }
        if entry.key.isEmpty || !token {
            reading.problem(entry.mark, entry.value.path, "\"\(entry.key)\" cannot be the name of a header")
            return false
        }
        if own.contains(entry.key.lowercased()) {
            reading.problem(entry.mark, entry.value.path, "Freshet sets the header \(entry.key) itself; remove it")
            return false
        }
        return true
    }
}

/// What is shown in place of a secret.
enum Redaction {
    static let mark = "<redacted>"

    /// Whether a name speaks of a credential.
    static func isSensitive(_ name: String) -> Bool {
        let plain = name.lowercased().filter { $0 != "-" && $0 != "_" }
        return plain == "key" || plain == "auth" || plain == "sig"
            || ["apikey", "token", "secret", "password", "passwd", "authorization", "cookie", "accesskey"].contains {
                plain.contains($0)
            }
    }

    /// A path template with the literal values of credential-like query fields hidden.
    static func template(_ text: String) -> String {
        guard let mark = text.firstIndex(of: "?") else { return text }
        let fields = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false).map {
            field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, isSensitive(String(parts[0])), !parts[1].contains("{") else { return String(field) }
            return "\(parts[0])=\(Redaction.mark)"
        }
        return text[...mark] + fields.joined(separator: "&")
    }
}
