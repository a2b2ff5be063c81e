import FreshetCore
import Glibc

/// Time zone rules from the system's zone files (RFC 8536), read once at start.
struct ZoneFiles: ZoneSource {
    private let directory: String

    init(directory: String = "/usr/share/zoneinfo") { self.directory = directory }

    func rules(for name: String) -> (any ZoneRules)? {
        if name == "UTC" { return UTCRules() }
        // A name that leaves the folder is no zone.
        guard !name.contains(".."), !name.hasPrefix("/"), let bytes = read("\(directory)/\(name)") else { return nil }
        return try? TimeZoneData(parsing: bytes)
    }

    private func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = fread(&bytes, 1, bytes.count, file)
        return count > 0 && count < bytes.count ? Array(bytes[..<count]) : nil
    }
}
