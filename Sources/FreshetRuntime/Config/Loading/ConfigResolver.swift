import FreshetCore

/// Puts names, keys and limits together and checks what needs more than one value.
struct ConfigResolver {
    var reading: Reading
    let directory: String
    let unknownZones: Set<String>

    mutating func resolve(_ draft: RootDraft) -> Configuration {
        var sources: [String: SourceConfig] = [:]
        for entry in draft.sources { sources[entry.name] = source(entry, in: draft) }
        var datasets: [DatasetConfig] = []
        var tables = TableResolver(destinations: draft.destinations.map(\.name))
        for entry in draft.datasets {
            guard let id = DatasetID(entry.name) else { continue }
            guard let source = sources[id.source] else {
                missing(id.source, of: entry, in: draft)
                continue
            }
            var config = dataset(entry, id: id, source: source)
            config.tables = tables.resolve(entry.value.tables, of: config, reading: &reading)
            datasets.append(config)
            sources[id.source]?.limits += entry.value.limits.map {
                LimitConfig(scope: $0.scope, calls: $0.calls, per: $0.per, datasets: [id])
            }
        }
        let apps = draft.apps.resolve(reading: &reading)
        for app in apps { add(app, sources: &sources, datasets: &datasets, tables: &tables, in: draft) }
        ConfigWarnings.check(draft, sources: sources, datasets: datasets, reading: &reading)
        var logs = draft.logs
        logs.file = logs.file.map { ConfigPaths.absolute($0, in: directory) }
        logs.reads = logs.reads.map { ConfigPaths.absolute($0, in: directory) }
        var configuration = Configuration(
            dataDirectory: ConfigPaths.absolute(draft.dataDirectory, in: directory), store: draft.store,
            server: draft.server, logs: logs, sources: sources.values.sorted { $0.name < $1.name },
            datasets: datasets.sorted { $0.id < $1.id })
        configuration.destinations = destinations(draft.destinations)
        configuration.coordinator = draft.coordinator
        configuration.queue = draft.queue.config
        configuration.queue.backupDirectory = draft.queue.config.backupDirectory.map {
            ConfigPaths.absolute($0, in: directory)
        }
        configuration.webhooks = webhooks(
            draft.webhooks, datasets: configuration.datasets.map(\.id), sources: configuration.sources.map(\.name))
        configuration.apps = apps
        configuration.rootApp = draft.rootApp
        if let name = draft.rootApp, !apps.contains(where: { type(of: $0).name == name }) {
            reading.problem(draft.place, "root_app", "the app \(name) is not declared; add it under apps")
        }
        if draft.coordinator != .local, !draft.store.isShared {
            reading.problem(
                draft.place.keys["coordinator"] ?? draft.place.mark, "coordinator",
                "Redis stands in front of a PostgreSQL store; write store: postgres://…, or leave coordinator out")
        }
        if draft.store == .memory, let first = draft.datasets.first(where: { !$0.value.tables.isEmpty }) {
            reading.problem(
                first.mark, "\(first.path).tables",
                "store: memory keeps no tables; write store: sqlite, or leave them out")
        }
        return configuration
    }

    /// Adds what an app brings, unless a person has given its names away.
    private mutating func add(
        _ app: any App, sources: inout [String: SourceConfig], datasets: inout [DatasetConfig],
        tables: inout TableResolver, in draft: RootDraft
    ) {
        let name = type(of: app).name
        for source in app.sources {
            if let entry = draft.sources.first(where: { $0.name == source.name }) {
                reading.problem(
                    entry.mark, entry.path,
                    "the app \(name) brings a source of this name; choose another, or leave the app out")
            }
            sources[source.name] = source
        }
        for dataset in app.datasets {
            tables.take(dataset.tables, for: "apps.\(name)", mark: draft.place.keys["apps"], reading: &reading)
            datasets.append(dataset)
        }
    }

    private func destinations(_ drafts: [Named<DestinationDraft>]) -> [DestinationConfig] {
        drafts.map { entry in
            var config = entry.value.config
            config.name = entry.name
            config.credentials = config.credentials.map { ConfigPaths.absolute($0, in: directory) }
            return config
        }.sorted { $0.name < $1.name }
    }

