import ArgumentParser
import FreshetMock
import FreshetRuntime
import Glibc

/// The command `freshet demo`.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the demo from the built-in mock upstream: no key, no internet.",
        discussion: """
            With FRESHET_RECORDINGS set to a folder of recorded exchanges the mock serves those instead of generated data.
            """)

    @Option(help: "Where to listen, as host:port.")
    var listen = "127.0.0.1:8080"
    @Option(help: "Where the demo keeps its copy.")
    var dataDir = "data/demo"

    func run() async throws {
        let recordings = getenv("FRESHET_RECORDINGS").map { String(cString: $0) }
        let clash = try await start("clash", folder: recordings.map { $0 + "/clash-of-clans" })
        let github = try await start("github", folder: recordings.map { $0 + "/github-rest" })
        // Recordings hold single answers of Torn, not a faction that moves, and few years of OEC: these are always generated.
        let torn = try await start("torn", folder: nil)
        let oec = try await start("oec", folder: nil)
        let config = DemoConfiguration(
            listen: listen, dataDirectory: dataDir, clash: clash.bound, github: github.bound, torn: torn.bound,
            oec: oec.bound, isRecorded: recordings != nil)
        let loaded: LoadedConfiguration
        do {
            loaded = try config.load()
        } catch {
            throw Exit.fail("\(error)", Exit.configuration)
        }
        try await Serve.run(loaded) { url in
            print(config.guide(url: url))
            fflush(nil)
        }
        await clash.mock.shutdown()
        await github.mock.shutdown()
        await torn.mock.shutdown()
        await oec.mock.shutdown()
    }

    private func start(_ name: String, folder: String?) async throws -> (mock: MockUpstream, bound: BoundMock) {
        guard let app = MockApps.builtIn.app(named: name) else {
            throw Exit.fail("the mock has no app \(name)", Exit.unavailable)
        }
        let handler: any MockHandler
        do {
            handler =
                try folder.map { path throws(ReplayError) in try ReplayHandler(directory: path) } ?? app.make(.init())
        } catch {
            throw Exit.fail("FRESHET_RECORDINGS: \(error)", Exit.usage)
        }
        var options = MockOptions()
        options.keys = DemoConfiguration.keys(of: name)
        let mock = MockUpstream(handler: handler, options: options)
        return (mock, try await mock.start())
    }
}
