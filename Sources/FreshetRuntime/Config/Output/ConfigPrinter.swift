public import FreshetCore

/// Shows a configuration with every default filled in and every secret replaced by `<redacted>`.
public enum ConfigPrinter {
    /// As YAML, in the shape of `freshet.yaml`.
    public static func yaml(_ configuration: Configuration) -> String { value(configuration).yaml() }

    /// As JSON, the same tree.
    public static func json(_ configuration: Configuration) -> String { value(configuration).json() + "\n" }

    private static func value(_ configuration: Configuration) -> OrderedValue {
        var draft = RootDraft()
        draft.dataDirectory = configuration.dataDirectory
        (draft.store, draft.server, draft.logs) = (configuration.store, configuration.server, configuration.logs)
        // What apps bring is shown by their own section.
        let (apps, own) = (configuration.apps, Set(configuration.apps.flatMap { $0.sources.map(\.name) }))
        draft.coordinator = configuration.coordinator
        draft.queue.config = configuration.queue
        draft.apps = AppsDraft(showing: apps)
        draft.rootApp = configuration.rootApp
        draft.sources = configuration.sources.filter { !own.contains($0.name) }.map {
            Named(name: $0.name, value: SourceDraft(showing: $0))
        }
        draft.datasets = configuration.datasets.filter { !own.contains($0.id.source) }.map {
            Named(name: $0.id.description, value: DatasetDraft(showing: $0))
        }
        draft.destinations = configuration.destinations.map {
            Named(name: $0.name, value: DestinationDraft(showing: $0))
        }
        draft.webhooks = configuration.webhooks.map { Named(name: $0.name, value: WebhookDraft(showing: $0)) }
        return RootTable.section.show(draft)
    }
}
