import FreshetCore
import FreshetDocument
import FreshetWebhooks

/// A webhook as the file has it.
struct WebhookDraft: Sendable {
    var config = WebhookConfig(name: "", url: Secret(""), secrets: [])
    var url: SecretText?
    var secrets: [SecretText] = []
    var dataset: String?
    var place = Place()

    init() {}

    init(showing config: WebhookConfig) {
        self.config = config
        func text(_ secret: Secret) -> SecretText {
            SecretText(secret: secret, isWritten: false, mark: ConfigMark(), path: "")
        }
        (url, secrets) = (text(config.url), config.secrets.map(text))
        dataset = config.filter.dataset.map { dataset in config.filter.source.map { "\($0).\(dataset)" } ?? dataset }
    }
}

/// `webhooks:`.
enum WebhookTable {
    static let section = Section<WebhookDraft>(
        "webhook", at: "webhooks.<webhook>",
        doc: "An endpoint that events are posted to, signed as Standard Webhooks asks.",
        example: "{ url: https://example.com/hook, secret: \"${env:HOOK_SECRET}\", events: [dataset.updated] }",
        defaults: WebhookDraft(), place: \.place, keepsPartial: true,
        keys: [
            Key(
                "url", \.url, .optional(.secret), required: true, synonyms: ["endpoint", "to", "uri"],
                "Where events are posted, `https://…`. It is shown without path and query, which may hold a secret."),
            Key(
                "secret", \.secrets, .oneOrMore(.secret), required: true,
                synonyms: ["secrets", "key", "signing_secret"],
                "What messages are signed with: `whsec_` and base64 of 24 to 64 bytes (`freshet webhooks secret` makes one). "
                    + "While one is replaced, give both: each signs."),
            Key(
                "events", \.config.filter.topics, .oneOrMore(.text("pattern", example: "dataset.*")),
                defaultWords: "all but `dataset.stale`", synonyms: ["topics", "types", "event"],
                "The types of events that are sent; `*` stands for any characters."),
            Key(
                "source", \.config.filter.source, .optional(.text("name", example: "clash")), defaultWords: "all",
                synonyms: ["sources"], "Only events of this source."),
            Key(
                "dataset", \.dataset, .optional(.text("source.name", example: "clash.clan")), defaultWords: "all",
                synonyms: ["datasets"], "Only events of this dataset."),
            Key(
                "keys", \.config.filter.keys, .oneOrMore(.text("pattern", example: "UV0YR2Q8")), defaultWords: "all",
                "Only events of documents with these keys; `*` stands for any characters."),
            Key(
                "profile", \.config.filter.profile, .optional(.text("name", example: "UV0YR2Q8")),
                defaultWords: "all",
                "Only events that concern this account, user or player, by the name that the app has for them."),
            Key(
                "ignore", \.config.ignore, .oneOrMore(.jsonPath), defaultWords: "none",
                synonyms: ["ignore_changes", "except"],
                "JSONPaths: a `dataset.updated` in which nothing else changed is not sent."),
            Key(
                "first_loads", \.config.firstLoads, .boolean, synonyms: ["backfill", "initial"],
                "Whether the first load of a document is told, too. Otherwise it is silent, and so is a backfill of new ones."
            ),
            Key(
                "timeout", \.config.timeout, .duration(atLeast: .milliseconds(100)),
                "The longest one attempt may take."),
            Key(
                "allow_private", \.config.allowPrivate, .boolean, synonyms: ["allow_local", "private"],
                "Whether the endpoint may have a private or loopback address, and `http:`. Redirects are never followed."
            ),
        ])
}

extension ConfigResolver {
    mutating func webhooks(_ drafts: [Named<WebhookDraft>], datasets: [DatasetID], sources: [String])
        -> [WebhookConfig]
    {
        drafts.map { webhook($0, datasets: datasets, sources: sources) }.sorted { $0.name < $1.name }
    }

    private mutating func webhook(
        _ entry: Named<WebhookDraft>, datasets: [DatasetID], sources: [String]
    ) -> WebhookConfig {
        let draft = entry.value
        var config = draft.config
        config.name = entry.name
        if let url = draft.url {
            config.url = url.secret
            if let parts = WebhookURL(url.secret.reveal()) {
                if !parts.isSecure, !config.allowPrivate {
                    reading.problem(
                        url.mark, url.path, "http: is sent in clear; write https:, or set allow_private: true")
                }
            } else {
                reading.problem(
                    url.mark, url.path, "is not a URL such as https://example.com/hook (no user, no fragment)")
            }
        }
        config.secrets = draft.secrets.map(\.secret)
        for secret in draft.secrets where WebhookSignature(secrets: [secret.secret]) == nil {
            reading.problem(
                secret.mark, secret.path,
                "is not a signing secret: whsec_ and base64 of 24 to 64 bytes; freshet webhooks secret makes one")
        }
        if let source = config.filter.source, !sources.contains(source) {
            let hint = Suggestion.sentence(for: source, in: sources, listing: "sources")
            reading.problem(draft.place, "source", "there is no source \"\(source)\"; \(hint)")
        }
        if let name = draft.dataset {
            let full = name.contains(".") ? name : "\(config.filter.source ?? "").\(name)"
            if let id = DatasetID(full), datasets.contains(id), config.filter.source.map({ $0 == id.source }) ?? true {
                (config.filter.source, config.filter.dataset) = (id.source, id.name)
            } else {
                let hint = Suggestion.sentence(for: full, in: datasets.map { "\($0)" }, listing: "datasets")
                reading.problem(draft.place, "dataset", "there is no dataset \"\(name)\" here; \(hint)")
            }
        }
        return config
    }
}
