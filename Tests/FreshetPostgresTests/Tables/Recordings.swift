import Foundation

/// Recorded bodies of real APIs, as far as they are on this machine.
enum Recordings {
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["FRESHET_RECORDINGS"] { return URL(fileURLWithPath: path) }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent("shared/upstream")
    }()

    /// Every file below the folder that should be JSON, in a fixed order; none without the folder.
    static func bodies() -> [(name: String, bytes: [UInt8])] {
        guard let names = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        let wanted = names.compactMap { $0 as? String }.filter { $0.hasSuffix(".json") || $0.hasSuffix(".geojson") }
        return wanted.sorted().compactMap { name in
            guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)) else { return nil }
            return (name, [UInt8](data))
        }
    }
}
