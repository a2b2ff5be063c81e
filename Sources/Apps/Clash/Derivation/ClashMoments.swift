import FreshetCore
import FreshetDocument

/// When documents say that they will change.
enum ClashMoments {
    /// How often a war is looked at whose announced moment has passed while upstream still shows what was before.
    static let again = Duration.seconds(60)
    /// How long it is looked at so often; then the schedule does.
    static let patience = Duration.seconds(3_600)

    /// The next moment of a document.
    static func nextLook(at id: DocumentID, body: [UInt8], now: Timestamp) -> NextLook? {
        switch id.dataset {
        case ClashDatasets.war, ClashDatasets.leagueWar:
            guard let war = try? WarDocument(body) else { return nil }
            if let at = war.nextMoment(after: now), war.state(at: now) == war.state {
                return NextLook(at: at, priority: .critical)
            }
            guard war.state(at: now) != war.state,
                let passed = [war.start, war.end].compactMap({ $0 })
                    .filter({ $0 <= now }).max(), now - passed < patience
            else { return war.nextMoment(after: now).map { NextLook(at: $0, priority: .critical) } }
            // Upstream caches wars for two minutes: what has passed shows soon.
            return NextLook(at: now + again, priority: .critical)
        case ClashDatasets.raids:
            guard let root = try? JSONTape(body).root, let raid = root.list("items").first,
                raid.text("state") == "ongoing", let end = raid.moment("endTime"), end > now
            else { return nil }
            return NextLook(at: end, priority: .high)
        default: return nil
        }
    }
}
