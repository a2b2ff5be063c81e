import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet fetch`.
struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch documents now, under the budget, and print them.",
        discussion: """
            Name a dataset and its keys; several datasets may follow one another. A dataset without keys stands for the keys \
            that its schedule lists. --step stops after a step and shows its result: fetch the document, transform its rows, \
            validate what storing them would do; store, the last one, keeps it all. --dry-run does everything but keep it. \
            --set changes a setting for this run only: write_disposition, timeout, max_pages, max_body.
            """)

    enum Step: String, ExpressibleByArgument, CaseIterable {
        case fetch, transform, validate, store
    }

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "A dataset as source.name, then its keys; again for more.")
    var documents: [String]
    @Option(help: "The last step to do: fetch, transform, validate or store.")
    var step = Step.store
    @Flag(help: "Keep nothing.")
    var dryRun = false
    @Option(help: ArgumentHelp("Change a setting for this run only.", valueName: "name=value"))
    var set: [String] = []

    func run() async throws {
        let loaded = try options.load(quiet: true)
        let ids = try FetchTargets.resolve(documents, in: loaded.configuration)
        let settings = try set.map { text in
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw Exit.fail(
                    "--set takes name=value, such as write_disposition=append; \"\(text)\" is not", Exit.usage)
            }
            return (String(parts[0]), String(parts[1]))
        }
        let problem = try await Control.with(loaded) { control in
            var first: (message: String, code: ExitCode)?
            for id in ids {
                let answer = try await control.call(.post, "/admin/fetch", json: body(id, settings)).expectSuccess()
                if let failed = try show(answer, of: id) {
                    if ids.count > 1 { standardError("\(id): \(failed.message)") }
                    first = first ?? failed
                }
            }
            return first
        }
        if let problem { throw Exit.fail(problem.message, problem.code) }
    }

    private func body(_ id: DocumentID, _ settings: [(String, String)]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("source", id.dataset.source)
        writer.field("dataset", id.dataset.name)
        writer.field("key", id.key)
        writer.field("step", step.rawValue)
        writer.field("dry_run", dryRun)
        writer.key("set")
        writer.beginObject()
        for (name, value) in settings { writer.field(name, value) }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// Prints the result of one document; returns what went wrong.
    private func show(_ answer: Control.Answer, of id: DocumentID) throws -> (message: String, code: ExitCode)? {
        let report = try answer.json()
        if output.json {
            printJSON(answer.body)
        } else {
            summary(report, of: id)
        }
        if let failure = report["error"], failure.kind == .object {
            return (
                "\(failure.text("kind")): \(failure.text("message"))",
                report.text("outcome") == "denied" ? Exit.tryLater : Exit.unavailable
            )
        }
        if let stop = report["tables"]?["stopped"]?.string { return (stop, Exit.badData) }
        guard !output.json else { return nil }
        if let rows = report["rows"], rows.kind == .array {
            for table in rows.elements {
                for row in table["rows"].list {
                    print("{\"table\":\(table["table"]?.rawText ?? "null"),\"row\":\(row.rawText)}")
                }
            }
        } else if let data = report["data"], !data.isNull {
            print(String(decoding: data.rawBytes, as: UTF8.self))
        }
        return nil
    }

    private func summary(_ report: JSONValue, of id: DocumentID) {
        let stores = step == .store && !dryRun
        let data = report["data"].flatMap { $0.isNull ? nil : $0 }
        let kept = report["state"].map { stores && $0.kind == .object ? "version \($0.text("version"))" : "not kept" }
        let milliseconds = Int(((report["took_seconds"]?.double ?? 0) * 1000).rounded())
        standardError(
            "\(id): \(report.text("outcome")), \(data?.rawBytes.count ?? 0) bytes, \(report.text("calls")) call(s), "
                + "\(milliseconds) ms, \(kept ?? "not kept")")
        for effect in (report["tables"]?["tables"]).list {
            standardError("  \(TableEffectText.line(effect, isDone: stores))")
        }
    }
}

/// The documents that a command names.
enum FetchTargets {
    /// Datasets, each with the keys behind it; none stands for those that its schedule lists.
    static func resolve(_ words: [String], in configuration: Configuration) throws -> [DocumentID] {
        var groups: [(dataset: DatasetConfig, keys: [String])] = []
        for word in words {
            if let id = DatasetID(word), let dataset = configuration.dataset(id) {
                groups.append((dataset, []))
            } else if groups.isEmpty {
                let names = configuration.datasets.map(\.id.description).joined(separator: ", ")
                throw Exit.fail("no dataset \"\(word)\" is declared; there are: \(names)", Exit.usage)
            } else {
                groups[groups.count - 1].keys.append(word)
            }
        }
        return try groups.flatMap { group in
            try keys(group.keys, of: group.dataset).map { DocumentID(dataset: group.dataset.id, key: $0) }
        }
    }

    private static func keys(_ texts: [String], of dataset: DatasetConfig) throws -> [String] {
        guard texts.isEmpty else {
            return try texts.map { text in
                guard let key = dataset.key(forText: text) else {
                    throw Exit.fail(
                        "\"\(text)\" cannot be a key of \(dataset.id): it takes "
                            + dataset.template.parameters.joined(separator: "/"), Exit.usage)
                }
                return key
            }
        }
        if dataset.template.parameters.isEmpty { return [DocumentID.singletonKey] }
        if case .list(let keys) = dataset.refresh?.selection, !keys.isEmpty { return keys }
        throw Exit.fail(
            "\(dataset.id) needs a key (\(dataset.template.parameters.joined(separator: "/"))), for its schedule lists none",
            Exit.usage)
    }
}

/// What became of a table's rows, on one line.
enum TableEffectText {
    static func line(_ effect: JSONValue, isDone: Bool) -> String {
        let names = [
            "inserted", "updated", "unchanged", "deleted", "rejected", "discarded_values", "variant_values", "guarded",
        ]
        let parts = names.compactMap { name in
            (effect[name]?.int64).flatMap { $0 == 0 ? nil : "\($0) \(name.replacing("_", with: " "))" }
        }
        let changes = effect["schema_changes"].list.compactMap(\.string)
        let schema =
            changes.isEmpty ? "" : "; schema \(effect.text("schema_version")): \(changes.joined(separator: ", "))"
        return "\(effect.text("table")): \(effect.text("rows")) rows, \(isDone ? "" : "would be ")"
            + (parts.isEmpty ? "unchanged" : parts.joined(separator: ", ")) + schema
    }
}
