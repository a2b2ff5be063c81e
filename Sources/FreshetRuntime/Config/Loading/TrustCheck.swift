import FreshetCore

/// Finds the files of `tls.ca_file`, and reports those that cannot be what they should.
enum TrustCheck {
    /// Makes each path absolute and looks into the file.
    ///
    /// - Parameters:
    ///   - configuration: Its sources get the absolute paths.
    ///   - draft: Where each path stands in the file.
    ///   - directory: Where relative paths start.
    ///   - reading: Gets the problems.
    ///   - readFile: Reads a file; `nil` when there is none.
    static func apply(
        to configuration: inout Configuration, draft: RootDraft, directory: String, reading: inout Reading,
        readFile: (String) throws -> [UInt8]?
    ) {
        for index in configuration.sources.indices {
            guard let file = configuration.sources[index].tls.caFile else { continue }
            let path = ConfigPaths.absolute(file, in: directory)
            configuration.sources[index].tls.caFile = path
            guard let entry = draft.sources.first(where: { $0.name == configuration.sources[index].name }) else {
                continue
            }
            func problem(_ text: String) {
                reading.problem(entry.value.place.keys["tls"] ?? entry.mark, "\(entry.path).tls.ca_file", text)
            }
            guard let bytes = try? readFile(path) else {
                problem("\(path) cannot be read; name a PEM file with the certificates of your authority")
                continue
            }
            if !String(decoding: bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") {
                problem("\(path) holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
            }
        }
    }
}
