// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors, and every import and existential says what it is.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func library(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "freshet",
    products: [
        .executable(name: "freshet", targets: ["freshet"]),
        .library(name: "FreshetRuntime", targets: ["FreshetRuntime"]),
        .library(name: "FreshetTesting", targets: ["FreshetTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: [
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CClock"),
        .target(name: "CSpawn"),
        library("FreshetCore"),
        library("FreshetDocument", ["FreshetCore"]),
        library(
            "FreshetUpstream",
            ["CZlib", "FreshetCore", "FreshetDocument", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL]),
        library("FreshetMock", ["CZlib", cryptoExtras, nioCore, nioHTTP1, nioPosix]),
        library(
            "FreshetBigQuery", path: "Sources/Destinations/FreshetBigQuery",
            ["FreshetCore", "FreshetDocument", asyncHTTPClient, crypto, jwtKit, nioCore, nioHTTP1]),
        library("FreshetMemory", path: "Sources/Stores/FreshetMemory", ["FreshetCore"]),
        library("FreshetPostgres", path: "Sources/Stores/FreshetPostgres", ["CPostgres", "FreshetCore"]),
        library(
            "FreshetRedis", path: "Sources/Stores/FreshetRedis", ["FreshetCore", nioCore, nioPosix, nioSSL]),
        library("FreshetSQLite", path: "Sources/Stores/FreshetSQLite", ["FreshetCore", grdb, grdbSQLite]),
        library("FreshetExport", ["CZlib", "FreshetCore"]),
        library(
            "FreshetWebhooks",
            ["FreshetCore", "FreshetDocument", asyncHTTPClient, crypto, nioCore, nioHTTP1, nioPosix]),
        library(
            "OecApp", path: "Sources/Apps/Oec", ["FreshetCore", "FreshetDocument", crypto],
            resources: [.embedInCode("Page/Assets")]),
        library("ClashApp", path: "Sources/Apps/Clash", ["FreshetCore", "FreshetDocument", jwtKit]),
        library("TornApp", path: "Sources/Apps/Torn", ["FreshetCore", "FreshetDocument"]),
        library("FreshetEngine", ["CClock", "FreshetCore", "FreshetDocument", logging, nioCore]),
        library(
            "FreshetServer",
            [
                "CZlib", "FreshetCore", "FreshetDocument", "FreshetEngine", "FreshetExport", crypto, httpTypes,
                hummingbirdCore, lifecycle, logging, nioCore, nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1, nioPosix,
                nioWebSocket,
            ], resources: [.embedInCode("Home/Assets")]),
        library(
            "FreshetRuntime",
            [
                "ClashApp",
                "FreshetBigQuery", "FreshetCore", "FreshetDocument", "FreshetEngine", "FreshetMemory", "FreshetMock",
                "FreshetPostgres", "FreshetRedis",
                "FreshetServer", "FreshetSQLite", "FreshetUpstream", "FreshetWebhooks", "OecApp", "TornApp", crypto,
                lifecycle, logging,
                unixSignals, yams,
            ]),
        library("FreshetTesting", ["CSpawn", "FreshetCore", nioCore, nioHTTP1, nioPosix, nioWebSocket]),
        .executableTarget(
            name: "freshet",
            dependencies: [
                "FreshetCore", "FreshetDocument", "FreshetEngine", "FreshetExport", "FreshetMock", "FreshetRuntime",
                argumentParser, asyncHTTPClient, logging, nioCore, nioHTTP1,
            ], swiftSettings: strict),
        .executableTarget(
            name: "queue-bench", dependencies: ["FreshetCore", "FreshetRedis", "FreshetSQLite"],
            path: "Benchmarks/queue", swiftSettings: strict),
        .executableTarget(
            name: "lookup-bench", dependencies: ["FreshetCore", "OecApp"], path: "Benchmarks/lookup",
            swiftSettings: strict),
        tests("ArchitectureTests", []),
        tests(
            "ClashAppTests",
            [
                "ClashApp", "FreshetCore", "FreshetDocument", "FreshetMock", "FreshetSQLite", "FreshetTesting", jwtKit,
                nioCore, nioHTTP1,
            ]),
        tests("DocumentationTests", ["FreshetDocument"]),
        tests(
            "FreshetBigQueryTests",
            ["FreshetBigQuery", "FreshetCore", "FreshetMock", "FreshetTesting", nioCore, nioHTTP1]),
        tests("FreshetCoreTests", ["FreshetCore", "FreshetTesting"]),
        tests("FreshetDocumentTests", ["FreshetCore", "FreshetDocument"]),
        tests(
            "FreshetEngineTests",
            ["FreshetCore", "FreshetEngine", "FreshetMemory", "FreshetTesting", logging, nioCore]),
        tests("FreshetExportTests", ["FreshetCore", "FreshetExport", "FreshetTesting"]),
        tests("FreshetMemoryTests", ["FreshetCore", "FreshetMemory", "FreshetTesting"]),
        tests("FreshetMockTests", ["FreshetMock", nioCore, nioHTTP1, nioPosix]),
        tests(
            "FreshetPostgresTests",
            ["FreshetCore", "FreshetDocument", "FreshetPostgres", "FreshetSQLite", "FreshetTesting", "TornApp"]),
        tests(
            "FreshetRedisTests",
            ["FreshetCore", "FreshetMemory", "FreshetRedis", "FreshetTesting", nioCore, nioPosix, nioSSL]),
        tests(
            "FreshetRuntimeTests",
            ["FreshetCore", "FreshetMock", "FreshetRuntime", asyncHTTPClient, nioCore, nioHTTP1, yams]),
        tests(
            "FreshetServerTests",
            [
                "FreshetCore", "FreshetEngine", "FreshetMemory", "FreshetServer", "FreshetTesting", httpTypes,
                lifecycle,
                logging, nioCore, nioEmbedded, nioHTTP1, nioPosix, nioWebSocket,
            ]),
        tests("FreshetSQLiteTests", ["FreshetCore", "FreshetSQLite", "FreshetTesting", grdb]),
        tests(
            "InvariantTests",
            [
                "FreshetCore", "FreshetDocument", "FreshetMock", "FreshetSQLite", "FreshetTesting", nioCore, nioHTTP1,
                nioPosix,
            ]),
        tests(
            "OecAppTests",
            ["FreshetCore", "FreshetDocument", "FreshetMemory", "FreshetMock", "FreshetTesting", "OecApp", nioCore]),
        tests(
            "TornAppTests",
            [
                "FreshetCore", "FreshetDocument", "FreshetMock", "FreshetSQLite", "FreshetTesting", "TornApp", nioCore,
                nioHTTP1,
            ]),
        tests(
            "FreshetWebhooksTests",
            [
                "FreshetCore", "FreshetMemory", "FreshetTesting", "FreshetWebhooks", nioCore, nioHTTP1, nioPosix,
            ]),
        tests(
            "FreshetUpstreamTests",
            ["CZlib", "FreshetCore", "FreshetDocument", "FreshetUpstream", nioCore, nioPosix, nioSSL]),
    ],
    swiftLanguageModes: [.v6]
)
