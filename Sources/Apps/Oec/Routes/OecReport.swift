import FreshetCore
import FreshetDocument

/// How the mirror stands: the seed's cache figures, and what the seed did not tell.
struct OecReport: Sendable {
    let matrix: ExportMatrix
    let now: Timestamp
    let options: OecOptions
    let fileBytes: Int?
    let filler: [String]
    let problems: [String]

    init(_ runner: OecRunner) {
        matrix = runner.matrix
        now = runner.services.clock.now()
        options = runner.options
        fileBytes = runner.folder.size(ExportFile.name)
        (filler, problems) = runner.with { state in
            (state.filler, [state.storeProblem, state.fileProblem].compactMap { $0 })
        }
    }

    var real: Int { matrix.rows.count { $0.origin != nil && !$0.isFallback } }
    var fallback: [String] { ids { $0.isFallback } }
    var missing: [String] { ids { $0.origin == nil } }
    var stale: Int { matrix.rows.count { $0.origin != nil && !$0.isFallback && $0.isStale(at: now) } }
    var age: Duration? { matrix.oldest.map { max(.zero, now - $0) } }
    var isValid: Bool { real > 0 && stale == 0 }

    private func ids(_ condition: (ExportMatrix.Row) -> Bool) -> [String] {
        zip(OecCatalogue.products, matrix.rows).filter { condition($1) }.map(\.0.id)
    }

    /// `healthy`, or `degraded` with made-up, missing or stale values.
    var status: String {
        fallback.isEmpty && missing.isEmpty && isValid && problems.isEmpty ? "healthy" : "degraded"
    }

    /// A sentence for a person when something is not as it should be.
    var remark: String? {
        var parts: [String] = []
        if !fallback.isEmpty { parts.append("\(fallback.count) of \(matrix.rows.count) products have made-up values") }
        if !missing.isEmpty { parts.append("\(missing.count) of \(matrix.rows.count) products have no values") }
        if stale > 0 { parts.append("\(stale) products have values older than \(options.maxAge.inSeconds / 3_600) h") }
        parts += problems
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// The seed's cache figures.
    func writeCache(to json: inout JSONWriter) {
        json.beginObject()
        json.field("products_cached", real)
        json.field("last_updated", matrix.oldest?.rfc3339)
        json.field("cache_age_hours", age.map { Self.hours($0) })
        json.field("cache_valid", isValid)
        json.field("cache_expires_in_hours", age.map { Self.hours(max(.zero, options.maxAge - $0)) })
        json.field("data_file_exists", fileBytes != nil)
        json.field("data_file_size_kb", Double((Double(fileBytes ?? 0) / 10.24).rounded()) / 100)
        json.endObject()
    }

    private static func hours(_ span: Duration) -> Double { (span.inSeconds / 36).rounded() / 100 }

    /// What the seed's health does not tell.
    func writeDetails(to json: inout JSONWriter) {
        json.field("year", matrix.year)
        json.key("origins")
        json.beginObject()
        for origin in [Origin.upstream, .import, .fallback] { json.field(origin.rawValue, matrix.origins[origin] ?? 0) }
        json.field("missing", missing.count)
        json.endObject()
        json.field("stale_products", stale)
        json.field("is_fallback", !fallback.isEmpty)
        json.field("fallback_enabled", options.usesFallback)
        for (name, list) in [
            ("fallback_products", fallback), ("missing_products", missing), ("filler_in_import", filler),
        ] {
            json.key(name)
            json.beginArray()
            list.forEach { json.string($0) }
            json.endArray()
        }
        json.field("last_error", matrix.rows.compactMap(\.failure).max { $0.at < $1.at }?.message)
        json.field("remark", remark)
    }
}