    /// A dataset whose source is not there, unless the source was reported as wrong itself.
    private mutating func missing(_ source: String, of entry: Named<DatasetDraft>, in draft: RootDraft) {
        let wrong = reading.unusable.filter { $0.hasPrefix("sources.") }.map { String($0.dropFirst(8)) }
        if draft.place.broken.contains("sources") || Suggestion.nearest(to: source, in: wrong) != nil { return }
        let hint = Suggestion.sentence(for: source, in: draft.sources.map(\.name), listing: "sources")
        reading.problem(entry.mark, entry.path, "there is no source \"\(source)\"; \(hint)")
    }

    // MARK: Sources

    private mutating func source(_ entry: Named<SourceDraft>, in draft: RootDraft) -> SourceConfig {
        var config = entry.value.config
        config.name = entry.name
        config.headers = entry.value.headers.map { ($0.name, $0.value) }
        config.auth.method = entry.value.auth.method
        config.auth.keys = credentials(entry.value.auth, source: entry.name)
        for repeated in Dictionary(grouping: entry.value.headers, by: \.name).values where repeated.count > 1 {
            let last = repeated[repeated.count - 1]
            reading.problem(last.mark, last.path, "the header \(last.name) is given twice; keep one")
        }
        let own = draft.datasets.filter { DatasetID($0.name)?.source == entry.name }.map(\.name)
        config.limits = entry.value.limits.map { limit(in: $0, source: entry.name, datasets: own) }
        if config.retry.max < config.retry.initial {
            let place = Place(mark: entry.value.place.keys["retry"] ?? entry.mark, path: entry.path)
            reading.problem(
                place.mark, "\(place.path).retry.max",
                "\(config.retry.max.iso) is shorter than initial, \(config.retry.initial.iso); make it as long at least"
            )
        }
        return config
    }

    private mutating func credentials(_ auth: AuthDraft, source: String) -> [Credential] {
        var (seen, result) = ([Secret: String](), [Credential]())
        if let oauth2 = auth.oauth2, let first = oauth2.first {
            for other in oauth2.dropFirst() where other.tokenURL != first.tokenURL || other.scope != first.scope {
                reading.problem(
                    other.place, "token_url",
                    "all clients of a source share token_url and scope; declare a second source")
            }
            for client in oauth2 where client.clientID?.secret.reveal().contains(":") == true {
                reading.problem(
                    client.place, "client_id", "a client_id with a colon cannot be sent in an Authorization header")
            }
        }
        for key in auth.keys {
            if let earlier = seen[key.secret] {
                reading.problem(key.mark, key.path, "is the same key as \(earlier); give each key once")
                continue
            }
            seen[key.secret] = key.path
            result.append(
                Credential(
                    id: AuthTable.keyID(source: source, secret: key.secret), secret: key.secret, account: key.account))
        }
        return result
    }

    private mutating func limit(in draft: LimitDraft, source: String, datasets: [String]) -> LimitConfig {
        var ids: Set<DatasetID>?
        if let names = draft.datasets {
            var found: Set<DatasetID> = []
            for name in names {
                let full = name.value.contains(".") ? name.value : "\(source).\(name.value)"
                if datasets.contains(full), let id = DatasetID(full) {
                    found.insert(id)
                } else if !reading.unusable.contains("datasets.\(full)") {
                    let hint = Suggestion.sentence(for: full, in: datasets, listing: "datasets of this source")
                    reading.problem(name.mark, name.path, "\"\(name.value)\" is not a dataset of \(source); \(hint)")
                }
            }
            ids = found
        }
        return LimitConfig(scope: draft.scope, calls: draft.calls, per: draft.per, datasets: ids)
    }

    // MARK: Datasets

