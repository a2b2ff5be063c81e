import ArgumentParser
import FreshetRuntime

/// The command `freshet schema`.
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print schemas.", subcommands: [SchemaConfig.self])
}

/// The command `freshet schema config`.
struct SchemaConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the JSON Schema of freshet.yaml.")

    func run() { print(ConfigSchema.json()) }
}
