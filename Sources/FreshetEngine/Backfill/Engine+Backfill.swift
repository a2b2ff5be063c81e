public import FreshetCore

/// What to load of the past.
public struct BackfillWish: Sendable {
    /// The dataset.
    public var dataset: DatasetID
    /// The parameter that runs through the window; may be left out where the dataset has only one.
    public var parameter: String?
    /// The values it runs through.
    public var window: BackfillWindow
    /// The other parameters' values, as keys without the running part; empty takes those of all documents in the store.
    public var series: [String] = []
    /// Whether documents that are there already are fetched again.
    public var refetches = false

    /// Creates a wish.
    public init(dataset: DatasetID, parameter: String?, window: BackfillWindow) {
        (self.dataset, self.parameter, self.window) = (dataset, parameter, window)
    }
}

extension Engine {
    /// The historical load of a dataset, finished or not; `nil` when there never was one.
    ///
    /// - Throws: ``StoreError`` when the store cannot be read.
    public func backfill(of dataset: DatasetID) async throws(StoreError) -> BackfillState? {
        try await store.value(BackfillRunner.name(dataset)).flatMap { BackfillState($0, dataset: dataset) }
    }

    /// Begins a historical load; returns once it is durable.
    ///
    /// - Throws: ``StoreError/refused(_:)`` when the dataset cannot be loaded that way, or a load of it is under way.
    public func beginBackfill(_ wish: BackfillWish) async throws(StoreError) -> BackfillState {
        guard let config = configuration.dataset(wish.dataset) else {
            throw .refused("no dataset \(wish.dataset) is declared")
        }
        let parameters = config.template.parameters
        guard let parameter = wish.parameter ?? (parameters.count == 1 ? parameters.first : nil),
            parameters.contains(parameter)
        else {
            throw .refused(
                parameters.isEmpty
                    ? "\(wish.dataset) has one document only; there is nothing to run through"
                    : "say which parameter of \(wish.dataset) runs through the window: \(parameters.joined(separator: ", "))"
            )
        }
        let series =
            try await wish.series.isEmpty ? series(of: config, without: parameter) : wish.series
        let state = BackfillState(
            dataset: wish.dataset, parameter: parameter, window: wish.window, series: series,
            refetches: wish.refetches, startedAt: context.clock.now())
        guard state.key(at: 0, of: config) != nil else {
            throw .refused("\"\(wish.window.from)\" with \"\(series[0])\" makes no key of \(wish.dataset)")
        }
        let seen = try await store.value(BackfillRunner.name(wish.dataset))
        if let earlier = seen.flatMap({ BackfillState($0, dataset: wish.dataset) }), earlier.isRunning {
            throw .refused(
                "a backfill of \(wish.dataset) is under way (\(earlier.done) of \(earlier.total)); stop it first")
        }
        return try await save(state, seen: seen)
    }

    /// Goes on with a load that was stopped, and tries what was given up on again.
    ///
    /// - Throws: ``StoreError/refused(_:)`` when there is nothing to go on with.
    public func resumeBackfill(of dataset: DatasetID) async throws(StoreError) -> BackfillState {
        let seen = try await store.value(BackfillRunner.name(dataset))
        guard var state = seen.flatMap({ BackfillState($0, dataset: dataset) }) else {
            throw .refused("there is no backfill of \(dataset) to go on with")
        }
        guard !state.isRunning else { return state }
        guard state.done < state.total || !state.failed.isEmpty else {
            throw .refused("the backfill of \(dataset) is complete")
        }
        (state.again, state.failed) = (state.again + state.failed, [])
        (state.isStopped, state.endedAt) = (false, nil)
        return try await save(state, seen: seen)
    }

    /// Stops a load; jobs that are queued already still run.
    ///
    /// - Throws: ``StoreError/refused(_:)`` when none is under way.
    public func stopBackfill(of dataset: DatasetID) async throws(StoreError) -> BackfillState {
        for _ in 0..<20 {
            let seen = try await store.value(BackfillRunner.name(dataset))
            guard var state = seen.flatMap({ BackfillState($0, dataset: dataset) }), state.isRunning else { break }
            (state.isStopped, state.endedAt) = (true, context.clock.now())
            if try await store.swapValue(seen, with: state.encode(), for: BackfillRunner.name(dataset)) {
                backfills.release(dataset)
                return state
            }
        }
        throw .refused("no backfill of \(dataset) is under way")
    }

    private func save(_ state: BackfillState, seen: [UInt8]?) async throws(StoreError) -> BackfillState {
        let bytes = state.encode()
        guard try await store.swapValue(seen, with: bytes, for: BackfillRunner.name(state.dataset)) else {
            throw .refused("somebody else changed the backfill of \(state.dataset) just now; look again")
        }
        backfills.take(state, saved: bytes)
        return state
    }

    /// What stands beside the running parameter in the keys that are held or scheduled; one empty text without other parameters.
    private func series(
        of config: DatasetConfig, without parameter: String
    ) async throws(StoreError) -> [String] {
        guard config.template.parameters.count > 1 else { return [""] }
        let place = config.template.parameters.firstIndex(of: parameter) ?? 0
        var found: Set<String> = []
        func note(_ key: String) {
            var parts = key.split(separator: "/", omittingEmptySubsequences: false)
            if parts.indices.contains(place) { parts.remove(at: place) }
            found.insert(parts.joined(separator: "/"))
        }
        if case .list(let keys)? = config.refresh?.selection { keys.forEach(note) }
        var after: String?
        repeat {
            let page = try await store.keys(of: config.id, after: after, limit: 1000)
            for summary in page { note(summary.key) }
            after = page.count == 1000 ? page.last?.key : nil
        } while after != nil
        guard !found.isEmpty else {
            let others = config.template.parameters.filter { $0 != parameter }.joined(separator: "/")
            throw .refused("no document of \(config.id) is held yet; name what to load: \(others)")
        }
        return found.sorted()
    }
}
