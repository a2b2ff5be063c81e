import FreshetCore
import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections: address, encryption, greeting.
struct RedisOpener: Sendable {
    private let options: RedisOptions
    private let encryption: NIOSSLContext?
    /// A channel to listen to; such a connection serves no commands.
    private let subscription: String?
    /// Scripts that are to be known before the first command.
    private let scripts: [LuaScript]

    init(options: RedisOptions, subscription: String? = nil, scripts: [LuaScript] = []) throws(StoreError) {
        self.options = options
        self.subscription = subscription
        self.scripts = scripts
        guard options.isEncrypted else {
            encryption = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let file = options.authorities { configuration.trustRoots = .file(file) }
        do {
            encryption = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .refused("the authorities for Redis cannot be read: \(options.authorities ?? "those of the system")")
        }
    }

    func connect(
        on loop: any EventLoop, handler: @escaping @Sendable () -> RedisHandler
    ) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(options.connectTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [encryption, options] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let encryption {
                        let isAddress = (try? SocketAddress(ipAddress: options.host, port: 0)) != nil
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: encryption, serverHostname: isAddress ? nil : options.host))
                    }
                    try channel.pipeline.syncOperations.addHandler(handler())
                }
            }
            .connect(host: options.host, port: options.port)
    }

    /// The first commands of a connection; each must be answered without an error.
    func greeting() -> [RedisCommand] {
        var hello = ["HELLO", "3"]
        if let password = options.password { hello += ["AUTH", options.user ?? "default", password.reveal()] }
        hello += ["SETNAME", "freshet"]
        var commands = [RedisCommand(hello)]
        if options.database != 0 { commands.append(RedisCommand(["SELECT", String(options.database)])) }
        return commands + loads()
    }

    /// Tells Redis the scripts.
    func loads() -> [RedisCommand] { scripts.map { RedisCommand(["SCRIPT", "LOAD", $0.source]) } }

    /// What is sent when the greeting is over; its answer comes as a message.
    func afterGreeting() -> RedisCommand? { subscription.map { RedisCommand(["SUBSCRIBE", $0]) } }

    /// What is wrong with the server, going by its answer to HELLO; `nil` for all other answers.
    static func problem(inGreeting value: RESPValue) -> String? {
        guard let fields = value.list else { return nil }
        for (name, value) in zip(fields, fields.dropFirst()) where name.string == "version" {
            let parts = (value.string ?? "").split(separator: ".").prefix(2).compactMap { Int($0) }
            guard parts.count == 2, (parts[0], parts[1]) < (6, 2) else { continue }
            return "version \(parts[0]).\(parts[1]) is too old; Freshet needs 6.2 or newer"
        }
        return nil
    }

    /// Words for an error of the greeting; they hold no password.
    static func words(forRefusal text: String) -> String {
        let code = text.prefix { $0 != " " }
        switch code {
        case "WRONGPASS", "NOAUTH": return "it refuses the user or the password (\(code))"
        case "NOPERM": return "the user may not do what Freshet needs (\(text))"
        case "LOADING": return "it is still loading its data"
        case "ERR" where text.lowercased().contains("unknown command"):
            return "it is too old; Freshet needs 6.2 or newer"
        default: return "it refuses the greeting (\(text))"
        }
    }

    static func words(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { words(for: $0.error) } ?? "its name has no address"
        case let error as IOError: return "\(error)"
        case ChannelError.connectTimeout: return "no connection within its time"
        default: return "\(error)"
        }
    }
}
