import NIOCore

/// Reads the bodies of uploads.
enum BigQueryUpload {
    /// The two parts of a `multipart/related` body: the job and its rows.
    static func parts(
        _ body: ByteBuffer, contentType: String
    ) throws(BigQueryFailure) -> (job: MockJSON, rows: ArraySlice<UInt8>) {
        guard contentType.lowercased().hasPrefix("multipart/related"),
            let mark = contentType.firstRange(of: "boundary=")
        else { throw .invalid("The upload is no multipart/related.") }
        let boundary = contentType[mark.upperBound...].prefix { $0 != ";" }.filter { $0 != "\"" }
        let bytes = Array(body.readableBytesView)
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [ArraySlice<UInt8>] = []
        var start: Int?
        for at in lines(bytes) where bytes[at...].starts(with: delimiter) {
            // The line break in front of a delimiter belongs to the delimiter.
            if let start { parts.append(content(bytes[start..<max(start, at - 2)])) }
            start = nextLine(bytes, at)
        }
        guard parts.count == 2, let job = try? MockJSON(parsing: parts[0]) else {
            throw .invalid("The upload has no two parts, or the first is not JSON.")
        }
        return (job, parts[1])
    }

    /// Where lines begin.
    private static func lines(_ bytes: [UInt8]) -> [Int] {
        var starts = [0]
        for at in bytes.indices where bytes[at] == 0x0A { starts.append(at + 1) }
        return starts
    }

    private static func nextLine(_ bytes: [UInt8], _ at: Int) -> Int {
        bytes[at...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
    }

    /// What follows the empty line after a part's headers.
    private static func content(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var at = part.startIndex
        while let end = part[at...].firstIndex(of: 0x0A) {
            let line = part[at..<end]
            at = end + 1
            if line.isEmpty || line.elementsEqual([0x0D]) { return part[at...] }
        }
        return []
    }

    /// `bytes 0-99/200`, with `*` for what is not known.
    static func range(_ header: String) -> (range: Range<Int>?, total: Int?)? {
        guard header.hasPrefix("bytes ") else { return nil }
        let sides = header.dropFirst(6).split(separator: "/")
        guard sides.count == 2 else { return nil }
        let total = Int(sides[1])
        if sides[0] == "*" { return (nil, total) }
        let bounds = sides[0].split(separator: "-").compactMap { Int($0) }
        guard bounds.count == 2, bounds[0] <= bounds[1] else { return nil }
        return (bounds[0]..<bounds[1] + 1, total)
    }
}
