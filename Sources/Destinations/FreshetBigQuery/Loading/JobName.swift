import Crypto
import FreshetCore

/// The id of the job that brings the oldest waiting entry of a table to BigQuery.
///
/// It follows from that entry alone. So a table never has two jobs whose fate is unknown: whoever tries again, also after
/// a crash, and whatever has joined the queue meanwhile, meets the job that was begun, and asks what became of it.
struct JobName: Sendable, Hashable {
    private let stem: String

    /// Names the job of an entry.
    ///
    /// - Parameters:
    ///   - entry: The oldest waiting entry of its table.
    ///   - target: Where it goes: project, dataset and table.
    init(_ entry: OutboxEntry, target: String) {
        stem = "freshet_\(entry.table)_\(entry.id)_\(Self.digest([entry], salt: target))"
    }

    /// The id of a try; a job that failed has changed nothing, and its id is used up.
    func id(attempt: Int) -> String { attempt == 0 ? stem : "\(stem)_\(attempt)" }

    /// A digest of entries: who, what and when.
    ///
    /// Equal numbers of another queue give another digest.
    static func digest(_ entries: some Sequence<OutboxEntry>, salt: String = "") -> String {
        var hash = SHA256()
        hash.update(data: Array(salt.utf8))
        for entry in entries {
            let parts = [
                "\(entry.id)", entry.destination, entry.table, entry.document.dataset.source,
                entry.document.dataset.name, entry.document.key, "\(entry.fetchID)", "\(entry.at.microseconds)",
            ]
            // Lengths in front, so that no two lists of parts read the same.
            for part in parts { hash.update(data: Array("\(part.utf8.count):\(part)".utf8)) }
        }
        let hex = Array("0123456789abcdef".utf8)
        return String(
            decoding: hash.finalize().prefix(12).flatMap { [hex[Int($0 >> 4)], hex[Int($0 & 15)]] }, as: UTF8.self)
    }
}
