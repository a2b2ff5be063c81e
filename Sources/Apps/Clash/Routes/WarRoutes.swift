import FreshetCore
import FreshetDocument

/// Wars, and other documents that are shown as upstream gave them.
enum WarRoutes {
    /// `GET /war/{tag}/current`: a state in any case, an error never.
    static func current(_ call: ClashCall) async throws -> AppReply {
        guard let served = try await call.document(ClashDatasets.war) else { return .noTag }
        switch served.standing {
        case .live: return try war(served, call)
        case .hidden: return .fresh(state(.private), served)
        case .missing, .awaited: return .fresh(state(.notInWar), served)
        }
    }

    /// `GET /league-war/{tag}`.
    static func leagueWar(_ call: ClashCall) async throws -> AppReply {
        guard let served = try await call.document(ClashDatasets.leagueWar) else { return .noTag }
        return served.standing == .live ? try war(served, call) : .absent(served)
    }

    /// A document as upstream gave it, with its age; a private war log and a league that is not on are states.
    static func document(_ dataset: DatasetID, _ call: ClashCall) async throws -> AppReply {
        guard let served = try await call.document(dataset) else { return .noTag }
        switch served.standing {
        case .live:
            let root = try JSONTape(served.document?.body ?? []).root
            return .fresh(open(root), served)
        case .hidden:
            return .fresh(
                opened { json in
                    json.field("state", WarState.private.rawValue)
                    if dataset == ClashDatasets.warLog { json.field("items", json: Array("[]".utf8)) }
                }, served)
        case .missing where dataset == ClashDatasets.leagueGroup:
            return .fresh(opened { $0.field("state", "groupNotFound") }, served)
        case .missing, .awaited: return .absent(served)
        }
    }

    // MARK: Parts

    /// A war as upstream gave it; what the clock has made of its state since stands in `state`, what upstream said beside it.
    private static func war(_ served: MirroredDocument, _ call: ClashCall) throws -> AppReply {
        let war = try WarDocument(served.document?.body ?? [])
        let state = war.state(at: served.now)
        guard state != war.state else { return .fresh(open(war.root), served) }
        let body = open(war.root, except: "state") { json in
            json.field("state", state?.rawValue)
            json.field("reported_state", war.state?.rawValue)
        }
        return .fresh(body, served, isStale: true)
    }

    private static func state(_ state: WarState) -> [UInt8] { opened { $0.field("state", state.rawValue) } }

    /// A JSON object without its closing brace.
    private static func opened(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        write(&json)
        return json.bytes
    }

    /// The members of an object as they are, without the closing brace.
    private static func open(
        _ root: JSONValue, except name: String? = nil, _ first: (inout JSONWriter) -> Void = { _ in }
    ) -> [UInt8] {
        opened { json in
            first(&json)
            for member in root.members {
                guard let key = member.key.string, key != name, key != "last_updated", key != "is_stale" else {
                    continue
                }
                json.field(key, json: Array(member.value.rawBytes))
            }
        }
    }
}
