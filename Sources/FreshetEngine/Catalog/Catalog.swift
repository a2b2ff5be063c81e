public import FreshetCore
import Synchronization

/// Documents in memory, ready to be served: loaded lazily, bounded in bytes, the hottest kept.
///
/// Any task or event loop may call it at any time; no call waits for I/O, and each holds its locks for well under a
/// microsecond. Lookups by request target allocate nothing.
public final class Catalog: Sendable {
    /// How long a wish for a refresh counts before a further stale read repeats it.
    public static let demandInterval = Duration.seconds(30)
    /// Spellings of a request target remembered per document.
    public static let pathsPerEntry = 6
    /// The longest request target remembered, in bytes.
    public static let longestPath = 1024
    /// The share of the memory that compressed forms may take: one part in so many.
    ///
    /// A form can be made again at any time, so it must not push out documents.
    public static let formShare = 10

    let clock: any FreshetClock
    private let limit: Int
    private let datasets: [DatasetID: DatasetRecord]
    private let sources: [String: SourceRecord]
    private let hasher: PathHash
    private let shards: [CatalogShard]
    private let pathShards: [PathShard]
    private let bytes = Atomic<Int>(0)
    /// Of ``bytes``, those of compressed forms.
    private let formBytes = Atomic<Int>(0)
    private let hand = Atomic<Int>(0)
    private let hooks = Mutex(Hooks())
    private let departed = Mutex<[(id: DocumentID, count: Int, last: Timestamp)]>([])

    /// Named fields on purpose: a bare closure in a `Mutex` gets wrapped once more by every `withLock`, without end.
    private struct Hooks {
        var sink: (@Sendable (DocumentID) -> Void)?
        var rule: (@Sendable (DocumentID, DocumentState) -> Timestamp?)?
    }

    private final class PathShard: Sendable {
        let table = Mutex(ProbeTable<PathNode>())
    }

    /// Creates an empty catalog.
    ///
    /// - Parameters:
    ///   - configuration: The declared sources and datasets; documents of others are not taken.
    ///   - memoryLimit: Bytes to hold at most; a single document that is larger is served but not kept.
    ///   - clock: Gives the moments of reads.
    public init(configuration: Configuration, memoryLimit: Int, clock: any FreshetClock) {
        self.clock = clock
        limit = memoryLimit
        hasher = PathHash(seed: UInt64.random(in: .min ... .max))
        sources = Dictionary(
            configuration.sources.map { ($0.name, SourceRecord(config: $0)) }, uniquingKeysWith: { first, _ in first })
        var records: [DatasetID: DatasetRecord] = [:]
        for (number, config) in configuration.datasets.enumerated() {
            guard let source = sources[config.id.source] else { continue }
            records[config.id] = DatasetRecord(config: config, source: source, number: number)
        }
        datasets = records
        shards = (0..<64).map { _ in CatalogShard() }
        pathShards = (0..<64).map { _ in PathShard() }
    }

    /// The record of a declared dataset.
    public func record(_ id: DatasetID) -> DatasetRecord? { datasets[id] }

    /// Says who hears of reads that want a refresh; called at most once per stale episode and ``demandInterval``.
    ///
    /// The reader's `Cache-Control` counts: the document may still be fresh. The sink must not block.
    public func setDemandSink(_ newSink: @escaping @Sendable (DocumentID) -> Void) {
        hooks.withLock { $0.sink = newSink }
    }

    /// Says when a document is next due by itself; asked at each ``publish(_:)`` and ``confirm(_:state:)``.
    public func setNextRefreshRule(_ newRule: @escaping @Sendable (DocumentID, DocumentState) -> Timestamp?) {
        hooks.withLock { $0.rule = newRule }
    }

    /// Why a source's documents cannot be refreshed right now; `nil` when they can.
    ///
    /// Shown by stale answers.
    public func setSourceCondition(_ source: String, _ condition: SourceCondition?) {
        sources[source]?.condition = condition
    }

    /// What is wrong with a source now, as stale answers show it; `nil` when nothing is.
    public func sourceCondition(_ source: String) -> SourceCondition? { sources[source]?.condition }

    // MARK: Writing

