import Crypto
import FreshetCore

/// One key as the file has it.
struct KeyDraft: Sendable {
    var secret = Secret("")
    var account = "default"
    /// Whether the secret itself stands in the file.
    var isWritten = false
    var mark = ConfigMark()
    var path = ""
}

/// Keys that go into a named header or query parameter.
struct NamedKeysDraft: Sendable {
    var name = ""
    var keys: [KeyDraft] = []
}

/// The entries of `oauth2:`.
struct OAuthDraft: Sendable {
    var tokenURL = ""
    var clientID: SecretText?
    var clientSecret: SecretText?
    var scope: String?
    var account = "default"
    var place = Place()
}

/// The `auth:` of a source as the file has it.
struct AuthDraft: Sendable {
    var bearer: [KeyDraft]?
    var header: NamedKeysDraft?
    var query: NamedKeysDraft?
    var basic: [KeyDraft]?
    var oauth2: [OAuthDraft]?
    var place = Place()

    init() {}

    var method: AuthConfig.Method {
        if bearer != nil { return .bearer }
        if let header { return .header(header.name) }
        if let query { return .query(query.name) }
        if basic != nil { return .basic }
        if let first = oauth2?.first { return .oauth2(tokenURL: first.tokenURL, scope: first.scope) }
        return .none
    }

    var keys: [KeyDraft] {
        if let oauth2 { return oauth2.map(\.key) }
        return bearer ?? header?.keys ?? query?.keys ?? basic ?? []
    }

    /// The draft of a finished section, its secrets left out.
    init(showing auth: AuthConfig) {
        let keys = auth.keys.map { KeyDraft(secret: Secret(Redaction.mark), account: $0.account) }
        switch auth.method {
        case .none: break
        case .bearer: bearer = keys
        case .header(let name): header = NamedKeysDraft(name: name, keys: keys)
        case .query(let name): query = NamedKeysDraft(name: name, keys: keys)
        case .basic: basic = keys
        case .oauth2(let url, let scope):
            oauth2 = keys.map { OAuthDraft(tokenURL: url, scope: scope, account: $0.account) }
        }
    }
}

extension OAuthDraft {
    fileprivate var key: KeyDraft {
        KeyDraft(
            secret: Secret("\(clientID?.secret.reveal() ?? ""):\(clientSecret?.secret.reveal() ?? "")"),
            account: account,
            isWritten: clientSecret?.isWritten ?? false, mark: clientSecret?.mark ?? place.mark, path: place.path)
    }
}

/// The `auth:` of a source.
enum AuthTable {
    static let section = Section<AuthDraft>(
        "auth", at: "sources.<source>.auth",
        doc:
            "How calls are authenticated, one way of these; or `none`. A key is a text, or a map with `value` and `account`.",
        example: "{ bearer: [\"${env:API_KEY}\"] }", defaults: AuthDraft(), place: \.place,
        keys: [
            Key(
                "bearer", \.bearer, .optional(.keys), synonyms: ["token", "tokens", "key", "keys"],
                "Keys sent as `Authorization: Bearer <key>`."),
            Key("header", \.header, .optional(namedHeader.kind), "Keys sent in a header of your choice."),
            Key(
                "query", \.query, .optional(namedQuery.kind), synonyms: ["param", "parameter"],
                "Keys sent as a query parameter."),
            Key(
                "basic", \.basic, .optional(.basicKeys),
                "Users sent as `Authorization: Basic`: `user:password`, or maps."),
            Key(
                "oauth2", \.oauth2, .optional(.oneOrMore(oauth2.kind)), synonyms: ["oauth"],
                "OAuth 2.0 client credentials (RFC 6749 section 4.4); tokens are fetched and renewed."),
        ])

    static let namedHeader = namedKeys("header", noun: "header", example: "X-Api-Key")
    static let namedQuery = namedKeys("query", noun: "query parameter", example: "key")

