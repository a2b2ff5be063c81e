import FreshetCore

/// What is allowed and probably not meant.
enum ConfigWarnings {
    static func check(
        _ draft: RootDraft, sources: [String: SourceConfig], datasets: [DatasetConfig], reading: inout Reading
    ) {
        if sources.isEmpty {
            reading.warning(
                draft.place.keys["sources"] ?? ConfigMark(line: 1, column: 1), "sources",
                "no source is declared, so there is nothing to keep fresh")
        }
        for entry in draft.sources {
            guard let source = sources[entry.name] else { continue }
            check(entry, source, reading: &reading)
            if !datasets.contains(where: { $0.id.source == entry.name }) {
                reading.warning(
                    entry.mark, entry.path,
                    "no dataset belongs to this source; declare one under datasets as \(entry.name).…")
            }
        }
        for entry in draft.datasets { check(entry, reading: &reading) }
        sameTemplates(draft, reading: &reading)
    }

    // MARK: Sources

    private static func check(_ entry: Named<SourceDraft>, _ source: SourceConfig, reading: inout Reading) {
        let (draft, isLocal) = (entry.value, URLText(source.baseURL)?.isLoopback ?? false)
        limits(draft, reading: &reading)
        if !isLocal {
            remote(entry, source, reading: &reading)
        }
        for header in draft.headers where Redaction.isSensitive(header.name) {
            reading.warning(
                header.mark, header.path,
                "looks like a credential; under auth: { header: { name: \(header.name), keys: […] } } it is budgeted and kept secret"
            )
        }
    }

    private static func remote(_ entry: Named<SourceDraft>, _ source: SourceConfig, reading: inout Reading) {
        let draft = entry.value
        if source.baseURL.hasPrefix("http://"), source.auth.method != .none {
            reading.warning(
                draft.place, "base_url",
                "keys travel unencrypted over http://; write https:// unless the network is yours")
        }
        if case .oauth2(let url, _) = source.auth.method, url.hasPrefix("http://"), URLText(url)?.isLoopback == false {
            reading.warning(draft.place, "auth", "the client secret travels unencrypted over http://; write https://")
        }
        for key in draft.auth.keys where key.isWritten {
            reading.warning(
                key.mark, key.path,
                "the key stands in the file; put it into the environment or .env and write \"${env:NAME}\"")
        }
        if source.limits.isEmpty, !draft.place.has("limits") {
            reading.warning(
                entry.mark, "\(entry.path).limits",
                "no limit is declared: calls go out as fast as concurrency allows; declare what the API allows")
        }
    }

    private static func limits(_ draft: SourceDraft, reading: inout Reading) {
        for (index, limit) in draft.limits.enumerated() {
            if draft.auth.method == .none, limit.scope == .key || limit.scope == .account {
                reading.warning(
                    limit.place, "scope",
                    "without auth there is one nameless key, so this counts everything; write ip or endpoint if that is meant"
                )
            }
            for earlier in draft.limits[..<index]
            where earlier.scope == limit.scope && earlier.per == limit.per
                && earlier.datasets?.map(\.value) == limit.datasets?.map(\.value)
            {
                let same = earlier.calls == limit.calls
                reading.warning(
                    limit.place.mark, limit.place.path,
                    same
                        ? "is the same limit as \(earlier.place.path); one of them is enough"
                        : "has the scope and window of \(earlier.place.path); only the smaller one counts")
            }
        }
    }

    // MARK: Datasets

    private static func check(_ entry: Named<DatasetDraft>, reading: inout Reading) {
        let (draft, place) = (entry.value, entry.value.place)
        secretInTemplate(draft, reading: &reading)
        if let refresh = draft.refresh { schedule(refresh, of: draft, reading: &reading) }
        if let pagination = draft.config.pagination { paging(pagination, place, draft, reading: &reading) }
    }

    private static func schedule(_ refresh: RefreshDraft, of draft: DatasetDraft, reading: inout Reading) {
        var isTracked = !draft.config.template.parameters.isEmpty
        switch refresh.selection {
        case .list(let keys):
            isTracked = false
            if keys.isEmpty {
                reading.warning(refresh.place, "for", "lists no key, so nothing is refreshed by this schedule")
            }
        case .all: isTracked = false
        case .tracked: isTracked = true
        case .none?, nil: break
        }
        // Under `tracked` a reader's stale read refreshes the key anyway, so a longer interval is a plan, not a slip.
        if !isTracked, let every = refresh.every?.approximate, draft.config.maxAge < every {
            reading.warning(
                draft.place.has("max_age") ? draft.place : refresh.place,
                draft.place.has("max_age") ? "max_age" : "every",
                "documents are stale after \(draft.config.maxAge.iso) but refreshed every \(every.iso) only; "
                    + "make max_age longer or every shorter")
        }
    }

    private static func paging(
        _ pagination: PaginationConfig, _ place: Place, _ draft: DatasetDraft, reading: inout Reading
    ) {
        let parameter: String? =
            switch pagination.style {
            case .page(let name, _), .offset(let name), .cursor(let name, _): name
            case .link, .nextURL: nil
            }
        let fields = draft.config.template.description.split(separator: "?").dropFirst().joined().split(separator: "&")
        let names = Set(fields.compactMap { $0.split(separator: "=").first.map(String.init) })
        for name in [parameter, pagination.size?.parameter].compactMap({ $0 }) where names.contains(name) {
            reading.warning(place, "get", "has the query field \(name), which pagination sets too; leave it out of get")
        }
    }

    /// `get: /x?api_key=abc` puts a key where it is neither budgeted nor hidden.
    private static func secretInTemplate(_ draft: DatasetDraft, reading: inout Reading) {
        let text = draft.config.template.description
        guard Redaction.template(text) != text else { return }
        reading.warning(
            draft.place, "get",
            "a key stands in the query; under auth: { query: { name: …, keys: [\"${env:NAME}\"] } } it is budgeted and kept secret"
        )
    }

    private static func sameTemplates(_ draft: RootDraft, reading: inout Reading) {
        var seen: [String: String] = [:]
        for entry in draft.datasets {
            guard let id = DatasetID(entry.name) else { continue }
            let address = "\(id.source) \(entry.value.config.template)"
            if let earlier = seen[address] {
                reading.warning(
                    entry.value.place, "get", "is the path of \(earlier) as well; /proxy answers it from \(earlier)")
            } else {
                seen[address] = entry.name
            }
        }
    }
}
