import Foundation
public import FreshetCore

/// A configuration that loaded, and what was doubtful about it.
public struct LoadedConfiguration: Sendable {
    /// The checked configuration.
    public let configuration: Configuration
    /// What is allowed but probably not meant, in the order of the file.
    public let warnings: [ConfigProblem]
    /// What the environment changed, a sentence each; without values of secrets.
    public let notes: [String]
    /// The absolute path of the file.
    public let file: String
}

/// Reads `freshet.yaml`.
public enum ConfigLoader {
    /// The file that is read when none is named.
    public static let defaultFile = "freshet.yaml"

    /// Reads and checks a configuration file, with the `.env` beside it.
    ///
    /// - Parameters:
    ///   - path: The file; `nil` means ``defaultFile``. A relative path starts at `currentDirectory`.
    ///   - environment: The variables of the process. They win over `.env`.
    ///   - currentDirectory: An absolute path; `nil` means that of the process.
    ///   - readFile: The bytes of a file by absolute path; `nil` when there is none. Reads the configuration, `.env`,
    ///     `${file:…}` and the time zone files under `/usr/share/zoneinfo`.
    /// - Returns: The configuration, its warnings, and what the environment changed.
    /// - Throws: Every problem at once, in the order of the file.
    public static func load(
        path: String?, environment: [String: String],
        currentDirectory: String? = nil,
        readFile: (String) throws -> [UInt8]? = ConfigLoader.readFromDisk
    ) throws(ConfigProblems) -> LoadedConfiguration {
        let shown = path ?? defaultFile
        let file = ConfigPaths.absolute(shown, in: currentDirectory ?? FileManager.default.currentDirectoryPath)
        let text = try text(of: file, shown: shown, readFile: readFile)
        let directory = ConfigPaths.directory(of: file)

        var reading = Reading(file: shown)
        let variables = variables(environment, directory: directory, reading: &reading, readFile: readFile)
        // The interpolator stores the reader, but lives no longer than this call.
        let draft = withoutActuallyEscaping(readFile) { read -> RootDraft? in
            let interpolator = Interpolator(environment: variables, directory: directory, readFile: read)
            let before = reading.faults
            guard let root = YAMLReader.read(text, interpolator: interpolator, reading: &reading) else {
                return reading.faults == before ? RootTable.section.defaults : nil
            }
            return RootTable.section.read(root, &reading)
        }
        guard let draft else { throw ConfigProblems(reading.problems) }
        let zones = withoutActuallyEscaping(readFile) { ZoneCheck(readFile: $0).unknownZones(in: draft) }
        var resolver = ConfigResolver(reading: reading, directory: directory, unknownZones: zones)
        var configuration = resolver.resolve(draft)
        TrustCheck.apply(
            to: &configuration, draft: draft, directory: directory, reading: &resolver.reading, readFile: readFile)
        var notes = SeedEnvironment.apply(variables, to: &configuration, reading: &resolver.reading)
        notes += SharedEnvironment.apply(
            variables, given: draft.given, to: &configuration, directory: directory, reading: &resolver.reading)
        notes += OecEnvironment.apply(variables, in: directory, to: &configuration, reading: &resolver.reading)
        guard resolver.reading.problems.isEmpty else { throw ConfigProblems(resolver.reading.problems) }
        return LoadedConfiguration(
            configuration: configuration, warnings: resolver.reading.warnings.inOrderOfFile(), notes: notes, file: file)
    }

    /// The bytes of a file on this machine; `nil` when there is none.
    public static func readFromDisk(_ path: String) throws -> [UInt8]? {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue else {
            return nil
        }
        return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static func text(
        of file: String, shown: String, readFile: (String) throws -> [UInt8]?
    ) throws(ConfigProblems) -> String {
        let bytes: [UInt8]?
        do {
            bytes = try readFile(file)
        } catch {
            throw ConfigProblems([ConfigProblem(file: shown, message: "cannot be read; check its permissions")])
        }
        guard let bytes else {
            throw ConfigProblems([
                ConfigProblem(
                    file: shown,
                    message: "there is no such file; \"freshet init\" writes one to start from, --config names another")
            ])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigProblems([ConfigProblem(file: shown, message: "is not UTF-8 text; save it as UTF-8")])
        }
        return text
    }

    private static func variables(
        _ environment: [String: String], directory: String, reading: inout Reading,
        readFile: (String) throws -> [UInt8]?
    ) -> [String: String] {
        let file = ConfigPaths.absolute(".env", in: directory)
        do {
            guard let bytes = try readFile(file) else { return environment }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                reading.problem(inFile: ".env", "", "is not UTF-8 text; save it as UTF-8")
                return environment
            }
            let values = DotEnv.read(text, file: ".env", reading: &reading)
            return values.merging(environment) { _, process in process }
        } catch {
            reading.problem(inFile: ".env", "", "cannot be read; check its permissions")
            return environment
        }
    }
}
