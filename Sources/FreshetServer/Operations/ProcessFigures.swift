#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What this process uses of the machine, as the kernel tells it; `nil` where it does not.
struct ProcessFigures {
    var cpuSeconds: Double?
    var residentBytes: Int?
    var openFiles: Int?
    var fileLimit: Int?
    var diskFree: UInt64?
    var diskTotal: UInt64?

    /// Looks at everything now.
    ///
    /// - Parameter directory: On the disk that is looked at.
    /// - Returns: The figures.
    static func now(directory: String) -> ProcessFigures {
        var figures = ProcessFigures()
        var time = timespec()
        if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 {
            figures.cpuSeconds = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let pages = read("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) }
        figures.residentBytes = pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
        figures.openFiles = entries("/proc/self/fd")
        figures.fileLimit = read("/proc/self/limits").split(separator: "\n").first { $0.hasPrefix("Max open files") }
            .flatMap { $0.split(separator: " ").dropFirst(3).first.flatMap { Int($0) } }
        var disk = statvfs()
        if statvfs(directory, &disk) == 0 {
            figures.diskFree = UInt64(disk.f_bavail) * UInt64(disk.f_frsize)
            figures.diskTotal = UInt64(disk.f_blocks) * UInt64(disk.f_frsize)
        }
        return figures
    }

    private static func read(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
    }

    /// Entries of a directory without `.`, `..` and the descriptor that looks.
    private static func entries(_ path: String) -> Int? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count - 3
    }
}
