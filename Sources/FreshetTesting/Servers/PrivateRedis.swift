/// A Redis server for tests: on a free loopback port, with an append-only file in a directory of its own, gone with the test
/// process however that ended.
public final class PrivateRedis: Sendable {
    /// What is not as every server has it.
    public struct Options: Sendable {
        /// Whether it speaks TLS only, with a certificate for `localhost` from a CA of its own; see ``PrivateRedis/authority``.
        public var tls = false
        /// Whether each change is appended to a file.
        public var appends = true
        /// The password of the user `default`; letters and digits.
        public var password: String?
        /// Further lines of `redis.conf`.
        public var settings: [String] = []

        /// Creates the default options.
        public init() {}
    }

    /// The port on 127.0.0.1 and ::1.
    public let port: Int
    /// The directory with the server's data and its log, `log`.
    public let directory: String
    private let keeper: ShellKeeper

    /// The certificate of the authority that signed the server's.
    public var authority: String { "\(directory)/ca.crt" }

    private init(port: Int, directory: String, keeper: ShellKeeper) {
        (self.port, self.directory, self.keeper) = (port, directory, keeper)
    }

    /// Whether a server can be started on this machine.
    public static let isInstalled = ShellKeeper.succeeds(
        "command -v redis-server >/dev/null && command -v redis-cli >/dev/null")

    private static let first = Shared()

    /// The one server that the tests of a process share; started when it is first asked for.
    ///
    /// Tests keep apart by namespaces of their own, and neither stop nor empty it.
    public static func shared() async throws -> PrivateRedis { try await first.server() }

    /// Starts a server of one's own, which may be stopped without harm to other tests.
    public static func start(_ options: Options = Options()) async throws -> PrivateRedis {
        let port = FreePort.next()
        var settings = options.settings + ["appendonly \(options.appends ? "yes" : "no")"]
        if let password = options.password { settings.append("requirepass \(password)") }
        let keeper = try ShellKeeper(
            script: PrivateRedisScript.text,
            environment: [
                "PORT": "\(port)", "SETTINGS": settings.joined(separator: "\n"), "TLS": options.tls ? "1" : "",
                "REDISCLI_AUTH": options.password ?? "",
            ])
        let directory = try await keeper.ask("prepare")
        let server = PrivateRedis(port: port, directory: directory, keeper: keeper)
        try await server.resumeService()
        return server
    }

    /// Runs a command with `redis-cli` and gives its answer; words are split at blanks.
    @discardableResult
    public func command(_ words: String) async throws -> String { try await keeper.ask("cli \(words)") }

    /// Removes everything.
    public func flush() async throws { _ = try await command("FLUSHALL") }

    /// Stops the server in order.
    public func stopService() async throws { _ = try await keeper.ask("stop") }

    /// Kills the server at once; what it appended to its file is all that is left.
    public func crash() async throws { _ = try await keeper.ask("crash") }

    /// Starts the server again and waits until it answers.
    public func resumeService() async throws { _ = try await keeper.ask("start") }

    /// Removes all data of a server that is stopped.
    public func forget() async throws { _ = try await keeper.ask("forget") }

    /// Stops the server with SIGSTOP: it stands still but keeps its connections.
    public func freeze() async throws { _ = try await keeper.ask("freeze") }

    /// Lets a frozen server go on.
    public func thaw() async throws { _ = try await keeper.ask("thaw") }

    /// Ends the server for good and removes its directory.
    public func end() { keeper.close() }

    /// Starts the shared server once.
    private actor Shared {
        private var starting: Task<PrivateRedis, any Error>?

        func server() async throws -> PrivateRedis {
            let task = starting ?? Task { try await PrivateRedis.start() }
            starting = task
            return try await task.value
        }
    }
}

/// What the shell does that holds a server.
enum PrivateRedisScript {
    static let text = #"""
        trap '' INT TERM HUP PIPE
        dir=$(mktemp -d -t freshet-redis.XXXXXX) || exit 1  # its own, in $TMPDIR; removed when the server is given up
        cd "$dir" || exit 1
        pid=
        [ -n "$REDISCLI_AUTH" ] || unset REDISCLI_AUTH
        cli() { redis-cli -p "$PORT" ${TLS:+--tls --cacert "$dir/ca.crt" --sni localhost} "$@"; }
        prepare() {
            port="port $PORT"
            if [ -n "$TLS" ]; then
                openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Freshet test CA' -keyout ca.key -out ca.crt &&
                openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr &&
                printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' >san &&
                openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san \
                    -out server.crt || return 1
                port="port 0
        tls-port $PORT
        tls-cert-file $dir/server.crt
        tls-key-file $dir/server.key
        tls-ca-cert-file $dir/ca.crt
        tls-auth-clients no"
            fi >tls.log 2>&1
            printf '%s\n' "$port" "bind 127.0.0.1 -::1" "dir $dir" 'save ""' 'appendfsync everysec' "$SETTINGS" >redis.conf
        }
        start() {
            [ -n "$pid" ] || { redis-server redis.conf >>log 2>&1 </dev/null & pid=$!; }
            n=0
            until [ "$(cli PING 2>>log)" = PONG ]; do
                n=$((n + 1)); [ $n -lt 400 ] && kill -0 "$pid" 2>/dev/null || return 1
                sleep 0.05
            done
        }
        down() { [ -n "$pid" ] && kill "-$1" "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; pid=; }
        while read -r word rest; do
            out=
            case $word in
            prepare) prepare && out=$dir ;;
            start) start ;;
            stop) down TERM; true ;;
            crash) down KILL; true ;;
            forget) rm -rf appendonlydir dump.rdb ;;
            freeze) kill -STOP "$pid" ;;
            thaw) kill -CONT "$pid" ;;
            cli) out=$(cli $rest 2>>log) && out=$(printf '%s' "$out" | tr '\n' '\036') ;;
            *) false ;;
            esac && echo "ok $out" || echo "failed $word"
        done
        [ -n "$pid" ] && kill -CONT "$pid" 2>/dev/null
        down KILL
        cd / && rm -rf "$dir"
        """#
}
