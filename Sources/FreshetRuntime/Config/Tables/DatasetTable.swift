import FreshetCore
import FreshetDocument

/// A dataset as the file has it, before it is joined with its source.
struct DatasetDraft: Sendable {
    var config = DatasetConfig(id: DatasetID(source: "", name: ""), template: .root)
    var normalisers: [Named<KeyNormaliser>] = []
    var refresh: RefreshDraft?
    var limits: [LimitDraft] = []
    var tables: [Named<TableDraft>] = []
    var place = Place()

    init() {}

    init(showing config: DatasetConfig) {
        self.config = config
        normalisers = config.template.parameters.map { Named(name: $0, value: config.normalisers[$0] ?? .text) }
        refresh = config.refresh.map(RefreshDraft.init(showing:))
        tables = (config.tables?.specs ?? []).map { Named(name: $0.name, value: TableDraft(showing: $0)) }
    }
}

/// The `datasets:` entries.
enum DatasetTable {
    static let section = Section<DatasetDraft>(
        "dataset", at: "datasets.<dataset>", doc: "One kind of document of a source.",
        example: "{ get: \"/items/{id}\", max_age: PT10M }", defaults: DatasetDraft(), place: \.place,
        keepsPartial: true,
        keys: [
            Key(
                "get", \.config.template, .template, required: true, synonyms: ["path", "url", "route", "endpoint"],
                "The path below `base_url` with its query. Parameters stand in braces: `/clans/{tag}`, `/search?q={q}`; their "
                    + "values, in this order, are the document's key."),
            Key(
                "key", \.normalisers,
                .map(of: .choice("a normaliser"), named: "parameter") { _, _ in true },
                defaultWords: "`text` for each parameter", synonyms: ["keys", "params", "parameters"],
                "How the spellings of a parameter become one key: `text` as given, `lower`, `upper`, `integer` without leading "
                    + "zeros, `clash_tag` for Clash of Clans tags. All parameters or none are named."),
            Key(
                "max_age", \.config.maxAge, .duration(), synonyms: ["ttl", "maxage", "expires", "fresh_for", "cache"],
                "Younger is fresh; older is served all the same, marked stale, and refreshed."),
            Key(
                "max_age_floor", \.config.maxAgeFloor, .duration(), defaultWords: "the value of `max_age`",
                synonyms: ["min_age"],
                "The least that `Cache-Control` or `Expires` of the API can shorten `max_age` to. They can lengthen it "
                    + "up to `max_age_ceiling`."
            ),
            Key(
                "max_age_ceiling", \.config.maxAgeCeiling, .optional(.duration()), defaultWords: "30 days",
                synonyms: ["max_age_limit"],
                "The most that `Cache-Control` or `Expires` of the API can lengthen `max_age` to."),
            Key(
                "priority", \.config.priority, .priority, "The priority of a refresh that a reader's stale read causes."
            ),
            Key(
                "refresh", \.refresh, RefreshTable.kind, defaultWords: "`none`",
                synonyms: ["schedule", "interval", "every", "cron", "poll"],
                "What is refreshed without being asked, and when."),
            Key(
                "history", \.config.history, .optional(history.kind), defaultWords: "none is kept",
                "Superseded versions."),
            Key(
                "ignore_changes", \.config.ignoreChanges, .oneOrMore(.jsonPath), defaultWords: "none",
                synonyms: ["ignore", "quiet"],
                "JSONPaths whose changes are quiet: served, but no history row and no event."),
            Key(
                "diff_keys", \.config.diffKeyNames,
                .map(of: .text("member", example: "tag"), named: "JSONPath") { entry, reading in
                    guard (try? JSONPath(entry.key)) == nil else { return true }
                    reading.problem(
                        entry.mark, entry.value.path, "\(entry.key) is not a JSONPath such as $.memberList[*]")
                    return false
                },
                defaultWords: "guessed: `id`, `tag`, `key` or `name`", synonyms: ["diff_key", "array_keys"],
                "By the JSONPath of an array's elements (`$.memberList[*]`) the member that they are known by when an event "
                    + "tells what changed. Without one the elements are matched by the first of `id`, `tag`, `key` and `name` "
                    + "that all of them have, each its own; otherwise by position."),
            Key(
                "require", \.config.require, .oneOrMore(.jsonPath), defaultWords: "none",
                synonyms: ["required", "must_have"],
                "JSONPaths that a good document must have; an answer without them never replaces a good one."),
            Key(
                "pagination", \.config.pagination, .optional(PaginationTable.kind),
                defaultWords: "one call is one document",
                synonyms: ["paginate", "paging", "pages"], "How several answers make one document."),
            Key(
                "gone_after", \.config.goneAfter, .integer(1...1000),
                "How many 404s in a row make a known key answer 404; until then its last document is served, marked `gone`."
            ),
            Key(
                "not_found_for", \.config.notFoundFor, .duration(), defaultWords: "the source's",
                synonyms: ["negative_ttl"], "How long a 404 is remembered before the key is asked for again."),
            Key(
                "max_body", \.config.maxBody, .size(1...(2 << 30)), defaultWords: "the source's",
                synonyms: ["max_size"],
                "The largest document, all pages together."),
            Key(
                "limits", \.limits, .list(LimitTable.datasetLimit.kind), synonyms: ["limit", "rate_limit"],
                "Limits of the source that count calls of this dataset only; their scope is `endpoint` unless told otherwise."
            ),
            Key(
                "timeout", \.config.timeout, .optional(.duration(atLeast: .milliseconds(10))),
                defaultWords: "the source's", synonyms: ["request_timeout"],
                "How long a call for this dataset may take."),
            Key(
                "retry", \.config.retry, .optional(SourceTable.retry.kind), defaultWords: "the source's",
                synonyms: ["retries"], "How failures that may pass are tried again."),
            Key(
                "tables", \.tables, TablesTable.kind, defaultWords: "none", synonyms: ["table", "rows"],
                "Rows made from documents."),
        ])

