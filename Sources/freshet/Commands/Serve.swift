import ArgumentParser
import FreshetCore
import FreshetRuntime
import Logging

/// The command `freshet serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the mirror and keep it fresh.",
        discussion: "Ends on SIGTERM or Ctrl-C after finishing or returning every refresh under way.")

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        Heap.limitArenas()
        let loaded = try options.load()
        try await Serve.run(loaded) { url in
            standardError("freshet \(Version.text) answers on \(url)")
        }
    }

    /// Serves a configuration until a signal ends it.
    static func run(
        _ loaded: LoadedConfiguration, onBound: @escaping @Sendable (String) async -> Void
    ) async throws {
        let (logger, problem) = LogSetup.logger(loaded.configuration.logs)
        if let problem { logger.warning("\(problem)") }
        do {
            let runtime = try await Runtime.open(loaded.configuration, logger: logger)
            try await runtime.serve(onBound: onBound)
        } catch let error as RuntimeError {
            throw Exit.fail("\(error)", ExitCode(error.exitCode))
        }
    }
}