    /// Takes a document as it stands after a commit that wrote a body, or as loaded from the store.
    ///
    /// An older state never displaces a newer one, so a load may race with a commit.
    /// - Returns: The entry; `nil` when the dataset is not declared.
    @discardableResult
    public func publish(_ document: StoredDocument) -> CatalogEntry? {
        guard let dataset = datasets[document.id.dataset] else { return nil }
        let next = nextRefresh(document.id, document.state)
        let served = ServedDocument(document, nextRefresh: next)
        let hash = hasher.hash(key: document.id.key, dataset: dataset)
        let (entry, added) = shard(hash).state.withLock { state -> (CatalogEntry, Int) in
            if let entry = state.table.find(hash, { $0.dataset === dataset && $0.key == document.id.key }) {
                let change = entry.replace(with: served)
                formBytes.wrappingAdd(change.forms, ordering: .relaxed)
                return (entry, change.bytes)
            }
            let key = document.id.key
            let entry = CatalogEntry(key: key, dataset: dataset, hash: hash, served: served)
            state.table.insert(entry, hash: hash)
            shard(hash).population.wrappingAdd(1, ordering: .relaxed)
            return (entry, served.size + CatalogEntry.fixedCost(key: key))
        }
        settle(adding: added, sparing: entry)
        return entry
    }

    /// Takes a new state for a document whose body is unchanged; nothing happens when it is not held.
    public func confirm(_ id: DocumentID, state: DocumentState) {
        guard let entry = find(id) else { return }
        let next = nextRefresh(id, state)
        let isSameBody = entry.cell.withLock { cell -> Bool in
            guard state.version == cell.served.version else { return state.version < cell.served.version }
            let served = cell.served.moved(to: state, nextRefresh: next)
            if served.isAtLeastAsNew(as: cell.served) {
                cell.served = served
                cell.demandedAt = .min
            }
            return true
        }
        // The body of that version never came here: let the next read load it.
        if !isSameBody { remove(id) }
    }

    /// Sets when a document is next due by itself; nothing happens when it is not held.
    public func setNextRefresh(_ id: DocumentID, _ next: Timestamp?) {
        find(id)?.cell.withLock { $0.served = $0.served.due(next) }
    }

    /// Forgets a document; it can be loaded again.
    public func remove(_ id: DocumentID) {
        guard let entry = find(id) else { return }
        let removed = shard(entry.hash).state.withLock { state in
            entry.cell.withLock { $0.isEvicted = true }
            return state.table.remove(entry, hash: entry.hash)
        }
        guard removed else { return }
        shard(entry.hash).population.wrappingSubtract(1, ordering: .relaxed)
        dismantle(entry)
    }

    /// Keeps the compressed form of a body that was served; ignored when the document has moved on since.
    public func keep(_ form: ServedDocument.Compressed, of served: ServedDocument, in entry: CatalogEntry) {
        let added = entry.cell.withLock { cell -> Int in
            guard !cell.isEvicted, cell.served.version == served.version, cell.served.bodyTag == served.bodyTag,
                case .undecided = cell.served.compressed
            else { return 0 }
            cell.served = cell.served.compressed(form)
            return cell.served.formSize
        }
        settleForms(adding: added, sparing: entry)
        settle(adding: added, sparing: entry)
    }

