import FoundationEssentials
import NIOHTTP1

/// Why a folder of recordings cannot be served.
public struct ReplayError: Error, Equatable, CustomStringConvertible {
    /// One sentence for the user.
    public let description: String
}

/// The recordings of one folder, read into memory.
struct ReplayLibrary: Sendable {
    struct Entry: Sendable {
        let route: ReplayRoute
        let response: MockResponse
        let file: String
    }

    /// An error that any request may meet.
    struct Problem: Sendable {
        let text: String
        let response: MockResponse
    }

    private(set) var entries: [Entry] = []
    private(set) var calls = ReplayCalls()
    private(set) var problems: [Problem] = []
    /// Every file by its name.
    private(set) var files: [String: MockResponse] = [:]
    /// `https://host` of everything recorded, so that links can be turned back to the mock.
    private(set) var origins: Set<String> = []

    /// Reads a folder.
    ///
    /// Without an `index.json` its files can be had by their names.
    init(directory: String) throws(ReplayError) {
        let index = "\(directory)/index.json"
        guard FileManager.default.fileExists(atPath: index) else {
            try readPlainFiles(directory)
            return
        }
        guard let list = try Self.json(index).arrayValue else {
            throw ReplayError(description: "\(index) must hold a JSON array of entries with file, request and status.")
        }
        var previous = ReplayRequest.none
        for (number, item) in list.enumerated() {
            guard let file = item["file"]?.stringValue, let text = item["request"]?.stringValue else {
                throw ReplayError(description: "Entry \(number) of \(index) has no file or no request.")
            }
            guard !file.hasPrefix("/"), !file.split(separator: "/").contains("..") else {
                throw ReplayError(description: "Entry \(number) of \(index) points outside of its folder.")
            }
            let request = ReplayRequest(text)
            if request != .same { previous = request }
            try add(item, file: file, text: text, request: previous, directory: directory)
        }
    }

    private mutating func readPlainFiles(_ directory: String) throws(ReplayError) {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: directory) } catch {
            throw ReplayError(description: "\(directory) is no folder that can be read.")
        }
        for name in names where !name.hasPrefix(".") && FileManager.default.isReadable("\(directory)/\(name)") {
            let bytes = try Self.bytes("\(directory)/\(name)")
            files[name] = Self.response(bytes, file: name, status: 200, headers: nil)
        }
    }

    private mutating func add(
        _ item: MockJSON, file: String, text: String, request: ReplayRequest, directory: String
    ) throws(ReplayError) {
        let bytes = try Self.bytes("\(directory)/\(file)")
        let status = item["status"]?.intValue ?? 200
        let response = Self.response(bytes, file: file, status: status, headers: item["headers"])
        files[file] = Self.response(bytes, file: file, status: 200, headers: item["headers"])
        switch request {
        case .route(let route):
            if route.isPerElement, addElements(bytes, route, file) { return }
            entries.append(Entry(route: route, response: response, file: file))
        case .call:
            if let value = try? MockJSON(parsing: bytes) { calls.add(value) }
        case .any: problems.append(Problem(text: text, response: response))
        case .same, .none:
            if let value = try? MockJSON(parsing: bytes), let exchanges = value.arrayValue {
                addExchanges(exchanges, file)
            }
        }
    }

    /// One answer for each element of an array, under its `id`.
    private mutating func addElements(_ bytes: [UInt8], _ route: ReplayRoute, _ file: String) -> Bool {
        guard let items = (try? MockJSON(parsing: bytes))?.arrayValue else { return false }
        for item in items {
            let id: String
            switch item["id"] {
            case .number(let text): id = text
            case .string(let text): id = text
            default: continue
            }
            entries.append(Entry(route: route.filled(with: id), response: .json(item), file: file))
        }
        return true
    }

    /// Exchanges as recorders of HTTP traffic write them: scope, method, path, status, response and headers.
    private mutating func addExchanges(_ exchanges: [MockJSON], _ file: String) {
        for exchange in exchanges {
            guard let method = exchange["method"]?.stringValue, let path = exchange["path"]?.stringValue,
                let status = exchange["status"]?.intValue
            else { continue }
            if let scope = exchange["scope"]?.stringValue {
                origins.insert(scope.hasSuffix(":443") ? String(scope.dropLast(4)) : scope)
            }
            let bytes: [UInt8]
            switch exchange["response"] ?? .null {
            case .string(let text) where exchange["responseIsBinary"] == true: bytes = Self.hex(text)
            case .string(let text): bytes = Array(text.utf8)
            case .null: bytes = []
            case let value: bytes = value.bytes
            }
            let headers = exchange["rawHeaders"] ?? exchange["headers"]
            let response = Self.response(bytes, file: "exchange.json", status: status, headers: headers)
            let route = ReplayRoute(method: method.uppercased(), target: path)
            entries.append(Entry(route: route, response: response, file: file))
        }
    }

    // MARK: Reading

    private static func bytes(_ path: String) throws(ReplayError) -> [UInt8] {
        do { return Array(try Data(contentsOf: URL(filePath: path))) } catch {
            throw ReplayError(description: "\(path) cannot be read.")
        }
    }

    private static func json(_ path: String) throws(ReplayError) -> MockJSON {
        let bytes = try bytes(path)
        do { return try MockJSON(parsing: bytes) } catch {
            throw ReplayError(description: "\(path): \(error.description)")
        }
    }

    private static func hex(_ text: String) -> [UInt8] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }

    private static func response(_ bytes: [UInt8], file: String, status: Int, headers: MockJSON?) -> MockResponse {
        var out = HTTPHeaders()
        for (name, value) in pairs(headers) where !isHopByHop(name) { out.add(name: name, value: value) }
        if !out.contains(name: "content-type"), !bytes.isEmpty { out.add(name: "content-type", value: type(of: file)) }
        return MockResponse(status: status, headers: out, body: MockBody(bytes))
    }

    /// An object, or a flat array in which names and values take turns.
    private static func pairs(_ headers: MockJSON?) -> [(String, String)] {
        switch headers {
        case .object(let members):
            return members.compactMap { member in member.value.stringValue.map { (member.name, $0) } }
        case .array(let items):
            let texts = items.map { $0.stringValue ?? "" }
            return stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
        default: return []
        }
    }

    private static func isHopByHop(_ name: String) -> Bool {
        switch name.lowercased() {
        case "content-length", "transfer-encoding", "connection", "keep-alive", "date", "content-encoding": true
        default: false
        }
    }

    private static func type(of file: String) -> String {
        switch file.split(separator: ".").last {
        case "xml": "text/xml; charset=utf-8"
        case "csv": "text/csv; charset=utf-8"
        case "yml", "yaml": "application/yaml"
        case "txt", "md": "text/plain; charset=utf-8"
        case "html": "text/html; charset=utf-8"
        default: "application/json; charset=utf-8"
        }
    }
}

extension FileManager {
    fileprivate func isReadable(_ path: String) -> Bool {
        var isFolder = false
        return fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
    }
}
