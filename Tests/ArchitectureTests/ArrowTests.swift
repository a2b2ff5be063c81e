import Foundation
import Testing

/// Holds the arrows between targets: what each may import, and nothing else.
struct ArrowTests {
    /// Modules of the toolchain and the system that anyone may use for values and locks.
    private static let plain: Set<String> = ["Synchronization", "Testing"]

    /// What each target may import besides ``plain``.
    ///
    /// Adding an arrow means changing this list, on purpose.
    private static let allowed: [String: Set<String>] = [
        // The C library is there for its mathematics.
        "FreshetCore": ["Glibc", "Musl"],
        "FreshetDocument": ["FreshetCore"],
        "FreshetUpstream": [
            "FreshetCore", "FreshetDocument", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "CZlib",
        ],
        "FreshetBigQuery": [
            "AsyncHTTPClient", "Crypto", "FoundationEssentials", "FreshetCore", "FreshetDocument", "JWTKit", "NIOCore",
            "NIOHTTP1",
        ],
        "FreshetMock": [
            "CZlib", "CryptoExtras", "NIOCore", "NIOHTTP1", "NIOPosix", "FoundationEssentials", "Glibc", "Musl",
            "Darwin",
        ],
        "FreshetExport": ["CZlib", "FreshetCore", "Glibc"],
        "FreshetMemory": ["FreshetCore", "Glibc", "Musl"],
        "FreshetPostgres": ["CPostgres", "FreshetCore", "Dispatch", "FoundationEssentials", "Glibc"],
        "FreshetRedis": ["FreshetCore", "NIOCore", "NIOPosix", "NIOSSL"],
        "FreshetSQLite": ["FreshetCore", "GRDB", "GRDBSQLite", "Dispatch", "FoundationEssentials", "Glibc"],
        "FreshetEngine": ["CClock", "FreshetCore", "FreshetDocument", "Logging", "NIOCore", "Glibc", "Musl"],
        "FreshetServer": [
            "CZlib", "Crypto", "FreshetCore", "FreshetDocument", "FreshetEngine", "FreshetExport", "Glibc", "Musl",
            "HTTPTypes", "HummingbirdCore", "Logging", "NIOCore", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1",
            "NIOPosix", "NIOWebSocket", "ServiceLifecycle", "FoundationEssentials",
        ],
        "FreshetWebhooks": [
            "AsyncHTTPClient", "Crypto", "FoundationEssentials", "FreshetCore", "FreshetDocument", "Glibc", "NIOCore",
            "NIOHTTP1", "NIOPosix",
        ],
        "FreshetTesting": [
            "CSpawn", "FreshetCore", "Dispatch", "Glibc", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOWebSocket",
        ],
        "OecApp": ["Crypto", "FreshetCore", "FreshetDocument", "Glibc"],
        "ClashApp": ["FoundationEssentials", "FreshetCore", "FreshetDocument", "JWTKit"],
        "TornApp": ["FreshetCore", "FreshetDocument"],
    ]

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func folder(of target: String) -> URL {
        let places = [
            target, "Stores/\(target)", "Destinations/\(target)", "Apps/\(target.replacing("App", with: ""))",
        ]
        let folders = places.map { root.appending(path: "Sources/\($0)") }
        return folders.first { FileManager.default.fileExists(atPath: $0.path) } ?? folders[0]
    }

    private static func imports(of target: String) throws -> [(module: String, file: String)] {
        let files = FileManager.default.enumerator(at: folder(of: target), includingPropertiesForKeys: nil)
        var found: [(String, String)] = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                    words[..<at].allSatisfy({ $0.hasPrefix("@") || ["public", "package", "internal"].contains($0) })
                else { continue }
                found.append((String(words[at + 1].split(separator: ".")[0]), file.lastPathComponent))
            }
        }
        return found
    }

    @Test(arguments: allowed.keys.sorted())
    func `a target imports only what its arrows allow`(target: String) throws {
        let imports = try Self.imports(of: target)
        let allowed = try #require(Self.allowed[target]).union(Self.plain)
        for (module, file) in imports where !allowed.contains(module) {
            Issue.record("\(target)/\(file) imports \(module); arrows point down to FreshetCore and never sideways")
        }
    }

    @Test func `every library is on the list`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
            .filter { $0.hasPrefix("Freshet") && $0 != "FreshetRuntime" }
        let stores = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "Sources/Stores").path)
        let apps = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources/Apps").path)
        let destinations = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "Sources/Destinations").path)
        for target in folders + stores + destinations + apps.map({ "\($0)App" }) {
            #expect(Self.allowed[target] != nil, "\(target) has no arrows: add it to the list")
        }
    }

    @Test func `nobody imports the composition root`() throws {
        for target in Self.allowed.keys {
            #expect(try !Self.imports(of: target).contains { $0.module == "FreshetRuntime" })
        }
    }
}
