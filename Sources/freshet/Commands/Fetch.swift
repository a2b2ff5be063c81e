import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet fetch`.
struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch one document now, under the budget, and print it.",
        discussion: """
            --step stops after a step and shows its result; without --step store (the default is all of them) nothing is kept. \
            --dry-run does everything but keep it.
            """)

    enum Step: String, ExpressibleByArgument, CaseIterable {
        case fetch, validate, store
    }

    @OptionGroup var options: ConfigOptions
    @OptionGroup var document: DocumentArguments
    @OptionGroup var output: OutputOptions
    @Option(help: "The last step to do: fetch, validate or store.")
    var step = Step.store
    @Flag(help: "Keep nothing.")
    var dryRun = false

    func run() async throws {
        let loaded = try options.load(quiet: true)
        let id = try document.resolve(in: loaded.configuration).id
        let stores = step == .store && !dryRun
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("source", id.dataset.source)
        writer.field("dataset", id.dataset.name)
        writer.field("key", id.key)
        writer.field("store", stores)
        writer.endObject()
        let body = writer.bytes
        let answer = try await Control.with(loaded) { control in
            try await control.call(.post, "/admin/fetch", json: body).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        let report = try answer.json()
        let data = report["data"].flatMap { $0.isNull ? nil : $0 }
        let kept = report["state"].map { stores && $0.kind == .object ? "version \($0.text("version"))" : "not kept" }
        let milliseconds = Int(((report["took_seconds"]?.double ?? 0) * 1000).rounded())
        standardError(
            "\(id): \(report.text("outcome")), \(data?.rawBytes.count ?? 0) bytes, \(report.text("calls")) call(s), "
                + "\(milliseconds) ms, \(kept ?? "not kept")")
        if let failure = report["error"], failure.kind == .object {
            let code = report.text("outcome") == "denied" ? Exit.tryLater : Exit.unavailable
            throw Exit.fail("\(failure.text("kind")): \(failure.text("message"))", code)
        }
        if let data { print(String(decoding: data.rawBytes, as: UTF8.self)) }
    }
}
