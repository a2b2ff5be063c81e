/// Documents that upstream lately refused with 403, and with which key.
///
/// A 403 that no rule explains may mean the key (revoked, wrong plan) or the document (a private war log). Parking the key for a
/// document's sake would take one key after the other out of service. So, for a key that was accepted for another document within
/// ten minutes, and with at most five such refusals in a row since:
///
/// - the first refusal of a document parks nobody, and another key tries it;
/// - when that key gets it, the first one is parked: it was the key;
/// - when that key is refused, too, or no other is in use, it is the document: `forbidden`, asked for again only after the dataset's
///   negative time.
///
/// A key without such credit is parked, as by a 401; but a document that another key was refused, too, is the document's failure.
/// So no document costs more than two calls, and a key whose every call is refused is parked after the sixth.
struct RefusedDocuments: Sendable {
    private struct Refusal {
        var key: Int
        var message: String
        var at: Ticks
    }

    private var refusals: [DocumentID: Refusal] = [:]
    static let atMost = 1000

    /// The key that was refused a document before, within the time that keys are trusted for, and what was said; forgets it.
    mutating func take(_ document: DocumentID, now: Ticks) -> (key: Int, message: String)? {
        guard let refusal = refusals.removeValue(forKey: document), now - refusal.at <= KeySlot.trustedFor else {
            return nil
        }
        return (refusal.key, refusal.message)
    }

    mutating func note(_ document: DocumentID, key: Int, message: String, now: Ticks) {
        if refusals.count >= RefusedDocuments.atMost {
            refusals = refusals.filter { now - $0.value.at <= KeySlot.trustedFor }
            // Still full: forgetting costs each of these documents one more call.
            if refusals.count >= RefusedDocuments.atMost { refusals = [:] }
        }
        refusals[document] = Refusal(key: key, message: message, at: now)
    }
}

extension BudgetMachine {
    /// Whom a 403 is about.
    enum Blame: Sendable {
        case key
        case document
        /// Not known yet: another key is to try.
        case nobody
    }

    /// Weighs a 403 that no rule explains, see ``RefusedDocuments``.
    mutating func blame(_ grant: Grant, for document: DocumentID?, message: String, now: Ticks) -> Blame {
        let isTrusted = keys[grant.key].refused(document, now: now)
        guard let document else { return isTrusted ? .nobody : .key }
        let earlier = refusedDocuments.take(document, now: now)
        if let earlier, isTrusted || earlier.key != grant.key { return .document }
        let others = keys.indices.contains { $0 != grant.key && keys[$0].state == .active }
        if isTrusted, !others { return .document }
        refusedDocuments.note(document, key: grant.key, message: message, now: now)
        return isTrusted ? .nobody : .key
    }

    /// A key gets what another was refused: that one is to blame.
    mutating func blameOthers(than grant: Grant, for document: DocumentID, now: Ticks) {
        guard let other = refusedDocuments.take(document, now: now), other.key != grant.key,
            keys[other.key].state == .active
        else { return }
        let until = keys[other.key].refused(grantedAt: now, wish: nil, now: now)
        park(other.key, until: until, reason: other.message)
    }
}

extension CallFailure {
    /// The same refusal, laid to the document.
    func ofDocument(after keys: Int) -> CallFailure {
        var failure = self
        failure.effect = .permanent
        failure.kind = "forbidden"
        failure.message +=
            " Other documents work with this key" + (keys > 1 ? " or another was refused it, too" : "")
            + ": it is the document that is refused, and no key is parked for it. "
            + "If that is wrong, declare a rule under errors."
        return failure
    }
}
