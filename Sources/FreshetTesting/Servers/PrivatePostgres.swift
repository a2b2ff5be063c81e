import Dispatch
import Glibc
import Synchronization

/// A PostgreSQL server for tests: on a free loopback port, in a directory of its own, gone with the test process.
///
/// A shell stands between: it holds the server and ends it, and removes the directory, as soon as the test process is gone,
/// however that ended.
public final class PrivatePostgres: Sendable {
    /// What is not as every server has it.
    public struct Options: Sendable {
        /// Whether it has a certificate for `localhost` from a CA of its own; see ``PrivatePostgres/authority``.
        public var tls = false
        /// Settings as in `postgresql.conf`.
        public var settings: [String: String] = [:]

        /// Creates the default options.
        public init() {}
    }

    /// Something about the server did not work.
    public struct Failure: Error, CustomStringConvertible {
        /// What.
        public let description: String
    }

    /// The port of the server on 127.0.0.1.
    public let port: Int
    /// The port of the pooler on 127.0.0.1.
    private let poolerPort: Int
    /// The directory with the server's data and its log, `log`.
    public let directory: String
    private let keeper: ShellKeeper
    private let databases = Atomic<Int>(0)

    /// The certificate of the authority that signed the server's.
    public var authority: String { "\(directory)/ca.crt" }

    private init(port: Int, poolerPort: Int, directory: String, keeper: ShellKeeper) {
        (self.port, self.poolerPort, self.directory, self.keeper) = (port, poolerPort, directory, keeper)
    }

    /// Whether a server can be started on this machine.
    public static let isInstalled = ShellKeeper.succeeds("\(find); test -x \"$bin/initdb\"")

    private static let find = """
        bin=${FRESHET_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
        """

    private static let first = Shared()

    /// The one server that the tests of a process share; started when it is first asked for.
    public static func shared() async throws -> PrivatePostgres { try await first.server() }

    /// Starts a server of one's own, which may be stopped without harm to other tests.
    public static func start(_ options: Options = Options()) async throws -> PrivatePostgres {
        let (port, poolerPort) = (FreePort.next(), FreePort.next())
        let settings = options.settings.map { "-c \($0.key)='\($0.value)'" }.sorted().joined(separator: " ")
        let keeper = try ShellKeeper(
            script: PrivatePostgresScript.text,
            environment: [
                "PORT": "\(port)", "POOLER": "\(poolerPort)", "FIND": find, "SETTINGS": settings,
                "TLS": options.tls ? "1" : "",
            ])
        let directory = try await keeper.ask("prepare")
        let server = PrivatePostgres(port: port, poolerPort: poolerPort, directory: directory, keeper: keeper)
        try await server.resumeService()
        return server
    }

    /// Makes an empty database and gives its URI.
    public func database() async throws -> String {
        let number = databases.add(1, ordering: .relaxed).newValue
        _ = try await keeper.ask("database test\(number)")
        return uri("test\(number)")
    }

    /// The URI of a database by its name.
    public func uri(_ name: String) -> String { "postgresql://postgres@127.0.0.1:\(port)/\(name)" }

    /// The same database through pgbouncer in transaction mode, which is started when it is first asked for.
    public func pooled(_ uri: String) async throws -> String {
        _ = try await keeper.ask("pooler")
        return uri.replacing(":\(port)/", with: ":\(poolerPort)/")
    }

    /// Runs SQL on a line of its own with `psql` and gives its rows, columns apart by `|`.
    public func sql(_ text: String, in uri: String) async throws -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return try await keeper.ask("sql \(uri) \(line)")
    }

    /// Ends every connection and stops the server.
    public func stopService() async throws { _ = try await keeper.ask("stop") }

    /// Ends the server like a crash: nothing is written back.
    public func crash() async throws { _ = try await keeper.ask("crash") }

    /// Starts the server again and waits until it answers.
    public func resumeService() async throws { _ = try await keeper.ask("start") }

    /// Stops every process of the server with SIGSTOP: it stands still but keeps its connections.
    public func freeze() async throws { _ = try await keeper.ask("freeze") }

    /// Lets a frozen server go on.
    public func thaw() async throws { _ = try await keeper.ask("thaw") }

    /// Ends the server for good and removes its directory.
    public func end() { keeper.close() }

    /// Starts the shared server once.
    private actor Shared {
        private var starting: Task<PrivatePostgres, any Error>?

        func server() async throws -> PrivatePostgres {
            let task = starting ?? Task { try await PrivatePostgres.start() }
            starting = task
            return try await task.value
        }
    }
}

