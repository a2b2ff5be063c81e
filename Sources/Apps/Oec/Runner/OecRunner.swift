public import FreshetCore
import Synchronization

/// Keeps the values of the main year in memory and in the seed's files, and has missing years fetched.
///
/// Safe from any task. Routes read a copy of the matrix, which shares its storage.
public final class OecRunner: AppRunner {
    /// How often the store is asked what has changed.
    static let pace = Duration.seconds(1)
    /// How long upstream has at start before what it has not answered for is filled in.
    static let patience = Duration.seconds(5)
    /// How often missing years are looked for.
    static let historyPace = Duration.seconds(3_600)
    /// How long values must rest before the files are written.
    static let calm = Duration.seconds(1)

    let options: OecOptions
    let services: AppServices
    let folder: DataFolder
    /// The games.
    let hall: HallService
    private let state: Shared

    /// Shared with the hall, which reads the values.
    private final class Shared: Sendable {
        let state: Mutex<State>
        init(_ state: sending State) { self.state = Mutex(state) }
    }

    /// What the runner keeps.
    struct State {
        var matrix: ExportMatrix
        /// The body that each row was made of, by document key.
        var bodies: [String: [UInt8]] = [:]
        /// When real values last moved; `nil` when the files hold them.
        var unsavedSince: Duration?
        /// When the oldest of the values in the files was confirmed.
        var savedAt: Timestamp?
        /// Products of an imported file whose numbers never came from upstream, by id.
        var filler: [String] = []
        /// Why the files could not be read or written the last time.
        var fileProblem: String?
        /// Who has made guests lately.
        var guests = GuestBudget()
        /// Why the store could not be read the last time.
        var storeProblem: String?
        /// The last live test, and when it was made.
        var test: (answer: LiveTest, at: Duration)?
    }

    /// Creates a runner; nothing is read yet.
    public init(options: OecOptions, services: AppServices) {
        (self.options, self.services) = (options, services)
        folder = DataFolder(path: options.folder ?? services.configuration.dataDirectory)
        let state = Shared(State(matrix: ExportMatrix(year: options.year)))
        self.state = state
        var isShared = false
        if case .postgres = services.configuration.store { isShared = true }
        hall = HallService(store: services.store, isShared: isShared, clock: services.clock) {
            state.state.withLock { $0.matrix }
        }
    }

    /// The values, as they are now.
    public var matrix: ExportMatrix { state.state.withLock { $0.matrix } }

    /// Reads or changes what the runner keeps.
    func with<Result>(_ body: (inout State) throws -> sending Result) rethrows -> sending Result {
        try state.state.withLock { try body(&$0) }
    }

    /// Takes the seed's files in if the store has nothing yet, and reads the store.
    public func prepare() async throws {
        folder.sweep()
        try await importFiles()
        try await follow()
    }

