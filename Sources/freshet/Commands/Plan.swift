import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetRuntime

/// The command `freshet plan`.
struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print calls a day per key against the limits; refuse an impossible schedule.",
        discussion: "Counts the keys held by the store; with a fresh store, the keys named in the configuration.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Option(help: ArgumentHelp("Assume so many keys of a dataset, as source.name=count; repeatable.", valueName: "n"))
    var keys: [String] = []

    func run() async throws {
        try await Plan.print(try options.load(), keys: keys, json: output.json)
    }

    static func print(_ loaded: LoadedConfiguration, keys: [String] = [], json: Bool) async throws {
        var counts = try await heldKeys(loaded)
        for text in keys {
            let parts = text.split(separator: "=")
            guard parts.count == 2, let id = DatasetID(String(parts[0])), let count = Int(parts[1]), count >= 0 else {
                throw Exit.fail("--keys \"\(text)\" should be source.name=count", Exit.usage)
            }
            counts[id] = count
        }
        let plans = loaded.configuration.sources.map { source in
            let datasets = loaded.configuration.datasets.filter { $0.id.source == source.name }
            return PlanCalculator.plan(source: source, datasets: datasets, keys: counts)
        }
        Swift.print(json ? PlanJSON.text(plans) : plans.map { $0.render() }.joined(separator: "\n"))
        if plans.contains(where: { !$0.impossible.isEmpty }) {
            throw Exit.fail("the schedule cannot be kept under the limits; see above", Exit.configuration)
        }
    }

    private static func heldKeys(_ loaded: LoadedConfiguration) async throws -> [DatasetID: Int] {
        let body = try await Control.with(loaded) { control in
            try await control.call(.get, "/admin/status").expectSuccess().body
        }
        var counts: [DatasetID: Int] = [:]
        for dataset in try Control.Answer(status: 200, body: body).json()["datasets"].list {
            let id = DatasetID(source: dataset.text("source"), name: dataset.text("dataset"))
            counts[id] = Int(dataset.text("live")) ?? 0
        }
        for dataset in loaded.configuration.datasets {
            if case .list(let list)? = dataset.refresh?.selection {
                counts[dataset.id] = max(counts[dataset.id] ?? 0, list.count)
            }
        }
        return counts
    }
}
