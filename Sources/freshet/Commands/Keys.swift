import ArgumentParser
import FreshetDocument

/// The command `freshet keys`.
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, park and return API keys; keys appear by their opaque id only.",
        subcommands: [KeysList.self, KeysPark.self, KeysUnpark.self], defaultSubcommand: KeysList.self)
}

/// The command `freshet keys ls`.
struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "Show every key and what is left of its budget.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, "/admin/keys").expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        var table = Table(["SOURCE", "KEY", "STATE", "CALLS", "RETURNS", "REASON"])
        for key in try Control.Answer(status: 200, body: body).json()["keys"].list {
            table.add([
                key.text("source"), key.text("id"), key.text("state"), key.text("calls"), key.text("returns_at"),
                key.text("reason"),
            ])
        }
        print(table.text)
    }
}

/// Which key a command is for.
struct KeySelection: ParsableArguments {
    @Argument(help: "The source.")
    var source: String
    @Argument(help: "The key's id, as `keys ls` shows it.")
    var key: String
}

/// The command `freshet keys park`.
struct KeysPark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "park", abstract: "Let a key rest for a while.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var selection: KeySelection
    @Option(name: .customLong("for"), help: "How long, such as PT1H.")
    var time = "PT1H"

    func run() async throws {
        let (source, key, time) = (selection.source, selection.key, time)
        let body = jsonObject([("source", source), ("key_id", key), ("for", time)])
        _ = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/keys/park", json: body).expectSuccess()
        }
        print("key \(key) of \(source) rests for \(time)")
    }
}

/// The command `freshet keys unpark`.
struct KeysUnpark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unpark", abstract: "Use a parked key again.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var selection: KeySelection

    func run() async throws {
        let (source, key) = (selection.source, selection.key)
        let body = jsonObject([("source", source), ("key_id", key)])
        _ = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/keys/unpark", json: body).expectSuccess()
        }
        print("key \(key) of \(source) is in use again")
    }
}
