import Glibc

/// What this process was started with.
enum ProcessArguments {
    /// The arguments after the program's name.
    ///
    /// Swift looks for them beside the environment, and finds none when a preloaded library (libfaketime, some tracers)
    /// has moved that by a `setenv` before `main`. The kernel still knows them.
    static var given: [String] {
        let swifts = CommandLine.arguments
        return Array((swifts.isEmpty ? kernels : swifts).dropFirst())
    }

    private static var kernels: [String] {
        let descriptor = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &part, part.count)
            guard count > 0 else { break }
            bytes += part[..<count]
        }
        // Each argument, empty ones too, ends with a zero byte.
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