    static let history = Section<HistoryPart>(
        "history", at: "datasets.<dataset>.history", doc: "Superseded versions, for `/history` and `?as_of=`.",
        example: "{ keep: P90D }", defaults: HistoryPart(),
        keys: [
            Key(
                "keep", \.keep, .period(atLeast: .seconds(1)), required: true, synonyms: ["for", "retention", "days"],
                "How long a superseded version is kept.")
        ])
}

/// `history:` as a value.
struct HistoryPart: Sendable {
    var keep = Period()
}

extension DatasetConfig {
    var history: HistoryPart? {
        get { historyKeep.map(HistoryPart.init) }
        set { historyKeep = newValue?.keep }
    }
}

extension DatasetConfig {
    var diffKeyNames: [Named<String>] {
        get { diffKeys.map { Named(name: $0.path, value: $0.member) } }
        set { diffKeys = newValue.map { ($0.name, $0.value) } }
    }
}

extension Kind where Value == PathTemplate {
    static var template: Kind {
        Kind(type: .text("path with {parameters}", pattern: "^/")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a path below base_url such as /items/{id}")
                return nil
            }
            do throws(PathTemplateError) {
                guard !scalar.text.contains("#"), scalar.text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                    reading.problem(
                        node,
                        "has a space, a # or another character that a path cannot have: percent-encode it, such as %20")
                    return nil
                }
                let template = try PathTemplate(scalar.text)
                reading.warnOfSecret(inAddress: node)
                return template
            } catch {
                reading.problem(node, scalar.origin == .literal ? error.redacted.description : error.shapeOnly)
                return nil
            }
        } show: {
            .text(Redaction.template($0.description))
        }
    }
}

extension PathTemplateError {
    /// The same error without the literal values of credential-like query fields.
    fileprivate var redacted: PathTemplateError {
        switch self {
        case .noSlash(let text): .noSlash(Redaction.template(text))
        case .unbalanced(let text): .unbalanced(Redaction.template(text))
        case .badName(let text, let name): .badName(Redaction.template(text), name)
        case .repeated(let text): .repeated(Redaction.template(text))
        case .adjacent(let text): .adjacent(Redaction.template(text))
        }
    }

    /// What is wrong, without the text, which came from a variable.
    fileprivate var shapeOnly: String {
        switch self {
        case .noSlash: "must start with /: the path follows base_url"
        case .unbalanced: "has a brace without its other half: write {name}"
        case .badName: "has a bad parameter: use letters, digits and _ between the braces"
        case .repeated: "names a parameter twice: give each its own name"
        case .adjacent: "has two parameters that touch: put something between them"
        }
    }
}
