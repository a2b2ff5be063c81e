public import FreshetCore
import FreshetDocument

/// The queue as JSON lines, for files.
public enum QueueBackupText {
    /// Every unfinished and dead job of a store, as JSON lines that `queue restore` takes.
    ///
    /// - Parameters:
    ///   - store: Where the jobs are.
    ///   - now: The moment, for the head of the file.
    /// - Returns: The text, and how many jobs it has.
    /// - Throws: ``StoreError`` when they cannot be read.
    public static func make(_ store: any Store, now: Timestamp) async throws(StoreError) -> (text: String, jobs: Int) {
        let jobs = try await QueueBackup.jobs(of: store)
        return (QueueBackup.text(jobs, takenAt: now), jobs.count)
    }
}

/// The queue as JSON lines: a head that counts them, then one unfinished or dead job a line.
///
/// Times are kept to the microsecond. A file is read as a whole before anything is done with it, so that a cut or edited one does
/// nothing by half.
enum QueueBackup {
    /// The version of the form.
    static let version = 1
    /// The largest file that is read: some 700,000 jobs.
    static let maxBytes = 256 << 20

    /// Why a file cannot be restored: a sentence for each line, at most ``mostFaults``.
    struct Faults: Error {
        var sentences: [String] = []
        var total = 0

        static let mostFaults = 20

        mutating func add(_ line: Int, _ text: String) {
            total += 1
            if sentences.count < Faults.mostFaults { sentences.append("line \(line): \(text)") }
        }
    }

    /// Every unfinished and dead job, in order of their numbers.
    static func jobs(of store: any Store) async throws(StoreError) -> [RefreshJob] {
        var (jobs, places): ([RefreshJob], [DocumentID: Int]) = ([], [:])
        // A job may move on while the states are read one after the other: what can come back to a state is read twice, and
        // what was seen last counts.
        for state in [RefreshJob.State.ready, .waiting, .leased, .waiting, .ready, .dead] {
            for job in try await store.jobs(in: state, source: nil, limit: Int(Int32.max)) {
                if let place = places[job.document] {
                    jobs[place] = job
                } else {
                    places[job.document] = jobs.count
                    jobs.append(job)
                }
            }
        }
        return jobs.sorted { $0.id < $1.id }
    }

    static func text(_ jobs: [RefreshJob], takenAt: Timestamp) -> String {
        var out = ""
        JSONValue.object([
            ("freshet_queue", .number(Int64(version))), ("taken_at", .time(takenAt)),
            ("jobs", .number(Int64(jobs.count))),
        ]).write(to: &out)
        out += "\n"
        for job in jobs {
            line(job).write(to: &out)
            out += "\n"
        }
        return out
    }

    private static func line(_ job: RefreshJob) -> JSONValue {
        .object([
            ("source", .string(job.document.dataset.source)), ("dataset", .string(job.document.dataset.name)),
            ("key", .string(job.document.key)), ("state", .string(job.state.rawValue)),
            ("priority", .string(job.priority.name)), ("cause", .string(job.cause)),
            ("attempts", .number(Int64(job.attempts))), ("heat", .number(Int64(job.heat))),
            ("enqueued_at", .time(job.enqueuedAt)), ("not_before", .time(job.notBefore)),
            ("finished_at", .time(job.finishedAt)), ("last_error", ReportJSON.failure(job.lastError)),
        ])
    }

    /// Reads a file, and checks every line of it against the datasets that are declared.
    static func jobs(_ bytes: [UInt8], configuration: Configuration) throws(Faults) -> [RefreshJob] {
        var faults = Faults()
        var (jobs, lines): ([RefreshJob], [DocumentID: Int]) = ([], [:])
        var (announced, number) = (Int?.none, 0)
        for bytes in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            guard let root = (try? JSONTape(Array(bytes)))?.root else {
                faults.add(number, "is not JSON; the file is cut or damaged here")
                continue
            }
            if announced == nil {
                announced = head(root, number, &faults)
                if announced == nil { throw faults }
                continue
            }
            var reading = JobLine(root: root, number: number)
            guard let job = reading.job(configuration) else {
                for problem in reading.problems { faults.add(number, problem) }
                continue
            }
            if let earlier = lines.updateValue(number, forKey: job.document) {
                faults.add(number, "repeats \(job.document) of line \(earlier)")
            }
            jobs.append(job)
        }
        if announced == nil { faults.add(1, "the file is empty; freshet queue backup writes one") }
        if faults.total == 0, let announced, announced != jobs.count {
            faults.add(number, "there are \(jobs.count) jobs where the head announces \(announced); the file is cut")
        }
        guard faults.total == 0 else { throw faults }
        return jobs
    }

    private static func head(_ root: FreshetDocument.JSONValue, _ number: Int, _ faults: inout Faults) -> Int? {
        guard let found = root["freshet_queue"].flatMap({ Int($0.rawText) }) else {
            faults.add(number, "is not the head of a queue backup ({\"freshet_queue\":1,…})")
            return nil
        }
        guard found == version else {
            faults.add(number, "the backup has form \(found); this Freshet reads \(version)")
            return nil
        }
        guard let count = root["jobs"].flatMap({ Int($0.rawText) }), count >= 0 else {
            faults.add(number, "jobs must say how many follow")
            return nil
        }
        return count
    }
}

