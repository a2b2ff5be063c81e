import FreshetCore
import FreshetDocument

/// The plans of all sources as one JSON object.
enum PlanJSON {
    static func text(_ plans: [CallPlan]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.list("sources", plans) { plan, writer in write(plan, to: &writer) }
        writer.endObject()
        return writer.text
    }

    private static func write(_ plan: CallPlan, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("source", plan.source)
        writer.field("calls_per_day", plan.callsPerDay)
        writer.list("datasets", plan.demands) { demand, writer in
            writer.beginObject()
            writer.field("dataset", demand.dataset.description)
            writer.field("keys", demand.keys)
            writer.field("runs_per_day", demand.runsPerDay)
            writer.field("calls_per_day", demand.callsPerDay)
            writer.field("priority", demand.priority.name)
            writer.endObject()
        }
        writer.list("keys", plan.keys) { key, writer in
            writer.beginObject()
            writer.field("key_id", key.keyID)
            writer.field("calls_per_day", key.callsPerDay)
            writer.endObject()
        }
        writer.list("limits", plan.loads) { load, writer in
            writer.beginObject()
            writer.field("limit", load.limit)
            writer.field("allowed_per_day", load.allowedPerDay)
            writer.field("asked_per_day", load.demandPerDay)
            writer.field("share", load.share)
            writer.endObject()
        }
        writer.list("impossible", plan.impossible) { $1.string($0) }
        writer.list("warnings", plan.warnings) { $1.string($0) }
        writer.endObject()
    }
}

extension JSONWriter {
    /// Writes a member with an array, each element by `body`.
    fileprivate mutating func list<Element>(
        _ name: String, _ elements: [Element], _ body: (Element, inout JSONWriter) -> Void
    ) {
        key(name)
        beginArray()
        for element in elements { body(element, &self) }
        endArray()
    }
}
