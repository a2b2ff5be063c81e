import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet refresh`.
struct Refresh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask for a refresh; the queue does it when the budget allows.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var document: DocumentArguments
    @OptionGroup var output: OutputOptions
    @Option(help: "critical, high, medium or low.")
    var priority = "high"

    func validate() throws {
        if Priority(name: priority) == nil {
            throw ValidationError("\"\(priority)\" is not a priority: use critical, high, medium or low")
        }
    }

    func run() async throws {
        let loaded = try options.load(quiet: true)
        let id = try document.resolve(in: loaded.configuration).id
        let body = jsonObject([
            ("source", id.dataset.source), ("dataset", id.dataset.name), ("key", id.key), ("priority", priority),
        ])
        let answer = try await Control.with(loaded) { control in
            try await control.call(.post, "/v1/refresh", json: body).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        print("job \(try answer.json().text("job")) queued for \(id)")
    }
}
