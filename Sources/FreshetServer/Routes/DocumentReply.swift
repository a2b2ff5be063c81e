import FreshetCore
import FreshetEngine
import HTTPTypes
import NIOCore

/// The router's answer with a document: the same bytes as the fast lane's, and the path remembered for it.
enum DocumentReply {
    static func make(
        _ exchange: Exchange, _ entry: CatalogEntry, _ served: ServedDocument, surface: PathSurface, catalog: Catalog
    ) async -> Reply {
        var answer = DocumentAnswer(
            served: served, dataset: entry.dataset, now: exchange.now, face: surface == .proxy ? .proxy : .document)
        let conditions = exchange.conditions
        if conditions.acceptsGzip, !conditions.forbidsTransform {
            if let chosen = answer.compressed(in: entry, catalog: catalog) {
                answer = chosen
            } else {
                let form = await Gzip.slowForm(of: served.body)
                catalog.keep(form, of: served, in: entry)
                answer = answer.with(form)
            }
        }
        if exchange.method == .get { catalog.addPath(exchange.target, surface: surface, to: entry) }
        let isNotModified = isNotModified(exchange, answer)
        var head = ByteBuffer()
        answer.writeHead(to: &head, isNotModified: isNotModified)
        return Reply(head: head, body: isNotModified ? ByteBuffer() : answer.body)
    }

    /// `If-None-Match` decides alone when it is there (RFC 9110 section 13.2.2).
    private static func isNotModified(_ exchange: Exchange, _ answer: DocumentAnswer) -> Bool {
        if let list = exchange.headers[.ifNoneMatch] {
            return answer.withEntityTag { tag in list.withBytes { RequestConditions.matches($0, tag: tag) } }
        }
        guard let since = exchange.headers[.ifModifiedSince].flatMap({ Timestamp(httpDate: $0) }),
            let changed = answer.served.changedAt
        else { return false }
        return min(changed, answer.now).seconds <= since.seconds
    }
}
