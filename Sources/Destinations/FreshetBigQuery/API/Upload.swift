import NIOHTTP1

/// Hands the rows of a load job over: in one request when they are few, else piece by piece.
struct Upload: Sendable {
    let api: BigQueryAPI
    /// What goes in one request, and the size of a piece: a multiple of 256 KiB, as the protocol wants.
    let pieceBytes: Int
    /// The job without its rows.
    let job: [UInt8]

    private static let time = Duration.seconds(300)

    /// Sends job and rows in one `multipart/related` request.
    func whole(_ rows: [UInt8]) async throws -> JobInsertion {
        // Rows are JSON: a line break inside them is escaped, so no line of theirs can be the boundary.
        let boundary = "freshet_boundary_3f9a1c"
        var body = Array("--\(boundary)\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".utf8)
        body.reserveCapacity(rows.count + job.count + 512)
        body += job
        body += Array("\r\n--\(boundary)\r\nContent-Type: application/octet-stream\r\n\r\n".utf8)
        body += rows
        body += Array("\r\n--\(boundary)--\r\n".utf8)
        let call = HTTPCall(
            method: .POST, url: "\(api.uploadURL)?uploadType=multipart",
            headers: ["content-type": "multipart/related; boundary=\(boundary)"], body: body, timeout: Self.time)
        return try BigQueryAPI.insertion(try await api.send(call))
    }

    /// Sends rows as they come, in a resumable session.
    ///
    /// Memory holds one piece and one page. A session that is not finished begins no job.
    /// - Parameters:
    ///   - first: The rows read so far.
    ///   - more: The next rows, `nil` after the last.
    /// - Returns: What became of the job.
    /// - Throws: What `more` throws, ``BigQueryError``, `CancellationError`.
    func pieces(_ first: [UInt8], more: () async throws -> [UInt8]?) async throws -> JobInsertion {
        var start = api.json(.POST, "\(api.uploadURL)?uploadType=resumable", job)
        start.headers.add(name: "x-upload-content-type", value: "application/octet-stream")
        let opened = try await api.send(start)
        if opened.status == 409 { return .duplicate }
        guard (200..<300).contains(opened.status) else { throw BigQueryAPI.error(opened) }
        guard let session = opened.headers.first(name: "location") else { throw BigQueryError.strange("no session") }
        var (waiting, sent, isEnd) = (first, 0, false)
        while true {
            while !isEnd, waiting.count <= pieceBytes {
                if let rows = try await more() { waiting += rows } else { isEnd = true }
            }
            // Exactly one piece, or at the end all that is left: the last piece says how long the whole is.
            let isLast = isEnd && waiting.count <= pieceBytes
            let piece = isLast ? waiting : Array(waiting[..<pieceBytes])
            let total = isLast ? "\(sent + piece.count)" : "*"
            let range = piece.isEmpty ? "bytes */\(total)" : "bytes \(sent)-\(sent + piece.count - 1)/\(total)"
            let answer = try await api.send(
                HTTPCall(
                    method: .PUT, url: session, headers: ["content-range": range], body: piece, timeout: Self.time))
            if isLast { return try BigQueryAPI.insertion(answer) }
            guard answer.status == 308 else { throw BigQueryAPI.error(answer) }
            // The server may have kept less than it was sent; the rest goes again.
            let kept = try Self.kept(answer) - sent
            guard (1...piece.count).contains(kept) else {
                throw BigQueryError.unreachable("the upload does not advance")
            }
            waiting.removeFirst(kept)
            sent += kept
        }
    }

    /// Bytes that the session holds, from `Range: bytes=0-N`.
    private static func kept(_ answer: HTTPAnswer) throws(BigQueryError) -> Int {
        guard let last = answer.headers.first(name: "range")?.split(separator: "-").last.flatMap({ Int($0) }) else {
            throw .unreachable("the upload does not advance")
        }
        return last + 1
    }
}
