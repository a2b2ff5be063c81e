public import FreshetCore

extension Engine {
    /// Stores a document that did not come from its source.
    public func bring(_ id: DocumentID, _ content: FetchedContent, at time: Timestamp) async throws(StoreError) {
        guard let dataset = configuration.dataset(id.dataset) else {
            throw .unavailable("the dataset \(id.dataset) is not declared")
        }
        let kept = try await store.document(id)
        let state = kept?.state ?? DocumentState()
        let outcome = RefreshOutcome.content(content)
        var rows: TableCommit?
        let isFirst = state.version == 0
        var events = [
            await RefreshEvents.updated(
                id, from: isFirst ? nil : kept?.body, isFirst: isFirst, outcome: outcome, dataset: dataset,
                logger: context.logger)
        ]
        if content.origin != .fallback {
            let change = DocumentChange(
                id: id, before: state.version > 0 ? kept?.body : nil, beforeAt: state.lastUpdated, after: content.body,
                at: time)
            if context.tables.isNeeded(id.dataset, bodyHash: content.bodyHash, state: state) {
                rows = await context.rows(for: change)
            }
            if content.bodyHash != state.bodyHash {
                events += RefreshEvents.marked(context.appEvents(for: change), isFirst: isFirst)
            }
        }
        var commit = RefreshCommit(
            id: id, outcome: outcome, at: time, keepsHistory: dataset.historyKeep != nil, eventsOnChange: events,
            tables: rows)
        commit.keepsPrevious = dataset.tables != nil
        let written = try await store.commit(commit)
        if let rows { context.reportRows(rows, written.tables, of: id, staleSince: nil) }
        if written.effect == .stateOnly {
            catalog.confirm(id, state: written.state)
        } else {
            catalog.publish(StoredDocument(id: id, state: written.state, body: content.body))
        }
        if !written.events.isEmpty { context.bell.ring() }
        context.waiters.attemptEnded(id)
    }

    /// What the engine offers to the runners of apps.
    public var appServices: AppServices {
        var services = AppServices(
            configuration: configuration, store: store, tables: tables, clock: context.clock,
            refresh: { request async throws(StoreError) in try await self.requestRefresh(request) },
            pass: { request, dataset in await self.pass(request, dataset: dataset) })
        services.bring = { id, content, time async throws(StoreError) in try await self.bring(id, content, at: time) }
        return services
    }
}