/// One line of a backup, read field by field; every field that is wrong is named.
private struct JobLine {
    let root: FreshetDocument.JSONValue
    let number: Int
    var problems: [String] = []

    init(root: FreshetDocument.JSONValue, number: Int) { (self.root, self.number) = (root, number) }

    mutating func job(_ configuration: Configuration) -> RefreshJob? {
        let document = document(configuration)
        let state = choice("state", { RefreshJob.State(rawValue: $0) }, "ready, waiting, leased or dead")
        let priority = choice("priority", { Priority(name: $0) }, "critical, high, medium or low")
        let cause = text("cause")
        let (attempts, heat) = (count("attempts"), count("heat"))
        let (enqueued, notBefore) = (moment("enqueued_at"), moment("not_before"))
        let finished = optional("finished_at") ? moment("finished_at") : nil
        let error = failure()
        if state == .done { problems.append("state \"done\" is not kept in a backup") }
        guard problems.isEmpty, let document, let state, let priority, let cause, let attempts, let heat, let enqueued,
            let notBefore
        else { return nil }
        return RefreshJob(
            id: 0, document: document, priority: priority, cause: cause, enqueuedAt: enqueued, notBefore: notBefore,
            attempts: attempts, state: state, heat: heat, lastError: error,
            finishedAt: state == .dead ? finished ?? enqueued : nil)
    }

    private mutating func document(_ configuration: Configuration) -> DocumentID? {
        guard let source = text("source"), let name = text("dataset"), let key = text("key") else { return nil }
        let id = DatasetID(source: source, name: name)
        guard let dataset = configuration.dataset(id) else {
            problems.append("no dataset \(id) is declared")
            return nil
        }
        // Keys are kept as they are stored: normalised, so that reading one again gives the same.
        guard dataset.key(forPath: DatasetConfig.publicPath(forKey: key)[...]) == key else {
            problems.append("\"\(key)\" cannot be a key of \(id)")
            return nil
        }
        return DocumentID(dataset: id, key: key)
    }

    private func optional(_ name: String) -> Bool { root[name].map { !$0.isNull } ?? false }

    private mutating func text(_ name: String) -> String? {
        guard let text = root[name]?.string, !text.isEmpty, text.utf8.count <= 4096 else {
            problems.append("\(name) must be a text")
            return nil
        }
        return text
    }

    private mutating func choice<Value>(_ name: String, _ read: (String) -> Value?, _ known: String) -> Value? {
        guard let value = root[name]?.string.flatMap(read) else {
            problems.append("\(name) must be \(known)")
            return nil
        }
        return value
    }

    private mutating func count(_ name: String) -> Int? {
        guard let value = root[name].flatMap({ Int($0.rawText) }), (0...1_000_000_000).contains(value) else {
            problems.append("\(name) must be a whole number from 0")
            return nil
        }
        return value
    }

    private mutating func moment(_ name: String) -> Timestamp? {
        guard let moment = root[name]?.string.flatMap({ Timestamp(rfc3339: $0) }) else {
            problems.append("\(name) must be a time such as 2026-01-31T12:00:00Z")
            return nil
        }
        return moment
    }

    private mutating func failure() -> FailureNote? {
        guard optional("last_error"), let note = root["last_error"] else { return nil }
        guard let kind = note["kind"]?.string, let message = note["message"]?.string,
            let at = note["at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else {
            problems.append("last_error must have kind, message and at")
            return nil
        }
        return FailureNote(
            kind: kind, message: message, at: at, status: note["http_status"].flatMap { Int($0.rawText) },
            count: note["count"].flatMap { Int($0.rawText) } ?? 1)
    }
}
