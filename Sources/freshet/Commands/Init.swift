import ArgumentParser
import FreshetRuntime
import Glibc

/// The command `freshet init`.
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a commented freshet.yaml that runs.")

    @Argument(help: "Where to write it.")
    var path = "freshet.yaml"

    @Flag(help: "Overwrite a file that is there.")
    var force = false

    func run() throws {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | (force ? 0 : O_EXCL)
        let descriptor = open(path, flags, 0o644)
        guard descriptor >= 0 else {
            throw errno == EEXIST
                ? Exit.fail("\(path) exists; nothing was written; use --force to overwrite it", Exit.cannotCreate)
                : Exit.fail("\(path) cannot be written: \(String(cString: strerror(errno)))", Exit.cannotCreate)
        }
        defer { close(descriptor) }
        let bytes = Array(ConfigTemplate.initial.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw Exit.fail("\(path) was not written whole: \(String(cString: strerror(errno)))", Exit.cannotWrite)
        }
        print("\(path) written. Next: freshet check --config \(path), then freshet serve --config \(path)")
    }
}
