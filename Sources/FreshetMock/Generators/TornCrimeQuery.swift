/// The parameters of `/faction/crimes`.
struct TornCrimeQuery {
    let offset: Int
    private let statuses: Set<String>?
    private let field: String
    private let from: Int64?
    private let to: Int64?
    private let isAscending: Bool

    /// `nil` when a parameter cannot be one.
    init?(_ request: MockRequest) {
        let category = request.parameter("cat") ?? "all"
        let ordering: String
        switch category {
        case "all": (statuses, ordering) = (nil, "created_at")
        case "available": (statuses, ordering) = (["Recruiting", "Planning"], "created_at")
        case "completed": (statuses, ordering) = (["Successful", "Failure"], "executed_at")
        case "successful": (statuses, ordering) = (["Successful"], "executed_at")
        case "failure": (statuses, ordering) = (["Failure"], "executed_at")
        case "recruiting": (statuses, ordering) = (["Recruiting"], "expired_at")
        case "expired": (statuses, ordering) = (["Expired"], "expired_at")
        case "planning": (statuses, ordering) = (["Planning"], "ready_at")
        default: return nil
        }
        field = request.parameter("filters") ?? ordering
        let sort = request.parameter("sort") ?? "DESC"
        guard ["created_at", "executed_at", "ready_at", "expired_at"].contains(field), sort == "ASC" || sort == "DESC"
        else { return nil }
        isAscending = sort == "ASC"
        offset = max(0, request.integer("offset") ?? 0)
        (from, to) = (request.integer("from").map(Int64.init), request.integer("to").map(Int64.init))
    }

    /// The crimes that are asked for, in order: after `from`, up to and including `to`.
    func select(_ crimes: [TornWorld.Crime]) -> [TornWorld.Crime] {
        let found = crimes.compactMap { crime -> (time: Int64, crime: TornWorld.Crime)? in
            guard statuses?.contains(crime.status) != false else { return nil }
            guard let time = time(of: crime) else { return from == nil && to == nil ? (.max, crime) : nil }
            return from.map { time > $0 } != false && to.map { time <= $0 } != false ? (time, crime) : nil
        }
        .sorted { ($0.time, $0.crime.id) < ($1.time, $1.crime.id) }
        .map(\.crime)
        return isAscending ? found : found.reversed()
    }

    private func time(of crime: TornWorld.Crime) -> Int64? {
        switch field {
        case "executed_at": crime.executed
        case "ready_at": crime.ready
        case "expired_at": crime.expires
        default: crime.created
        }
    }
}
