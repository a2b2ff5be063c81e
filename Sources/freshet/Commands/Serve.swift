import ArgumentParser
import FreshetCore
import FreshetEngine
import FreshetRuntime
import Logging

/// The command `freshet serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the mirror and keep it fresh.",
        discussion: "Ends on SIGTERM or Ctrl-C after finishing or returning every refresh under way.")

    @OptionGroup var options: ConfigOptions
    @Option(
        help: ArgumentHelp(
            "What this process does where several share a PostgreSQL store.",
            discussion: "reader answers, worker refreshes and answers only probes and numbers, all does both."))
    var role = RoleOption.all
    @Option(help: ArgumentHelp("Another address than the configured one.", valueName: "host:port"))
    var listen: ListenOption?

    func run() async throws {
        Heap.limitArenas()
        let loaded = try options.load()
        let isShared = if case .postgres = loaded.configuration.store { true } else { false }
        guard role == .all || isShared else {
            throw Exit.fail(
                "--role \(role.rawValue) needs a store that several processes share; write store: postgres://…",
                Exit.configuration)
        }
        try await Serve.run(loaded, role: role.role, listen: listen) { url in
            standardError("freshet \(Version.text) answers on \(url)")
        }
    }

    /// Serves a configuration until a signal ends it.
    static func run(
        _ loaded: LoadedConfiguration, role: ProcessRole = .all, listen: ListenOption? = nil,
        onBound: @escaping @Sendable (String) async -> Void
    ) async throws {
        let (logger, problem) = LogSetup.logger(loaded.configuration.logs)
        if let problem { logger.warning("\(problem)") }
        do {
            let runtime = try await Runtime.open(loaded.configuration, logger: logger, role: role)
            try await runtime.serve(host: listen?.host, port: listen?.port, onBound: onBound)
        } catch let error as RuntimeError {
            throw Exit.fail("\(error)", ExitCode(error.exitCode))
        }
    }
}

/// What a process does, on the command line.
enum RoleOption: String, ExpressibleByArgument, CaseIterable {
    case all, reader, worker

    var role: ProcessRole {
        switch self {
        case .all: .all
        case .reader: .reader
        case .worker: .worker
        }
    }
}

/// An address on the command line.
struct ListenOption: ExpressibleByArgument {
    let host: String
    let port: Int

    /// Reads `host:port`; an IPv6 address stands in brackets.
    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        let host = argument[..<colon].filter { $0 != "[" && $0 != "]" }
        guard !host.isEmpty else { return nil }
        (self.host, self.port) = (String(host), port)
    }
}
