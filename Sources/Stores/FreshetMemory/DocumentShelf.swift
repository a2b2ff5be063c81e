import FreshetCore

/// Documents, versions, reads.
struct DocumentShelf {
    struct Entry {
        var state = DocumentState()
        var heat = 0
        var lastRead: Timestamp?
        /// Whether it was told of that it went stale since it was last confirmed.
        var isStalenessTold = false
        /// Oldest first; the last one is current when the document has a version.
        var versions: [StoredVersion] = []

        var body: [UInt8] { versions.last?.body ?? [] }
    }

    private(set) var datasets: [DatasetID: [String: Entry]] = [:]
    /// No document goes stale before this without being told of; `nil` when none does.
    private var nextLapse: Timestamp?

    subscript(id: DocumentID) -> Entry? {
        get { datasets[id.dataset]?[id.key] }
        set { datasets[id.dataset, default: [:]][id.key] = newValue }
    }

    mutating func apply(_ commit: RefreshCommit) -> (state: DocumentState, effect: DocumentEffect) {
        var entry = self[commit.id] ?? Entry()
        let effect = entry.state.apply(commit.outcome, at: commit.at)
        if case .content(let content) = commit.outcome {
            switch effect {
            case .stateOnly: break
            case .replaceBody: entry.replaceBody(content.body)
            case .newVersion: entry.begin(content, commit)
            }
        }
        switch commit.outcome {
        case .content, .notModified:
            if entry.state.lastUpdated == commit.at { (entry.heat, entry.isStalenessTold) = (0, false) }
        case .notFound, .failed: break
        }
        self[commit.id] = entry
        if let lapse = entry.lapse { nextLapse = min(nextLapse ?? lapse, lapse) }
        return (entry.state, effect)
    }

    func keys(of dataset: DatasetID, after: String?, limit: Int) -> [KeySummary] {
        guard limit > 0 else { return [] }
        return (datasets[dataset] ?? [:]).filter { entry in after.map { precedes($0, entry.key) } ?? true }
            .sorted { precedes($0.key, $1.key) }.prefix(min(limit, 1_000))
            .map { KeySummary(key: $0.key, state: $0.value.state, bytes: $0.value.body.count) }
    }

    func census(at now: Timestamp) -> [DatasetID: DatasetCensus] {
        datasets.mapValues { entries in
            var census = DatasetCensus()
            for entry in entries.values {
                census.bytes += entry.body.count
                switch entry.state.presence {
                case .unknown: census.unknown += 1
                case .missing: census.missing += 1
                case .gone: census.gone += 1
                case .live:
                    census.live += 1
                    if entry.state.isStale(at: now) { census.stale += 1 }
                    census.oldest = [census.oldest, entry.state.lastUpdated].compactMap(\.self).min()
                }
            }
            return census
        }
    }

    mutating func removeVersions(of dataset: DatasetID, endedBefore before: Timestamp, limit: Int) -> Int {
        let ended = (datasets[dataset] ?? [:]).flatMap { key, entry in
            entry.versions.compactMap { version in
                version.endedAt.flatMap { $0 < before ? (key: key, number: version.version, at: $0) : nil }
            }
        }
        let removed = ended.sorted { $0.at < $1.at }.prefix(max(0, limit))
        for old in removed {
            datasets[dataset]?[old.key]?.versions.removeAll { $0.version == old.number }
        }
        return removed.count
    }

    func dueKeys(
        of dataset: DatasetID, checkedBefore: Timestamp, readSince: Timestamp?, limit: Int,
        job: (DocumentID) -> RefreshJob?
    ) -> [DueKey] {
        (datasets[dataset] ?? [:]).compactMap { key, entry -> (due: DueKey, died: Timestamp?)? in
            guard entry.state.presence == .live || entry.state.presence == .gone,
                let checkedAt = entry.state.checkedAt, checkedAt < checkedBefore
            else { return nil }
            if let readSince, entry.lastRead.map({ $0 < readSince }) ?? true { return nil }
            let job = job(DocumentID(dataset: dataset, key: key))
            guard job.map({ $0.state == .dead }) ?? true else { return nil }
            return (
                DueKey(key: key, checkedAt: checkedAt, heat: entry.heat), job.map { $0.finishedAt ?? $0.enqueuedAt }
            )
        }
        .sorted { a, b in
            switch (a.died, b.died) {
            case (nil, nil): (a.due.checkedAt?.microseconds ?? 0) < (b.due.checkedAt?.microseconds ?? 0)
            case (let died?, let other?): died < other
            default: a.died == nil
            }
        }
        .prefix(max(0, limit)).map(\.due)
    }

    /// Marks documents that went stale as told of.
    mutating func takeStale(at now: Timestamp, limit: Int) -> [(id: DocumentID, state: DocumentState)] {
        guard let nextLapse, nextLapse <= now, limit > 0 else { return [] }
        let lapses = datasets.flatMap { dataset, entries in
            entries.compactMap { key, entry in
                entry.lapse.map { (id: DocumentID(dataset: dataset, key: key), at: $0) }
            }
        }.sorted { $0.at < $1.at }
        let taken = lapses.prefix { $0.at <= now }.prefix(limit)
        self.nextLapse = lapses.dropFirst(taken.count).first?.at
        return taken.map { lapse in
            datasets[lapse.id.dataset]?[lapse.id.key]?.isStalenessTold = true
            return (lapse.id, self[lapse.id]?.state ?? DocumentState())
        }
    }

    mutating func record(_ id: DocumentID, count: Int, last: Timestamp) {
        guard var entry = self[id] else { return }
        entry.heat += count
        entry.lastRead = max(entry.lastRead ?? last, last)
        self[id] = entry
    }
}

extension DocumentShelf.Entry {
    /// When it goes stale, if that is still to be told.
    fileprivate var lapse: Timestamp? { state.presence == .live && !isStalenessTold ? state.freshUntil : nil }

    fileprivate mutating func replaceBody(_ body: [UInt8]) {
        guard !versions.isEmpty else { return }
        versions[versions.count - 1].body = body
    }

    fileprivate mutating func begin(_ content: FetchedContent, _ commit: RefreshCommit) {
        let now = commit.at
        if !versions.isEmpty {
            if commit.keepsHistory || commit.keepsPrevious {
                versions[versions.count - 1].endedAt = now
                if !commit.keepsHistory { versions.removeFirst(versions.count - 1) }
            } else {
                versions.removeLast()
            }
        }
        versions.append(
            StoredVersion(
                version: state.version, changedAt: now, endedAt: nil, body: content.body, origin: content.origin))
    }
}
