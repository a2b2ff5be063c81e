import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet keys`.
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, park and return API keys; keys appear by their opaque id only.",
        subcommands: [KeysList.self, KeysPark.self, KeysUnpark.self], defaultSubcommand: KeysList.self)
}

/// The command `freshet keys ls`.
struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Show every key, its state and its calls.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, "/admin/keys").expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        var table = Table(["SOURCE", "KEY", "STATE", "CALLS", "RETURNS", "REASON"])
        for source in try Control.Answer(status: 200, body: body).json()["sources"].list {
            for key in source["keys"].list {
                table.add([
                    source.text("source"), key.text("key_id"), key.text("state"), key.text("calls"),
                    key.text("returns_at"), key.text("reason"),
                ])
            }
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

    var path: String { "/admin/keys/\(PercentEncoding.encode(source))/\(PercentEncoding.encode(key))" }
}

/// The command `freshet keys park`.
struct KeysPark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "park", abstract: "Let a key rest for a while.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var selection: KeySelection
    @Option(name: .customLong("for"), help: "How long, such as PT1H.")
    var time = "PT1H"

    func run() async throws {
        let (path, key, source) = (selection.path, selection.key, selection.source)
        guard let rest = (try? Period(parsing: time))?.exact, rest > .zero else {
            throw Exit.fail("--for \"\(time)\" is not a duration: write PT1H or 1h", Exit.usage)
        }
        let body = Array("{\"seconds\":\(rest.inSeconds)}".utf8)
        _ = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, path + "/park", json: body).expectSuccess()
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
        let (path, key, source) = (selection.path, selection.key, selection.source)
        _ = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, path + "/unpark").expectSuccess()
        }
        print("key \(key) of \(source) is in use again")
    }
}
