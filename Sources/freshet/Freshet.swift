import ArgumentParser
import FreshetRuntime

/// The command line.
@main
struct Freshet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freshet",
        abstract: "Keeps a fresh, durable copy of rate-limited JSON APIs and answers from it.",
        discussion: """
            Start with `freshet init`, then `freshet serve`. A command that writes talks to the server that runs on the \
            same data directory, or takes its lock when none runs.

            Exit codes: 0 ok, 64 usage, 65 bad data, 69 upstream unavailable, 73/74 cannot write, 75 try later, 78 configuration.
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(name: "Run", subcommands: [Serve.self, Worker.self, Demo.self, Mock.self]),
            CommandGroup(name: "Set up", subcommands: [Init.self, Check.self, Plan.self, Schema.self, Doctor.self]),
            CommandGroup(name: "Look", subcommands: [Simulate.self, Status.self, Why.self, Queue.self, Keys.self]),
            CommandGroup(
                name: "Act",
                subcommands: [
                    Fetch.self, Refresh.self, Backfill.self, Replay.self, Bench.self, Tokens.self, WebhooksCommand.self,
                ]),
            CommandGroup(name: "Tables", subcommands: [QueryCommand.self, Export.self, Rejects.self, Rebuild.self]),
            CommandGroup(name: "Other", subcommands: [VersionCommand.self]),
        ])

    static func main() async { await main(ProcessArguments.given) }
}
