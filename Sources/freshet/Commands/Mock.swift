import ArgumentParser
import FreshetCore
import FreshetMock
import FreshetRuntime

/// The command `freshet mock`.
struct Mock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play an upstream on loopback: recorded exchanges or generated data, with faults and counters.",
        discussion: """
            TARGET is an app (\(MockApps.builtIn.apps.map(\.name).joined(separator: ", "))) or a folder with an index.json.
            Faults can be changed while it runs: POST a JSON array of fault texts to /__mock/faults; GET /__mock/counters says \
            what was received per key and window, and whether a limit was ever broken.
            """)

    @Argument(help: "An app, or a folder of recorded exchanges.")
    var target: String
    @Option(help: "The port; 0 lets the system choose.")
    var port = 8090
    @Option(help: "The address to bind.")
    var host = "127.0.0.1"
    @Option(help: ArgumentHelp("A fault, such as latency=200ms, status=503,first=3, truncate,rate=0.1; repeatable."))
    var fault: [String] = []
    @Option(help: ArgumentHelp("A limit to watch, such as key:40/1s or account:900/10s; repeatable."))
    var limit: [String] = []
    @Flag(help: "Answer 429 when a limit is exceeded, instead of only counting.")
    var enforce = false
    @Option(help: "Accepted API keys, separated by commas; any key is accepted when left out.")
    var keys: String?
    @Option(help: "Another seed, another generated world.")
    var seed: UInt64 = 1
    @Option(help: "How often generated data moves.")
    var changeEvery = "PT60S"

    func run() async throws {
        let (app, handler) = try resolve()
        let mock = MockUpstream(handler: handler, options: try options(maxRequestBody: app.maxRequestBody))
        let target = target
        do {
            try await mock.run(host: host, port: port) { bound in
                standardError(
                    "mock of \(target) answers on \(bound.baseURL)\(app.basePath); "
                        + "counters at \(bound.baseURL)/__mock/counters")
            }
        } catch let error where !(error is CancellationError) {
            throw Exit.fail("\(host):\(port) cannot be bound (\(error)); choose another with --port", Exit.unavailable)
        }
    }

    private func resolve() throws -> (app: MockApps.App, handler: any MockHandler) {
        guard let every = (try? Period(parsing: changeEvery))?.exact, every > .zero else {
            throw Exit.fail("--change-every \"\(changeEvery)\" is not a duration: write PT60S or 60s", Exit.usage)
        }
        do {
            let app = try MockApps.builtIn.resolve(target)
            return (app, app.make(MockApps.Settings(seed: seed, changeEvery: every)))
        } catch {
            throw Exit.fail("\(error)", Exit.usage)
        }
    }

    private func options(maxRequestBody: Int) throws -> MockOptions {
        var options = MockOptions()
        options.maxRequestBody = maxRequestBody
        do {
            options.faults = try FaultSpec.parse(fault)
            options.limits = try limit.map { text throws(MockSpecError) in try LimitRule(parsing: text) }
        } catch {
            throw Exit.fail("\(error)", Exit.usage)
        }
        options.enforcesLimits = enforce
        options.keys = keys?.split(separator: ",").map(String.init) ?? []
        options.seed = seed
        return options
    }
}
