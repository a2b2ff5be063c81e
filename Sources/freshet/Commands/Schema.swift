import ArgumentParser
import FreshetRuntime

/// The command `freshet schema`.
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, compare, roll back and infer the schemas of tables.",
        subcommands: [SchemaShow.self, SchemaDiff.self, SchemaRollback.self, SchemaInfer.self, SchemaConfig.self])
}

/// The command `freshet schema config`.
struct SchemaConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the JSON Schema of freshet.yaml.")

    func run() { print(ConfigSchema.json()) }
}