    /// Remembers a spelling of the request target, so that the fast lane finds the document by it.
    ///
    /// - Returns: `false` when it was not remembered: too long, not printable ASCII, or too many for this document.
    @discardableResult
    public func addPath(_ path: String, surface: PathSurface, to entry: CatalogEntry) -> Bool {
        let bytes = Array(path.utf8)
        guard bytes.count <= Catalog.longestPath, bytes.first == UInt8(ascii: "/"),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return false }
        let hash = bytes.withUnsafeBytes(hasher.hash)
        let cost = bytes.count + 128
        let isAdded = entry.cell.withLock { cell -> Bool in
            guard !cell.isEvicted, cell.pathCount < Catalog.pathsPerEntry else { return false }
            let node = PathNode(hash: hash, path: bytes, surface: surface, entry: entry, next: cell.paths)
            // Under the entry's lock: an eviction comes either before (and is seen above) or after (and takes it out).
            let isNew = pathShard(hash).table.withLock { table in
                guard table.find(hash, { $0.path == bytes }) == nil else { return false }
                table.insert(node, hash: hash)
                return true
            }
            if isNew {
                cell.paths = node
                cell.pathCount += 1
            }
            return isNew
        }
        if isAdded { settle(adding: cost, sparing: entry) }
        return isAdded
    }

    // MARK: Reading

    /// The entry of a document, if it is held.
    ///
    /// Not counted as a read.
    public func entry(_ id: DocumentID) -> CatalogEntry? {
        guard let entry = find(id) else {
            if let dataset = datasets[id.dataset] {
                shard(hasher.hash(key: id.key, dataset: dataset)).misses.wrappingAdd(1, ordering: .relaxed)
            }
            return nil
        }
        return entry
    }

    /// The entry behind a request target in exactly this spelling.
    public func find(path: UnsafeRawBufferPointer) -> (entry: CatalogEntry, surface: PathSurface)? {
        let hash = hasher.hash(path)
        return pathShard(hash).table.withLock { table in
            guard let node = table.find(hash, { $0.isEqual(to: path) }) else { return nil }
            return (node.entry, node.surface)
        }
    }

    /// Counts a read and gives what is to be served; `nil` when the entry was evicted meanwhile.
    ///
    /// A stale document, or one older than the reader wants, is reported to the demand sink. A 404 for a known document
    /// is remembered for `not_found_for` first: otherwise a few reads within a moment would use up `gone_after`.
    /// - Parameters:
    ///   - entry: What is read.
    ///   - now: The moment of the read.
    ///   - wanted: The greatest age in seconds that the reader likes; `nil` leaves it to the dataset.
    ///   - onlyLive: Whether a document without a body to serve is left for somebody else to read: `nil`, not counted.
    /// - Returns: What is to be served.
    public func read(
        _ entry: CatalogEntry, at now: Timestamp, youngerThan wanted: Int64? = nil, onlyLive: Bool = false
    ) -> ServedDocument? {
        let (served, isFirst, wantsRefresh) = entry.cell.withLock { cell -> (ServedDocument?, Bool, Bool) in
            guard !cell.isEvicted, !onlyLive || cell.served.presence == .live else { return (nil, false, false) }
            cell.reads &+= 1
            cell.lastRead = now
            if cell.heat < 3 { cell.heat += 1 }
            cell.isReadLately = true
            let tooOld = wanted.map { cell.served.age(at: now) > $0 } ?? false
            return (cell.served, cell.reads == 1, tooOld || cell.served.isStale(at: now))
        }
        guard let served else { return nil }
        let shard = shard(entry.hash)
        shard.hits.wrappingAdd(1, ordering: .relaxed)
        if isFirst { shard.dirty.withLock { $0.append(entry) } }
        if wantsRefresh, !served.remembersMiss(at: now, for: entry.dataset.config.notFoundFor) { demand(entry) }
        return served
    }

    /// Reads of a document since the last drain; 0 when it is not held.
    public func reads(of id: DocumentID) -> Int { find(id)?.cell.withLock { Int($0.reads) } ?? 0 }

    /// Takes the reads counted since the last call, in no order.
    public func drainReads() -> [(id: DocumentID, count: Int, last: Timestamp)] {
        var result = departed.withLock { list in
            defer { list = [] }
            return list
        }
        let lists = shards.map { shard in
            shard.dirty.withLock { list in
                defer { list = [] }
                return list
            }
        }
        // Growing step by step would for a moment take the room of all reads twice over.
        result.reserveCapacity(lists.reduce(result.count) { $0 + $1.count })
        for entries in lists {
            for entry in entries { if let reads = entry.takeReads() { result.append(reads) } }
        }
        return result
    }

    /// Takes the reads of an entry before what they saw is replaced; the next drain gives them all the same.
    func setAsideReads(of entry: CatalogEntry) -> (id: DocumentID, count: Int, last: Timestamp)? {
        guard let reads = entry.takeReads() else { return nil }
        departed.withLock { $0.append(reads) }
        return reads
    }

    /// What is held and how it went.
    public var statistics: CatalogStatistics {
        var result = CatalogStatistics()
        result.bytes = bytes.load(ordering: .relaxed)
        result.limit = limit
        for shard in shards {
            result.entries += shard.state.withLock { $0.table.count }
            result.hits += shard.hits.load(ordering: .relaxed)
            result.misses += shard.misses.load(ordering: .relaxed)
            result.evictions += shard.evictions.load(ordering: .relaxed)
        }
        for shard in pathShards { result.paths += shard.table.withLock { $0.count } }
        return result
    }

    // MARK: Inside

    private func find(_ id: DocumentID) -> CatalogEntry? {
        guard let dataset = datasets[id.dataset] else { return nil }
        let hash = hasher.hash(key: id.key, dataset: dataset)
        return shard(hash).find(hash, key: id.key, dataset: dataset)
    }

    private func shard(_ hash: UInt64) -> CatalogShard { shards[Int(hash >> 58)] }
    private func pathShard(_ hash: UInt64) -> PathShard { pathShards[Int(hash >> 58)] }

    private func nextRefresh(_ id: DocumentID, _ state: DocumentState) -> Timestamp? {
        hooks.withLock { $0.rule }?(id, state)
    }

    private func demand(_ entry: CatalogEntry) {
        let now = clock.monotonic().microseconds
        let isDue = entry.cell.withLock { cell in
            guard cell.demandedAt == .min || now - cell.demandedAt >= Catalog.demandInterval.microseconds
            else { return false }
            cell.demandedAt = now
            return true
        }
        if isDue { hooks.withLock { $0.sink }?(entry.id) }
    }

    /// Counts bytes that came, and lets the coldest go while there are too many.
    private func settle(adding added: Int, sparing entry: CatalogEntry) {
        bytes.wrappingAdd(added, ordering: .relaxed)
        var fruitless = 0
        // When nothing else is left to go, the newcomer is simply larger than the whole memory.
        while bytes.load(ordering: .relaxed) > limit, fruitless <= 2 * shards.count {
            guard let cold = nextShard().evictOne(sparing: fruitless <= shards.count ? entry : nil) else {
                fruitless += 1
                continue
            }
            fruitless = 0
            dismantle(cold)
            if cold === entry { return }
        }
    }

    /// Counts bytes of compressed forms that came, and lets the coldest forms go while there are too many.
    private func settleForms(adding added: Int, sparing entry: CatalogEntry) {
        formBytes.wrappingAdd(added, ordering: .relaxed)
        var fruitless = 0
        // When no other is left to go, the newcomer alone is larger than the share.
        while formBytes.load(ordering: .relaxed) > limit / Catalog.formShare, fruitless <= 2 * shards.count {
            guard let freed = nextShard().dropForm(sparing: entry) else {
                fruitless += 1
                continue
            }
            fruitless = 0
            formBytes.wrappingSubtract(freed, ordering: .relaxed)
            bytes.wrappingSubtract(freed, ordering: .relaxed)
        }
    }

    /// Of two shards in turn the fuller: taking from all alike would drain some of them down to what is hot.
    private func nextShard() -> CatalogShard {
        let index = hand.wrappingAdd(1, ordering: .relaxed).newValue & (shards.count - 1)
        let (one, other) = (shards[index], shards[(index &* 37 &+ 11) & (shards.count - 1)])
        return other.population.load(ordering: .relaxed) > one.population.load(ordering: .relaxed) ? other : one
    }

    /// Takes an entry that has left its shard out of the rest: paths, bytes; its reads are kept for the next drain.
    private func dismantle(_ entry: CatalogEntry) {
        let (paths, served) = entry.cell.withLock { cell -> (PathNode?, ServedDocument) in
            defer { cell.paths = nil }
            return (cell.paths, cell.served)
        }
        formBytes.wrappingSubtract(served.formSize, ordering: .relaxed)
        var freed = served.size + CatalogEntry.fixedCost(key: entry.key)
        var node = paths
        while let path = node {
            pathShard(path.hash).table.withLock { _ = $0.remove(path, hash: path.hash) }
            freed += path.path.count + 128
            node = path.next
        }
        bytes.wrappingSubtract(freed, ordering: .relaxed)
        if let reads = entry.takeReads() { departed.withLock { $0.append(reads) } }
    }
}

extension CatalogEntry {
    /// Takes what is to be served from now on, unless it is older than what is.
    ///
    /// - Returns: By how many bytes the entry grew, and of these, its compressed form.
    func replace(with new: ServedDocument) -> (bytes: Int, forms: Int) {
        cell.withLock { cell in
            guard new.isAtLeastAsNew(as: cell.served) else { return (0, 0) }
            let old = cell.served
            cell.served = new
            cell.demandedAt = .min
            return (new.size - old.size, new.formSize - old.formSize)
        }
    }

    /// The reads since the last call; `nil` when there were none.
    func takeReads() -> (id: DocumentID, count: Int, last: Timestamp)? {
        cell.withLock { cell in
            guard cell.reads > 0 else { return nil }
            defer { cell.reads = 0 }
            return (id, Int(cell.reads), cell.lastRead)
        }
    }
}

extension ServedDocument {
    func isAtLeastAsNew(as other: ServedDocument) -> Bool {
        if version != other.version { return version > other.version }
        guard let theirs = other.checkedAt else { return true }
        guard let ours = checkedAt else { return false }
        return ours >= theirs
    }
}
