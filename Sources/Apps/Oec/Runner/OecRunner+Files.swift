import FreshetCore
import FreshetDocument

extension OecRunner {
    /// Where the list of filler that was found in an imported file is kept.
    static let fillerState = "oec/filler"

    /// Takes the seed's files in, once: when the store has no document of the dataset.
    ///
    /// The files stay as they are until upstream has given newer values.
    func importFiles() async throws(StoreError) {
        if let kept = try await services.store.value(Self.fillerState), let root = try? JSONTape(kept).root {
            let filler = root.elements.compactMap(\.string)
            with { $0.filler = filler }
        }
        guard try await services.store.keys(of: OecSource.dataset, after: nil, limit: 1).isEmpty else { return }
        guard let file = read() else { return }
        let filler = file.products.filter(\.isFiller).map(\.id)
        var json = JSONWriter()
        json.beginArray()
        filler.forEach { json.string($0) }
        json.endArray()
        try await services.store.setValue(json.bytes, for: Self.fillerState)
        for product in file.products where !product.isFiller && product.values.contains(where: { $0 != nil }) {
            let document = ExportDocument(values: product.values, product: product.id, exact: product.exact)
            let content = document.content(
                product: product.id, year: options.year, origin: .import, freshFor: options.maxAge)
            try await services.bring(OecSource.id(product: product.id, year: options.year), content, file.updatedAt)
        }
        with { state in
            state.filler = filler
            state.savedAt = file.updatedAt
        }
    }

    private func read() -> ExportFile? {
        do {
            guard let data = try folder.read(ExportFile.name) else { return nil }
            return try ExportFile(data: data, metadata: try folder.read(ExportFile.metadataName) ?? [])
        } catch {
            let problem = "\(error)"
            with { $0.fileProblem = problem }
            return nil
        }
    }

    /// Writes the files when upstream has given values since the last time, and they have come to rest.
    ///
    /// First the values, then their time: a crash in between leaves values that are younger than said.
    func save() {
        let now = services.clock.monotonic()
        let due = with { state -> ExportMatrix? in
            guard let since = state.unsavedSince, now - since >= Self.calm else { return nil }
            state.unsavedSince = nil
            return state.matrix
        }
        guard let matrix = due, let oldest = matrix.oldest else { return }
        do {
            try folder.replace(ExportFile.name, with: ExportFile.data(matrix))
            try folder.replace(
                ExportFile.metadataName,
                with: ExportFile.metadata(matrix, updatedAt: oldest, maxAge: options.maxAge))
            with { state in
                (state.savedAt, state.fileProblem) = (oldest, nil)
            }
        } catch {
            let problem = "\(error)"
            with { state in
                state.fileProblem = problem
                state.unsavedSince = state.unsavedSince ?? now
            }
        }
    }
}