    private mutating func dataset(_ entry: Named<DatasetDraft>, id: DatasetID, source: SourceConfig) -> DatasetConfig {
        let (draft, place) = (entry.value, entry.value.place)
        var config = draft.config
        config.id = id
        if place.broken.isDisjoint(with: ["get", "key"]) { normalisers(of: draft, into: &config) }
        if !place.has("max_age_floor") {
            config.maxAgeFloor = config.maxAge
        } else if config.maxAgeFloor > config.maxAge, place.broken.isDisjoint(with: ["max_age", "max_age_floor"]) {
            reading.problem(
                place, "max_age_floor",
                "\(config.maxAgeFloor.iso) is longer than max_age, \(config.maxAge.iso); make it as short at least")
        }
        if let ceiling = config.maxAgeCeiling, ceiling < config.maxAge,
            place.broken.isDisjoint(with: ["max_age", "max_age_ceiling"])
        {
            reading.problem(
                place, "max_age_ceiling",
                "\(ceiling.iso) is shorter than max_age, \(config.maxAge.iso); make it as long at least")
        }
        if !place.has("not_found_for") { config.notFoundFor = source.notFoundFor }
        if !place.has("max_body") { config.maxBody = source.maxBody }
        // Whether a listed key fits depends on get and key.
        config.refresh = draft.refresh.flatMap {
            schedule($0, for: config, checksKeys: place.broken.isDisjoint(with: ["get", "key"]))
        }
        return config
    }

    private mutating func normalisers(of draft: DatasetDraft, into config: inout DatasetConfig) {
        let names = config.template.parameters
        for entry in draft.normalisers {
            guard names.contains(entry.name) else {
                let hint = Suggestion.sentence(for: entry.name, in: names, listing: "parameters of get")
                reading.problem(entry.mark, entry.path, "\"\(entry.name)\" is not a parameter of get; \(hint)")
                continue
            }
            config.normalisers[entry.name] = entry.value
        }
        // A parameter whose normaliser is wrong was reported with it: one mistake, one message.
        let missing = names.filter { name in
            !draft.normalisers.contains { $0.name == name }
                && !reading.unusable.contains("\(draft.place.path).key.\(name)")
        }
        if draft.place.has("key"), let first = missing.first, draft.normalisers.allSatisfy({ names.contains($0.name) })
        {
            reading.problem(
                draft.place, "key",
                "says nothing of the parameter \"\(first)\" of get; add \(first): text, or leave key: out")
        }
    }

    private mutating func schedule(_ draft: RefreshDraft, for config: DatasetConfig, checksKeys: Bool)
        -> RefreshSchedule?
    {
        if draft.adaptive.isWanted {
            guard let adaptive = draft.adaptive.config(draft.place, &reading) else { return nil }
            var adapted = adaptive
            let chosen = checksKeys ? selection(draft, for: config) : .all
            if chosen == .tracked { adapted.trackedFor = draft.trackedFor }
            var schedule = RefreshSchedule(adapted, selection: chosen)
            schedule.trackedFor = draft.trackedFor
            return schedule
        }
        let timing: RefreshSchedule.Timing
        if let every = draft.every {
            timing = .every(every)
        } else if let cron = draft.cron {
            let zone = draft.timeZone ?? "UTC"
            if unknownZones.contains(zone) {
                reading.problem(
                    draft.place, "time_zone",
                    "\"\(zone)\" is not a time zone of this machine; write an IANA name such as Europe/Berlin, or UTC "
                        + "(the package tzdata brings the others)")
            }
            timing = .cron(cron, timeZone: zone)
        } else {
            return nil
        }
        var schedule = RefreshSchedule(timing: timing, selection: checksKeys ? selection(draft, for: config) : .all)
        (schedule.priority, schedule.missed, schedule.trackedFor) = (draft.priority, draft.missed, draft.trackedFor)
        return schedule
    }

    private mutating func selection(_ draft: RefreshDraft, for config: DatasetConfig) -> RefreshSchedule.Selection {
        let isSingle = config.template.parameters.isEmpty
        switch draft.selection {
        case .all where isSingle: return .list([DocumentID.singletonKey])
        case nil where isSingle: return .list([DocumentID.singletonKey])
        case .all: return .all
        case .tracked, .none?, nil: return .tracked
        case .list(let texts):
            var keys: [String] = []
            for text in texts {
                guard let key = config.key(forText: text.value) else {
                    let names = config.template.parameters.map { "{\($0)}" }.joined(separator: "/")
                    let want = isSingle ? "get has no parameter, so its one key is _" : "a key has the form \(names)"
                    reading.problem(text.mark, text.path, "cannot be a key of this dataset: \(want)")
                    continue
                }
                if keys.contains(key) {
                    reading.warning(text.mark, text.path, "the key \(key) is listed twice")
                } else {
                    keys.append(key)
                }
            }
            return .list(keys)
        }
    }
}
