import Foundation

/// A directory of one test, removed at its end.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "freshet-invariants-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a text file and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    /// Every regular file below a folder, with its bytes.
    static func files(below folder: String) throws -> [(path: String, bytes: Data)] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().compactMap { name in
            let path = folder + "/" + name
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
                return nil
            }
            return (path, try Data(contentsOf: URL(fileURLWithPath: path)))
        }
    }
}