    private static func namedKeys(_ id: String, noun: String, example: String) -> Section<NamedKeysDraft> {
        Section<NamedKeysDraft>(
            "auth_\(id)", at: "sources.<source>.auth.\(id)", doc: "Keys sent in a \(noun).",
            example: "{ name: \(example), keys: [\"${env:API_KEY}\"] }", defaults: NamedKeysDraft(),
            keys: [
                Key(
                    "name", \.name, .text(example: example, pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"), required: true,
                    "The name of the \(noun)."),
                Key(
                    "keys", \.keys, .keys, required: true, synonyms: ["key", "value", "values"], "One key or several."),
            ])
    }

    static let key = Section<KeyValueDraft>(
        "auth_key", at: "sources.<source>.auth.<way>[]",
        doc: "A key whose account is told, because accounts share limits.",
        example: "{ value: \"${env:API_KEY}\", account: main }", defaults: KeyValueDraft(),
        keys: [
            Key(
                "value", \.value, .optional(.secret), required: true, synonyms: ["key", "token", "secret"],
                "The key itself."),
            account(\.account),
        ])

    static let basicUser = Section<BasicUserDraft>(
        "auth_user", at: "sources.<source>.auth.basic[]", doc: "A user of HTTP Basic authentication.",
        example: "{ user: \"${env:API_USER}\", password: \"${env:API_PASSWORD}\" }", defaults: BasicUserDraft(),
        keys: [
            Key(
                "user", \.user, .optional(.secret), required: true, synonyms: ["username", "name"],
                "The user name, without a colon."),
            Key("password", \.password, .optional(.secret), required: true, synonyms: ["pass"], "The password."),
            account(\.account),
        ])

    static let oauth2 = Section<OAuthDraft>(
        "auth_oauth2", at: "sources.<source>.auth.oauth2", doc: "OAuth 2.0 client credentials.",
        example:
            "{ token_url: https://example.com/oauth/token, client_id: \"${env:ID}\", client_secret: \"${env:SECRET}\" }",
        defaults: OAuthDraft(), place: \.place,
        keys: [
            Key(
                "token_url", \.tokenURL, .url(isBase: false), required: true, synonyms: ["url"],
                "Where tokens are issued."),
            Key(
                "client_id", \.clientID, .optional(.secret), required: true, synonyms: ["id"],
                "Who we are, without a colon."),
            Key(
                "client_secret", \.clientSecret, .optional(.secret), required: true, synonyms: ["secret"], "Our secret."
            ),
            Key(
                "scope", \.scope, .optional(.text(example: "read")), synonyms: ["scopes"],
                "The scope asked for, when one is needed."),
            account(\.account),
        ])

    /// `none`, or one of the ways above.
    static let kind = Kind<AuthDraft>(type: .either([.choice(["none"]), .section(section.info)])) { node, reading in
        if node.scalar?.text == "none" { return AuthDraft() }
        guard node.map != nil else {
            reading.wrong(node, want: "none, or a map such as \(section.info.example)", hiding: true)
            return nil
        }
        guard let draft = section.read(node, &reading) else { return nil }
        let ways = draft.place.keys.keys.sorted()
        guard ways.count == 1 else {
            let all = section.info.keys.map(\.name).joined(separator: ", ")
            reading.problem(
                node,
                ways.isEmpty
                    ? "is empty; write none or one of \(all)"
                    : "has \(ways.joined(separator: " and ")); a source is authenticated in one way, keep one")
            return nil
        }
        return draft
    } show: { draft in
        draft.method == .none ? .text("none") : section.show(draft)
    }

    /// The id of a key in logs and metrics: the first 8 hex digits of a hash that is bound to its source.
    static func keyID(source: String, secret: Secret) -> String {
        let digest = SHA256.hash(data: Array("freshet key id\n\(source)\n\(secret.reveal())".utf8))
        return digest.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func account<Root>(_ path: any WritableKeyPath<Root, String> & Sendable) -> Key<Root> {
        Key(
            "account", path, .text("name", example: "main"), synonyms: ["owner"],
            "The account that owns the key. Limits of scope `account` are shared by its keys.")
    }
}

/// `{ value, account }`.
struct KeyValueDraft: Sendable {
    var value: SecretText?
    var account = "default"
}

/// `{ user, password, account }`.
struct BasicUserDraft: Sendable {
    var user: SecretText?
    var password: SecretText?
    var account = "default"
}
