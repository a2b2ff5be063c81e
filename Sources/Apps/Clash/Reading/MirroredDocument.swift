import FreshetCore
import FreshetDocument

/// A document as the app's routes see it.
struct MirroredDocument: Sendable {
    /// What there is to say of it.
    enum Standing: Sendable, Equatable {
        /// A good body is there.
        case live
        /// It was never fetched: a job fetches it, if the client may ask for one.
        case awaited(retryAfter: Int?)
        /// The clan keeps its war log private.
        case hidden
        /// Upstream has no such document.
        case missing
    }

    var id: DocumentID
    var standing: Standing
    var document: StoredDocument?
    /// Younger is fresh.
    var maxAge: Duration
    var now: Timestamp

    /// When upstream last confirmed it.
    var lastUpdated: Timestamp? {
        standing == .hidden || standing == .missing ? document?.state.checkedAt : document?.state.lastUpdated
    }

    /// Whether it is older than may be, or upstream has begun to say otherwise.
    var isStale: Bool {
        guard let state = document?.state, let lastUpdated else { return true }
        switch standing {
        case .live: return now - lastUpdated > maxAge || state.isDoubted || state.presence == .gone
        case .hidden, .missing: return state.isStale(at: now)
        case .awaited: return true
        }
    }

    /// Names the content.
    var stamp: AnswerCache.Stamp {
        AnswerCache.Stamp(version: document?.state.version ?? 0, updated: document?.state.lastUpdated)
    }

    /// Reads a document as clients do, and asks for it when it was never fetched.
    static func read(_ id: DocumentID, _ services: AppServices) async throws -> MirroredDocument {
        let document = try await services.read(id)
        var served = MirroredDocument(
            id: id, standing: .live, document: document,
            maxAge: services.configuration.dataset(id.dataset)?.maxAge ?? .seconds(600), now: services.clock.now())
        // The kind of the failure tells why upstream refused: 403 is a private log where only that can be.
        let isHidden =
            document?.state.failure?.kind == "upstream-403" && ClashErrors.warCalls.contains(id.dataset)
        switch document?.state.presence {
        case .live where document?.state.isDoubted == true && isHidden: served.standing = .hidden
        case .live: break
        case .missing, .gone: served.standing = isHidden ? .hidden : .missing
        case .unknown, nil:
            switch try await services.ask(id) {
            case .queued: served.standing = .awaited(retryAfter: 2)
            case .refused(let seconds): served.standing = .awaited(retryAfter: seconds)
            case .closed: served.standing = .awaited(retryAfter: nil)
            }
        }
        return served
    }
}

extension AppReply {
    /// A JSON answer that says how old it is, in its body and its headers.
    ///
    /// - Parameters:
    ///   - open: A JSON object without its closing brace, or a whole array or object for `isWhole`.
    ///   - served: The document that it was made of.
    ///   - isWhole: Whether the body's shape is fixed, so that only headers can say it.
    ///   - isStale: Overrides what the document says.
    ///   - isPartial: Whether rows could not be asked.
    /// - Returns: The answer.
    static func fresh(
        _ open: [UInt8], _ served: MirroredDocument, isWhole: Bool = false, isStale: Bool? = nil,
        isPartial: Bool = false
    ) -> AppReply {
        let stale = isStale ?? served.isStale
        var body = open
        let moment = served.lastUpdated?.rfc3339
        if !isWhole {
            if body.last != UInt8(ascii: "{") { body.append(UInt8(ascii: ",")) }
            let updated = moment.map { "\"\($0)\"" } ?? "null"
            body += Array("\"last_updated\":\(updated),\"is_stale\":\(stale)}".utf8)
        }
        var headers = [("Freshet-Is-Stale", stale ? "true" : "false")]
        if let moment { headers.append(("Freshet-Last-Updated", moment)) }
        if case .awaited(let seconds?) = served.standing { headers.append(("Retry-After", "\(seconds)")) }
        if isPartial { headers.append(("Freshet-Partial", "tables")) }
        return AppReply(200, headers: headers, body: body)
    }

    /// RFC 9457.
    static func problem(
        _ status: Int, _ title: String, _ detail: String, retryAfter: Int? = nil
    ) -> AppReply {
        let body = JSONWriter.object { json in
            json.field("title", title)
            json.field("status", status)
            json.field("detail", detail)
        }
        let headers = retryAfter.map { [("Retry-After", "\($0)")] } ?? []
        return AppReply(status, type: "application/problem+json", headers: headers, body: body)
    }

    /// The answer for a document that is not there.
    static func absent(_ served: MirroredDocument) -> AppReply {
        switch served.standing {
        case .awaited(let retryAfter?):
            .problem(
                404, "Not fetched yet.", "A refresh of \(served.id) is on its way; ask again.", retryAfter: retryAfter)
        case .awaited: .problem(404, "Not known.", "\(served.id) is not mirrored, and clients may not ask for it.")
        case .hidden: .problem(403, "Private.", "The clan keeps its war log private.")
        case .live, .missing: .problem(404, "Not found.", "Clash of Clans knows no \(served.id).")
        }
    }

    /// The answer for a text that is no tag.
    static let noTag = AppReply.problem(404, "Not a tag.", "A tag has 3 to 15 letters and digits, such as #2PP.")
}
