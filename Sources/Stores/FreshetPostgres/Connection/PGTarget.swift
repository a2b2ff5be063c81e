import CPostgres
import FreshetCore
import Glibc

/// A database as libpq is told of it: the keywords of a connection string, and what Freshet adds to them.
struct PGTarget: Sendable {
    private let keywords: [String]
    private let values: [Secret]
    /// Host and database, for people; never the password.
    let description: String

    /// Reads a connection string.
    ///
    /// - Throws: `.refused` for one that libpq cannot read; the words of libpq could quote a password and are left out.
    init(_ options: PostgresOptions) throws(StoreError) {
        guard let parsed = PQconninfoParse(options.connection.reveal(), nil) else {
            throw .refused(
                "the connection string of the store cannot be read; it is a URI such as postgresql://user@host:5432/name "
                    + "or a list such as host=… dbname=…")
        }
        defer { PQconninfoFree(parsed) }
        var given: [String: String] = [:]
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        // The application's name of the string is more particular than ours.
        var all = [
            "application_name": options.applicationName, "keepalives_idle": "10", "keepalives_interval": "3",
            "keepalives_count": "3", "tcp_user_timeout": "15000",
        ]
        if let hosts = given["host"], hosts.contains(",") { all["target_session_attrs"] = "read-write" }
        all.merge(given) { $1 }
        all["client_encoding"] = "UTF8"
        keywords = all.keys.sorted()
        values = keywords.map { Secret(all[$0] ?? "") }
        description = "\(given["host"] ?? given["hostaddr"] ?? "the default host") \(given["dbname"] ?? "")"
    }

    /// Begins to connect; `nil` when there is no memory.
    func start() -> OpaquePointer? {
        var pointers: [UnsafeMutablePointer<CChar>?] = keywords.map { strdup($0) } + [nil]
        var texts: [UnsafeMutablePointer<CChar>?] = values.map { strdup($0.reveal()) } + [nil]
        defer {
            for pointer in pointers + texts { free(pointer) }
            (pointers, texts) = ([], [])
        }
        let connection = PQconnectStartParams(
            pointers.map { UnsafePointer($0) }, texts.map { UnsafePointer($0) }, 0)
        if let connection { PQsetNoticeProcessor(connection, PGConnection.silence, nil) }
        return connection
    }
}