    /// Plays games, and keeps the values, until cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.hall.run() }
            group.addTask { await self.keepValues() }
            await group.waitForAll()
        }
    }

    /// Follows the store, fills in, writes the files and asks for missing years until cancelled.
    private func keepValues() async {
        let began = services.clock.monotonic()
        var lookedForYears: Duration?
        while !Task.isCancelled {
            do {
                try await follow()
                let now = services.clock.monotonic()
                if now - began >= Self.patience { try await storeFallback() }
                if lookedForYears.map({ now - $0 >= Self.historyPace }) ?? true {
                    try await askForYears()
                    lookedForYears = now
                }
                with { $0.storeProblem = nil }
            } catch {
                // The next look is in a moment; health tells of it until then.
                let problem = "\(error)"
                with { $0.storeProblem = problem }
            }
            save()
            try? await services.clock.sleep(for: Self.pace)
        }
    }

    // MARK: Following the store

    /// Brings the matrix to what the store holds.
    func follow() async throws(StoreError) {
        var (after, states): (String?, [String: DocumentState]) = (nil, [:])
        repeat {
            let page = try await services.store.keys(of: OecSource.dataset, after: after, limit: 1_000)
            for summary in page { states[summary.key] = summary.state }
            after = page.count == 1_000 ? page.last?.key : nil
        } while after != nil
        for (place, product) in OecCatalogue.products.enumerated() {
            try await follow(place, key: "\(product.id)/\(options.year)", states["\(product.id)/\(options.year)"])
        }
    }

    private func follow(_ product: Int, key: String, _ found: DocumentState?) async throws(StoreError) {
        let kept = with { (row: $0.matrix.rows[product], body: $0.bodies[key]) }
        guard let found, found.version > 0, found.presence == .live else {
            var row = ExportMatrix.Row()
            (row.checkedAt, row.failure) = (found?.checkedAt, found?.failure)
            return fillIn(product, row, unless: kept.row)
        }
        var row = kept.row
        (row.updatedAt, row.freshUntil) = (found.lastUpdated, found.freshUntil)
        (row.checkedAt, row.failure) = (found.checkedAt, found.failure)
        if kept.body == found.bodyHash, kept.row.origin == found.origin {
            guard row != kept.row else { return }
            let confirmed = row.updatedAt != kept.row.updatedAt && !row.isFallback
            let now = services.clock.monotonic()
            return with { state in
                state.matrix.set(row, product: product)
                if confirmed { state.unsavedSince = now }
            }
        }
        let id = DocumentID(dataset: OecSource.dataset, key: key)
        guard let document = try await services.store.document(id) else { return }
        if document.state.origin == .fallback, !options.usesFallback {
            return fillIn(product, ExportMatrix.Row(), unless: kept.row)
        }
        take(document, product: product)
    }

    /// Puts a document's values into the matrix.
    private func take(_ document: StoredDocument, product: Int) {
        let state = document.state
        guard let values = ExportDocument(document.body) else {
            // A document without any country of the catalogue holds no value.
            return fillIn(product, ExportMatrix.Row(), unless: matrix.rows[product])
        }
        var row = ExportMatrix.Row()
        row.origin = state.origin
        (row.updatedAt, row.freshUntil) = (state.lastUpdated, state.freshUntil)
        (row.checkedAt, row.failure) = (state.checkedAt, state.failure)
        row.answeredFor = values.product == OecCatalogue.products[product].id ? nil : values.product
        let now = services.clock.monotonic()
        with { kept in
            kept.matrix.set(row, values: values.values, product: product, exact: values.exact)
            kept.bodies[document.id.key] = state.bodyHash
            if state.origin == .upstream { kept.unsavedSince = now }
        }
    }

    /// Nothing real is kept of a product: made-up values, or none.
    private func fillIn(_ product: Int, _ row: ExportMatrix.Row, unless kept: ExportMatrix.Row) {
        var row = row
        if options.usesFallback { row.origin = .fallback }
        guard row != kept else { return }
        let values =
            options.usesFallback
            ? TradeModel(seed: options.fallbackSeed).values(product: product)
            : [Int64?](repeating: nil, count: OecCatalogue.countries.count)
        let key = "\(OecCatalogue.products[product].id)/\(options.year)"
        with { state in
            state.matrix.set(row, values: values, product: product)
            state.bodies[key] = nil
        }
    }

    // MARK: What is missing

    /// Stores made-up documents where upstream has not answered, so that every route shows them, marked.
    private func storeFallback() async throws(StoreError) {
        guard options.usesFallback else { return }
        let model = TradeModel(seed: options.fallbackSeed)
        let now = services.clock.now()
        for (place, product) in OecCatalogue.products.enumerated() {
            let isStored = with { $0.bodies["\(product.id)/\(options.year)"] != nil }
            guard !isStored else { continue }
            let id = OecSource.id(product: product.id, year: options.year)
            if let kept = try await services.store.document(id), kept.state.version > 0 { continue }
            let content = ExportDocument(values: model.values(product: place), product: product.id)
                .content(product: product.id, year: options.year, origin: .fallback, freshFor: .zero)
            try await services.bring(id, content, now)
        }
    }

    /// Asks for the years of each product that were never fetched; what is there, or asked for, is left alone.
    private func askForYears() async throws(StoreError) {
        for year in options.history where year != options.year {
            for product in OecCatalogue.products {
                let id = OecSource.id(product: product.id, year: year)
                if let kept = try await services.store.document(id), kept.state.version > 0 { continue }
                _ = try await services.refresh(EnqueueRequest(document: id, priority: .low, cause: "backfill"))
            }
        }
    }
}