/// What the shell does that holds a server.
enum PrivatePostgresScript {
    static let text = #"""
        trap '' INT TERM HUP PIPE
        eval "$FIND"
        dir=$(mktemp -d -t freshet-postgres.XXXXXX) || exit 1  # its own, in $TMPDIR; removed when the server is given up
        as=
        if [ "$(id -u)" = 0 ]; then
            user=nobody; id postgres >/dev/null 2>&1 && user=postgres
            chown "$user" "$dir"
            as="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
        fi
        cd "$dir" || exit 1
        pid= pooler=
        down() { [ -n "$pid" ] && kill "-$1" "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; pid=; }
        family() { echo "$pid"; cat "/proc/$pid/task/$pid/children" 2>/dev/null; }
        prepare() {
            $as "$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >init.log 2>&1 || return 1
            if [ -n "$TLS" ]; then
                openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Freshet test CA' -keyout ca.key -out ca.crt &&
                openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr &&
                printf 'subjectAltName=DNS:localhost' >san &&
                openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.crt &&
                chmod 600 server.key && { [ -z "$as" ] || chown "$user" server.key; } || return 1
                SETTINGS="$SETTINGS -c ssl=on -c ssl_cert_file=$dir/server.crt -c ssl_key_file=$dir/server.key"
            fi >tls.log 2>&1
        }
        start() {
            [ -n "$pid" ] || {
                eval "set -- -D data -p $PORT -k $dir -c listen_addresses=127.0.0.1 -c max_connections=300 \
                    -c shared_buffers=64MB -c max_wal_size=256MB $SETTINGS"
                $as "$bin/postgres" "$@" >>log 2>&1 </dev/null & pid=$!
            }
            n=0
            until "$bin/pg_isready" -q -h "$dir" -p "$PORT"; do
                n=$((n + 1)); [ $n -lt 600 ] && kill -0 "$pid" 2>/dev/null || return 1
                sleep 0.05
            done
        }
        pooler() {
            [ -n "$pooler" ] && return 0
            printf '"postgres" ""\n' >users
            cat >pooler.ini <<END
        [databases]
        * = host=127.0.0.1 port=$PORT
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = $POOLER
        unix_socket_dir =
        auth_type = trust
        auth_file = $dir/users
        pool_mode = transaction
        max_client_conn = 500
        default_pool_size = 20
        END
            $as pgbouncer pooler.ini >>pooler.log 2>&1 </dev/null & pooler=$!
            n=0
            until "$bin/pg_isready" -q -h 127.0.0.1 -p "$POOLER"; do
                n=$((n + 1)); [ $n -lt 200 ] || return 1
                sleep 0.05
            done
        }
        while read -r word rest; do
            out=
            case $word in
            prepare) prepare && out=$dir ;;
            start) start ;;
            stop) down INT; true ;;
            crash) down QUIT; true ;;
            freeze) kill -STOP $(family) ;;
            thaw) kill -CONT $(family) ;;
            database) "$bin/createdb" -h "$dir" -p "$PORT" -U postgres "$rest" >>log 2>&1 ;;
            pooler) pooler ;;
            sql)
                out=$("$bin/psql" -AtqX -v ON_ERROR_STOP=1 -d "${rest%% *}" -c "${rest#* }" 2>>log) &&
                    out=$(printf '%s' "$out" | tr '\n' '\036') ;;
            *) false ;;
            esac && echo "ok $out" || echo "failed $word"
        done
        [ -n "$pooler" ] && kill -INT "$pooler"
        [ -n "$pid" ] && kill -CONT $(family) 2>/dev/null
        down QUIT
        cd / && rm -rf "$dir"
        """#
}
