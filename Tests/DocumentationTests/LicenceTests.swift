import Foundation
import FreshetDocument
import Testing

/// The list of third-party licences against the packages that are really built in.
@Suite struct LicenceTests {
    /// Package and licence as the table says, by lower-case name; system libraries are no packages.
    private static func listed() throws -> [String: String] {
        var rows: [String: String] = [:]
        for line in try Repository.text("THIRD-PARTY-LICENSES.md").split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 2, cells[0] != "package", !cells[0].contains("system library") else { continue }
            rows[cells[0].lowercased()] = cells[1]
        }
        return rows
    }

    /// Every package of the graph, as the build in place has resolved it.
    private static func packages() throws -> Set<String> {
        var names: Set<String> = []
        if let resolved = try? Repository.text("Package.resolved") {
            let pins = try JSONTape(text: resolved).root["pins"]
            names.formUnion((pins?.elements.map { $0 } ?? []).compactMap { $0["identity"]?.string })
        }
        if let state = try? Repository.text(".build/workspace-state.json") {
            let used = try JSONTape(text: state).root["object"]?["dependencies"]
            names.formUnion((used?.elements.map { $0 } ?? []).compactMap { $0["packageRef"]?["identity"]?.string })
        }
        // These tests were built here, so that one of the two files is here.
        try #require(names.count > 10, "neither Package.resolved nor .build/workspace-state.json could be read")
        return names
    }

    @Test func `every package of the build is listed, and nothing else`() throws {
        let (packages, listed) = (try Self.packages(), Set(try Self.listed().keys))
        #expect(
            packages.subtracting(listed).isEmpty, "add them to THIRD-PARTY-LICENSES.md: \(packages.subtracting(listed))"
        )
        #expect(listed.subtracting(packages).isEmpty, "no longer used: \(listed.subtracting(packages))")
    }

    @Test func `each licence is the one that the package carries`() throws {
        let checkouts = Repository.root.appendingPathComponent(".build/checkouts")
        for (package, licence) in try Self.listed() {
            let folders = (try? FileManager.default.contentsOfDirectory(atPath: checkouts.path)) ?? []
            // Without a build in place there is nothing to compare with; the test above needs none.
            guard let folder = folders.first(where: { $0.lowercased() == package }) else { continue }
            let place = checkouts.appendingPathComponent(folder)
            let names = try FileManager.default.contentsOfDirectory(atPath: place.path)
            let name = try #require(
                names.first { $0.lowercased().hasPrefix("licen") }, "\(package) has no licence file")
            let text = try String(contentsOf: place.appendingPathComponent(name), encoding: .utf8)
            switch licence {
            case "Apache 2.0": #expect(text.contains("Apache License") && text.contains("Version 2.0"), "\(package)")
            case "MIT": #expect(text.contains("Permission is hereby granted, free of charge"), "\(package)")
            default: Issue.record("\(package): \"\(licence)\" is no licence that this test knows")
            }
        }
    }

    @Test func `the text of every licence follows the table`() throws {
        let text = try Repository.text("THIRD-PARTY-LICENSES.md")
        for (package, licence) in try Self.listed() {
            let heading = licence == "Apache 2.0" ? "\n## apache license 2.0" : "\n## \(package)"
            #expect(text.lowercased().contains(heading), "\(package)")
        }
        #expect(text.contains("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"))
    }

    @Test func `every direct dependency says in the README why it is there`() throws {
        let readme = try Repository.text("README.md").lowercased()
        for line in try Repository.text("Package.swift").split(separator: "\n") where line.contains(".package(url:") {
            let url = line.split(separator: "\"")[1]
            let name = url.split(separator: "/").last.map { $0.lowercased() } ?? ""
            #expect(readme.contains("[\(name)]"), "\(name) is missing under Dependencies")
        }
    }
}
