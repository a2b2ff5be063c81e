import CSpawn
import Dispatch
import Glibc
import Synchronization

/// A shell that holds servers for as long as this process lives, and does what it is told, a line at a time.
///
/// Its input ends when this process ends, by whatever: that is when it cleans up.
final class ShellKeeper: Sendable {
    private let socket: Mutex<CInt>
    private let queue = DispatchQueue(label: "freshet.keeper")

    /// Starts `/bin/sh` with a script; the environment is added to this process's.
    init(script: String, environment: [String: String]) throws(PrivatePostgres.Failure) {
        var pair: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw PrivatePostgres.Failure(description: "no socket for the keeper of a server")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pair[1], 0)
        posix_spawn_file_actions_adddup2(&actions, pair[1], 1)
        freshet_spawn_close_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: an interrupt from the terminal is for the tests.
        // Nothing masked: a shell that cannot hear of its child's end waits for it for ever, and Swift's threads mask that.
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var variables: [UnsafeMutablePointer<CChar>?] = []
        var place = environ
        while let variable = place.pointee {
            variables.append(strdup(variable))
            place += 1
        }
        variables += environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(script), nil]
        defer { for text in variables + arguments { free(text) } }
        var process = pid_t()
        let failed = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, variables)
        Glibc.close(pair[1])
        socket = Mutex(pair[0])
        guard failed == 0 else {
            close()
            throw PrivatePostgres.Failure(description: "no shell for the keeper of a server: error \(failed)")
        }
    }

    deinit { close() }

    /// Lets the shell clean up and end.
    func close() {
        socket.withLock { socket in
            if socket >= 0 { Glibc.close(socket) }
            socket = -1
        }
    }

    /// Sends a line and waits for the answer, off Swift's threads.
    func ask(_ line: String) async throws(PrivatePostgres.Failure) -> String {
        let answer: String? = await withCheckedContinuation { continuation in
            queue.async { [self] in continuation.resume(returning: exchange(line)) }
        }
        guard let answer else {
            throw PrivatePostgres.Failure(description: "the keeper of a server is gone; asked for: \(line)")
        }
        guard answer.hasPrefix("ok ") else { throw PrivatePostgres.Failure(description: "\(answer): \(line)") }
        return String(answer.dropFirst(3)).replacing("\u{1e}", with: "\n")
    }

    private func exchange(_ line: String) -> String? {
        let descriptor = socket.withLock { $0 }
        guard descriptor >= 0 else { return nil }
        var bytes = Array((line + "\n").utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { rest in
                send(descriptor, rest.baseAddress.map { $0 + sent }, rest.count - sent, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return nil }
            sent += count
        }
        bytes = []
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    /// Whether a short script ends with 0.
    static func succeeds(_ script: String) -> Bool {
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(script), nil]
        defer { for text in arguments { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        freshet_spawn_close_from(&actions, 3)
        var process = pid_t()
        guard posix_spawn(&process, "/bin/sh", &actions, nil, arguments, environ) == 0 else { return false }
        var status: CInt = 0
        guard waitpid(process, &status, 0) == process else { return false }
        return status == 0
    }
}

/// Ports of the loopback that nobody uses.
enum FreePort {
    /// A port that was free a moment ago, below those that the kernel gives out: what binds port 0 never gets it meanwhile.
    static func next() -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 20_000..<30_000)
            if isFree(port) { return port }
        }
        return 0
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
