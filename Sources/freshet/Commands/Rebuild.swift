import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet rebuild`.
struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a document made again out of the rows of its automatic tables.",
        discussion: "It shows that the rows of `tables: auto` hold the whole document. Nothing is written.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var document: DocumentArguments

    func run() async throws {
        let loaded = try options.load(quiet: true)
        let id = try document.resolve(in: loaded.configuration).id
        let wish = jsonObject([("source", id.dataset.source), ("dataset", id.dataset.name), ("key", id.key)])
        let answer = try await Control.with(loaded) { control in
            try await control.call(.post, "/admin/rebuild", json: wish).expectSuccess()
        }
        printJSON(answer.body)
    }
}
