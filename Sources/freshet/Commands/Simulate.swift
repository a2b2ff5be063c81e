import ArgumentParser
import FreshetCore
import FreshetEngine
import FreshetRuntime
import Glibc

/// The command `freshet simulate`.
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play a read log or a made-up load against refresh strategies, in virtual time.",
        discussion: """
            Runs the engine's own policy, budget and order of the queue for one dataset and prints what readers would have \
            seen: the table of `freshet status`. Nothing is fetched and nothing is stored.

            The load: `--log` replays reads (CSV lines `time,key[,count]` or JSON lines with these members, as \
            `logs: { reads: FILE }` writes them); without it `--users` read `--reads-per-user` times a day, the key of rank n in \
            proportion to 1/n^zipf. Documents change by chance: `--changes 5%:PT15M:war --changes 95%:P1D` lets a share change \
            every so often on average and gives it the class whose `when` it fulfils. `--change-log` names the moments instead, in lines \
            as those of a read log.

            Strategies: `adaptive`, `fixed` (each key at the pace of its class), `round-robin` (all keys in turn, as fast as \
            calls allow), or a duration such as PT1H (all keys at that pace); each plays the whole load. Without `--strategy` \
            those of the configuration are played, each on its share of the keys.
            """)

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The dataset, as source.name.") var dataset: String
    @Option(help: ArgumentHelp("Replay this read log.", valueName: "file")) var log: String?
    @Option(help: ArgumentHelp("Let documents change when this log says.", valueName: "file")) var changeLog: String?
    @Option(help: "Readers.") var users = 10_000
    @Option(help: "Documents; one for each user unless set.") var keys: Int?
    @Option(help: "Reads of one user on a day.") var readsPerUser = 5.0
    @Option(help: "The exponent of the popularity of keys; 0 makes all alike.") var zipf = 1.0
    @Option(help: "What each hour of the day (UTC) weighs: `flat`, `evening`, or 24 numbers with commas.")
    var hours = "evening"
    @Option(help: "The share of a key's reads in two hours of the day of its own, 0 to 1.") var habit = 0.0
    @Option(help: ArgumentHelp("How documents change, repeatable.", valueName: "share:mean[:class]"))
    var changes: [String] = []
    @Option(help: ArgumentHelp("Calls a second instead of the limits of the source.", valueName: "n"))
    var calls: Double?
    @Option(help: ArgumentHelp("What to compare, repeatable.", valueName: "strategy")) var strategy: [String] = []
    @Option(help: ArgumentHelp("How long is counted.", valueName: "duration")) var length: String?
    @Option(help: ArgumentHelp("How long is played before that.", valueName: "duration")) var warmUp: String?
    @Option(help: ArgumentHelp("How long a call takes.", valueName: "duration")) var callTime = "PT0.08S"
    @Flag(help: "Begin without any document.") var cold = false
    @Option(help: "The same number gives the same load.") var seed: UInt64 = 1

    func run() async throws {
        let loaded = try options.load(quiet: true)
        guard let id = DatasetID(dataset), let config = loaded.configuration.dataset(id),
            var source = loaded.configuration.source(id.source)
        else { throw Exit.fail("no dataset \(dataset) is declared", Exit.usage) }
        guard let adaptive = config.refresh?.adaptive else {
            throw Exit.fail(
                "\(id) has one pace for all keys; give its refresh: classes to simulate it", Exit.configuration)
        }
        if let calls {
            guard calls > 0 else { throw Exit.fail("--calls must be more than 0", Exit.usage) }
            source.limits = [LimitConfig(scope: .ip, calls: max(1, Int(calls.rounded())), per: .seconds(1))]
            if calls < 1 { source.limits = [LimitConfig(scope: .ip, calls: 1, per: .seconds(1 / calls))] }
        }
        let load = try self.load(adaptive, id)
        var lines: [SimulationLine] = []
        for played in try self.played(adaptive, keys: load.keys, rate: CallPrice.rate(of: source)) {
            var dataset = config
            dataset.refresh = RefreshSchedule(played, selection: .all)
            let clock = ContinuousClock()
            let began = clock.now
            guard
                let result = Simulation(source: source, dataset: dataset, load: load).run(progress: { share in
                    Simulate.tell("\r\(played.strategies.first?.name ?? "") \(Int(share * 100)) %  ")
                })
            else { continue }
            Simulate.tell("\r                    \r")
            lines += result.lines.map { SimulationLine($0, result, took: clock.now - began) }
        }
        print(
            output.json ? SimulationLine.json(lines, load: load) : SimulationLine.text(lines, dataset: id, load: load))
    }

    /// Progress, where somebody looks.
    private static func tell(_ text: String) {
        if isatty(STDERR_FILENO) == 1 { _ = WholeFile.write(Array(text.utf8), to: STDERR_FILENO) }
    }

    /// One policy for each run: the strategies of the configuration together, or each of those asked for alone.
    private func played(_ config: AdaptiveRefresh, keys: Int, rate: Double?) throws -> [AdaptiveRefresh] {
        guard !strategy.isEmpty else { return [config] }
        return try strategy.map { text in
            var played = config
            switch text {
            case "adaptive": played.strategies = [RefreshStrategy(name: text)]
            case "fixed": played.strategies = [RefreshStrategy(name: text, kind: .fixed)]
            case "round-robin":
                guard let rate else { throw Exit.fail("round-robin needs a limit of calls; give --calls", Exit.usage) }
                let turn = Duration.seconds(Double(keys) / rate)
                // One class: the queue must not prefer anyone.
                let all = RefreshClass(
                    name: "all", priority: .low, every: turn, when: [], target: nil)
                played.classes = [all]
                played.strategies = [RefreshStrategy(name: text, kind: .fixed)]
            default:
                guard let every = (try? Period(parsing: text))?.exact, every > .zero else {
                    throw Exit.fail(
                        "--strategy \"\(text)\" is none of adaptive, fixed, round-robin or a duration such as PT1H",
                        Exit.usage)
                }
                played.strategies = [RefreshStrategy(name: text, kind: .fixed, every: every)]
            }
            return played
        }
    }

    private func load(_ config: AdaptiveRefresh, _ id: DatasetID) throws -> SimulationLoad {
        var load: SimulationLoad
        var recorded: ReadLog?
        if let log {
            let read = try ReadLog.read(log, of: id)
            recorded = read
            load = SimulationLoad(keys: read.keys.count, reads: .recorded(read.reads))
            load.start = read.start
            load.warmUp = try span(warmUp, or: .zero)
            load.length = try span(length, or: max(.seconds(1), read.length - load.warmUp))
        } else {
            guard users > 0, readsPerUser >= 0, keys ?? users > 0, (0...1).contains(habit), zipf >= 0 else {
                throw Exit.fail("users and keys must be 1 or more, habit 0 to 1, zipf 0 or more", Exit.usage)
            }
            load = SimulationLoad(
                keys: keys ?? users, reads: .generated(perDay: Double(users) * readsPerUser, zipf: zipf))
            load.warmUp = try span(warmUp, or: .seconds(86_400))
            load.length = try span(length, or: .seconds(86_400))
        }
        load.hours = try hourWeights()
        load.habit = habit
        load.callTime = try span(callTime, or: .milliseconds(80))
        load.seed = seed
        load.isEmpty = cold
        if let changeLog {
            guard let recorded else { throw Exit.fail("--change-log goes with --log", Exit.usage) }
            let changes = try recorded.changes(in: ReadLog.read(changeLog, of: id))
            (load.changes, load.keys) = (changes, changes.count)
        }
        if !changes.isEmpty { load.groups = try changes.map { try group($0, config) } }
        return load
    }

    private func span(_ text: String?, or usual: Duration) throws -> Duration {
        guard let text else { return usual }
        guard let exact = (try? Period(parsing: text))?.exact, exact >= .zero else {
            throw Exit.fail("\"\(text)\" is not a duration such as PT10M or P1D", Exit.usage)
        }
        return exact
    }

    private func hourWeights() throws -> [Double] {
        switch hours {
        case "flat": return Array(repeating: 1, count: 24)
        case "evening":
            // A day of a game: quiet before dawn, most in the evening.
            return [5, 3, 2, 1, 1, 1, 2, 4, 6, 7, 7, 8, 9, 9, 9, 10, 12, 14, 17, 20, 21, 18, 13, 8]
        default:
            let weights = hours.split(separator: ",").compactMap { Double($0) }
            guard weights.count == 24, weights.allSatisfy({ $0 >= 0 }), weights.contains(where: { $0 > 0 }) else {
                throw Exit.fail("--hours must be flat, evening, or 24 numbers with commas", Exit.usage)
            }
            return weights
        }
    }

    private func group(_ text: String, _ config: AdaptiveRefresh) throws -> SimulationLoad.Group {
        let parts = text.split(separator: ":").map(String.init)
        guard (2...3).contains(parts.count), parts[0].hasSuffix("%"), let percent = Double(parts[0].dropLast()),
            (0...100).contains(percent), let mean = (try? Period(parsing: parts[1]))?.exact, mean > .zero
        else { throw Exit.fail("--changes \"\(text)\" should be such as 5%:PT15M or 5%:PT15M:war", Exit.usage) }
        if parts.count == 3, !config.classes.contains(where: { $0.name == parts[2] }) {
            throw Exit.fail("--changes names the class \(parts[2]), which the dataset does not have", Exit.usage)
        }
        return SimulationLoad.Group(
            share: percent / 100, changes: mean, kind: parts.count == 3 ? parts[2] : nil)
    }
}
