/// Why a process could not start or go on.
public enum RuntimeError: Error, CustomStringConvertible, Sendable {
    /// Another process works on the data directory; `by` is the sentence that says which, and what to do.
    case held(directory: String, by: String)
    /// The data directory cannot be made or written.
    case directory(String, reason: String)
    /// The store cannot be opened.
    case store(String)
    /// What several processes share cannot be reached at present.
    case away(String)
    /// The address cannot be bound.
    case bind(host: String, port: Int, reason: String)
    /// A warehouse cannot be used as it is declared.
    case destination(String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .held(_, let sentence): sentence
        case .directory(let path, let reason):
            "the data directory \(path) cannot be used (\(reason)); set data_dir to a folder that can be written"
        case .store(let reason), .away(let reason): reason
        case .bind(let host, let port, let reason):
            "\(host):\(port) cannot be bound (\(reason)); free the port or set server.listen to another"
        case .destination(let reason): reason
        }
    }

    /// The exit code of the contract.
    public var exitCode: Int32 {
        switch self {
        case .held, .away: 75
        case .directory: 73
        case .store: 74
        case .bind: 69
        case .destination: 78
        }
    }
}
