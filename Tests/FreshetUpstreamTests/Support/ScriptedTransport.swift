import FreshetCore
import Synchronization

@testable import FreshetUpstream

/// Answers from a script and notes what was asked.
final class ScriptedTransport: Transport {
    typealias Script = @Sendable (TransportRequest, Int) async -> TransportResult

    private let script: Script
    private let log = Mutex<[TransportRequest]>([])

    init(_ script: @escaping Script) { self.script = script }

    /// Answers in order; the last one again and again.
    convenience init(_ results: TransportResult...) {
        self.init { _, index in results[min(index, results.count - 1)] }
    }

    func send(
        _ request: TransportRequest, plan: @escaping @Sendable (TransportHead) -> BodyPlan
    ) async -> TransportResult {
        let index = log.withLock { log in
            log.append(request)
            return log.count - 1
        }
        let result = await script(request, index)
        guard case .answer(let answer) = result else { return result }
        // The same code as the real transport's, so that plans count here, too.
        do throws(TransportFailure) {
            var collector = try BodyCollector(method: request.method, head: answer.head, plan: plan(answer.head))
            try collector.append(bytes: answer.body)
            try collector.finish()
            return .answer(TransportAnswer(head: answer.head, body: collector.bytes, isCut: collector.isCut))
        } catch {
            return .failed(error)
        }
    }

    func close() async {}

    var requests: [TransportRequest] { log.withLock { $0 } }
    var urls: [String] { requests.map(\.url.text) }
}

extension TransportResult {
    /// An answer as a script writes it.
    static func http(_ status: Int = 200, _ body: String = "{}", _ headers: HeaderFields = HeaderFields())
        -> TransportResult
    {
        var headers = headers
        if headers["content-type"] == nil { headers.set("Content-Type", "application/json") }
        return .answer(TransportAnswer(head: TransportHead(status: status, headers: headers), body: Array(body.utf8)))
    }

    static func redirect(_ status: Int = 302, to location: String) -> TransportResult {
        .http(status, "", ["Location": location])
    }
}

extension BodyCollector {
    /// `withUnsafeBytes` of an array forgets the type of what it throws.
    mutating func append(bytes: [UInt8]) throws(TransportFailure) {
        let failure = bytes.withUnsafeBytes { buffer -> TransportFailure? in
            do throws(TransportFailure) { try append(buffer) } catch { return error }
            return nil
        }
        if let failure { throw failure }
    }
}
