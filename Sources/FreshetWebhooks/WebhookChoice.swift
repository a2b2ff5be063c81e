import FreshetCore
import FreshetDocument

/// Which events an endpoint gets.
struct WebhookChoice: Sendable {
    private let filter: EventFilter
    private let ignore: [JSONPath]
    private let firstLoads: Bool

    init(_ config: WebhookConfig) {
        filter = config.filter
        // The configuration was checked; a path that cannot be read ignores nothing.
        ignore = config.ignore.compactMap { try? JSONPath($0) }
        firstLoads = config.firstLoads
    }

    func takes(_ event: Event) -> Bool {
        guard filter.takes(event) else { return false }
        // Documents that are read less often than they go stale tell it again and again: only who names it wants that.
        if filter.topics.isEmpty, event.type == "dataset.stale" { return false }
        guard !firstLoads || !ignore.isEmpty, let payload = try? JSONTape(event.payload).root else { return true }
        if !firstLoads, payload["first"]?.bool == true { return false }
        return ignore.isEmpty || event.type != "dataset.updated" || !isIgnored(payload)
    }

    /// Whether everything that changed is of no interest; what is not listed in full is of interest.
    private func isIgnored(_ payload: JSONValue) -> Bool {
        guard let changes = payload["changes"], changes.count > 0, payload["truncated"]?.bool == false else {
            return false
        }
        return changes.elements.allSatisfy { change in
            guard let pointer = change["path"]?.string else { return false }
            let isOrder = change["op"]?.string == "reorder"
            return ignore.contains {
                $0.covers(pointer: pointer) || (isOrder && $0.coversElements(ofArrayAt: pointer))
            }
        }
    }
}
