import FreshetCore
import FreshetDocument
import Logging

/// The events of a refresh.
enum RefreshEvents {
    /// That a document's content became different, with what differs.
    ///
    /// - Parameters:
    ///   - id: The document.
    ///   - before: What it was; `nil` when there was nothing, or nothing can have changed but what is ignored.
    ///   - isFirst: Whether it was never fetched before.
    ///   - outcome: What the refresh brought.
    ///   - dataset: What is ignored, and what elements are known by.
    ///   - logger: Told when the difference cannot be made.
    /// - Returns: The event.
    @concurrent static func updated(
        _ id: DocumentID, from before: [UInt8]?, isFirst: Bool, outcome: RefreshOutcome, dataset: DatasetConfig,
        logger: Logger
    ) async -> NewEvent {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("first")
        writer.bool(isFirst)
        if case .content(let content) = outcome {
            writer.key("origin")
            writer.string(content.origin.rawValue)
            writer.key("bytes")
            writer.int(content.body.count)
            if let before {
                do {
                    let diff = try difference(from: before, to: content.body, dataset: dataset)
                    diff.writeMembers(to: &writer)
                } catch {
                    // The event says that something changed; only what cannot be told.
                    logger.warning(
                        "What changed in \(id) cannot be told: \(error)",
                        metadata: [
                            "source": "\(id.dataset.source)", "dataset": "\(id.dataset.name)", "key": "\(id.key)",
                        ])
                }
            }
        }
        writer.endObject()
        return NewEvent(type: "dataset.updated", source: id.dataset.source, document: id, payload: writer.bytes)
    }

    private static func difference(from old: [UInt8], to new: [UInt8], dataset: DatasetConfig) throws -> DocumentDiff {
        DocumentDiff(
            from: try JSONTape(old).root, to: try JSONTape(new).root,
            ignoring: IgnoreSet(try dataset.ignoreChanges.map { try JSONPath($0) }),
            keys: try DiffKeys(dataset.diffKeys))
    }

    /// Marks what an app tells at the first load of a document, so that who wants news only can leave it out.
    static func marked(_ events: [NewEvent], isFirst: Bool) -> [NewEvent] {
        guard isFirst else { return events }
        return events.map { event in
            guard let tape = try? JSONTape(event.payload), tape.root.kind == .object, tape.root["first"] == nil else {
                return event
            }
            var writer = JSONWriter()
            writer.beginObject()
            for member in tape.root.members {
                writer.key(member.key.string ?? "")
                writer.value(member.value)
            }
            writer.key("first")
            writer.bool(true)
            writer.endObject()
            var event = event
            event.payload = writer.bytes
            return event
        }
    }

    static func ends(
        _ id: DocumentID, plan: RefreshPlan, before: DocumentState, goneAfter: Int
    ) -> [NewEvent] {
        if case .dead(let note) = plan.end { return [failed("job.dead", id, note)] }
        if case .notFound(_, _, let note) = plan.outcome, before.presence == .live,
            before.consecutiveNotFound + 1 >= goneAfter
        {
            return [failed("dataset.gone", id, note)]
        }
        return []
    }

    private static func failed(_ type: String, _ id: DocumentID, _ note: FailureNote) -> NewEvent {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("kind")
        writer.string(note.kind)
        writer.key("message")
        writer.string(note.message)
        writer.endObject()
        return NewEvent(type: type, source: id.dataset.source, document: id, payload: writer.bytes)
    }
}
