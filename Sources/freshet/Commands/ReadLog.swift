import FreshetCore
import FreshetDocument
import Glibc

/// A log of reads: who was read when, how often.
struct ReadLog {
    var start: Timestamp
    var keys: [String] = []
    var reads: [(at: Int64, key: Int32, count: Int32)] = []

    private struct Read {
        var dataset: String?
        var at: Timestamp
        var key: String
        var count: Int
    }

    /// The time that the reads of a line fall into, and the most parts that it is taken apart into.
    private static let (window, mostParts) = (Duration.seconds(30), 15)

    /// From the first read to the last.
    var length: Duration { .microseconds(reads.last?.at ?? 0) }

    /// Reads CSV lines `time,key[,count]` or JSON lines with the members `time`, `key` and `count`.
    ///
    /// Times are RFC 3339 or seconds since 1970; lines that name another dataset are left out.
    static func read(_ path: String, of dataset: DatasetID) throws -> ReadLog {
        guard let text = WholeFile.read(path) else {
            throw Exit.fail("\(path) cannot be read: \(String(cString: strerror(errno)))", Exit.usage)
        }
        var found: [(at: Timestamp, key: String, count: Int)] = []
        for (number, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
            let bytes = Array(line).filter { $0 != UInt8(ascii: "\r") }
            guard !bytes.isEmpty else { continue }
            guard let read = bytes[0] == UInt8(ascii: "{") ? json(bytes) : csv(bytes) else {
                // A heading.
                if number == 0, bytes[0] != UInt8(ascii: "{") { continue }
                throw Exit.fail("\(path), line \(number + 1): not a read; write time,key,count", Exit.badData)
            }
            if read.dataset.map({ $0 == "\(dataset)" }) ?? true { found.append((read.at, read.key, read.count)) }
        }
        found.sort { $0.at < $1.at }
        found = spread(found)
        guard let first = found.first else { throw Exit.fail("\(path) holds no reads of \(dataset)", Exit.badData) }
        var log = ReadLog(start: first.at)
        var places: [String: Int32] = [:]
        for read in found {
            let place = places[read.key] ?? Int32(log.keys.count)
            if places.updateValue(place, forKey: read.key) == nil { log.keys.append(read.key) }
            log.reads.append(((read.at - first.at).microseconds, place, Int32(clamping: read.count)))
        }
        return log
    }

    /// When each document changed: microseconds from the start of this log, by number of the key; keys that nobody read come last.
    func changes(in log: ReadLog) -> [[Int64]] {
        var places: [String: Int] = [:]
        for (place, key) in keys.enumerated() { places[key] = place }
        var changes = Array(repeating: [Int64](), count: keys.count)
        let later = (log.start - start).microseconds
        for read in log.reads {
            let key = log.keys[Int(read.key)]
            let place = places[key] ?? changes.count
            if places.updateValue(place, forKey: key) == nil { changes.append([]) }
            changes[place].append(read.at + later)
        }
        return changes
    }

    /// Lines that count several reads, as reads with time in between.
    ///
    /// A line tells the last of its reads, and counts those of half a minute or of the time since the line before.
    private static func spread(_ lines: [(at: Timestamp, key: String, count: Int)]) -> [(
        at: Timestamp, key: String, count: Int
    )] {
        guard lines.contains(where: { $0.count > 1 }) else { return lines }
        var result: [(at: Timestamp, key: String, count: Int)] = []
        var before: [String: Timestamp] = [:]
        for line in lines {
            let usual = Double(line.count) / Double(line.count + 1) * window.inSeconds
            let span = before[line.key].map { min(usual, (line.at - $0).inSeconds) } ?? usual
            before[line.key] = line.at
            let parts = min(line.count, mostParts)
            for part in 0..<parts {
                let count = line.count / parts + (part < line.count % parts ? 1 : 0)
                let back = span * Double(part) / Double(parts)
                result.append((line.at - .microseconds(Int64(back * 1e6)), line.key, count))
            }
        }
        result.sort { $0.at < $1.at }
        return result
    }

    private static func csv(_ bytes: [UInt8]) -> Read? {
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: ",", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let at = moment(String(parts[0])), !parts[1].isEmpty,
            let count = parts.count == 3 ? Int(parts[2]) : 1, count > 0
        else { return nil }
        return Read(dataset: nil, at: at, key: String(parts[1]), count: count)
    }

    private static func json(_ bytes: [UInt8]) -> Read? {
        guard let root = (try? JSONTape(bytes))?.root, let key = root["key"]?.string, let time = root["time"],
            let at = moment(time.string ?? time.rawText)
        else { return nil }
        let count = root["count"]?.double.map { Int($0) } ?? 1
        return count > 0 ? Read(dataset: root["dataset"]?.string, at: at, key: key, count: count) : nil
    }

    private static func moment(_ text: String) -> Timestamp? {
        if let seconds = Double(text), seconds.isFinite, abs(seconds) < 1e11 {
            return Timestamp(microseconds: Int64(seconds * 1e6))
        }
        return Timestamp(rfc3339: text)
    }
}
