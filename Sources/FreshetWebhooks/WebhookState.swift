import FreshetCore
import FreshetDocument

/// Where an endpoint stands, as it is kept in the store.
struct WebhookState: Sendable, Equatable {
    /// Everything up to here was delivered or left out.
    var place: EventPlace
    /// Events that are not kept any more, up to this offset: the endpoint must be told before it goes on.
    var gap: Gap?
    /// The event that the endpoint did not take, and when it was written.
    var pending: Pending?
    /// Attempts that failed in a row.
    var failures = 0
    var nextAttempt: Timestamp?
    var parkedAt: Timestamp?
    var disabledAt: Timestamp?
    /// Whose 410 it was.
    var disabledURL = ""
    var lastError: String?
    var lastSuccess: Timestamp?
    var delivered: Int64 = 0

    struct Gap: Sendable, Equatable {
        var from: String
        var to: EventPlace
        var reason: String
        var at: Timestamp
    }

    struct Pending: Sendable, Equatable {
        var offset: Int64
        var at: Timestamp
    }

    init(place: EventPlace) { self.place = place }

    var phase: WebhookStatus.Phase {
        if disabledAt != nil { return .disabled }
        if parkedAt != nil { return .parked }
        return failures > 0 ? .retrying : .active
    }

    // MARK: What happens

    /// News of an endpoint that others should hear.
    enum News: Sendable, Equatable {
        case parked, resumed, disabled
    }

    /// A message was accepted; the endpoint stands behind it.
    mutating func accepted(upTo reached: EventPlace, now: Timestamp) -> News? {
        let wasParked = parkedAt != nil
        place = reached
        (gap, pending, failures, nextAttempt, parkedAt, lastError) = (nil, nil, 0, nil, nil, nil)
        lastSuccess = now
        delivered += 1
        return wasParked ? .resumed : nil
    }

    mutating func failed(
        _ reason: String, at pending: Pending?, wait: Duration, now: Timestamp
    ) -> News? {
        failures += 1
        self.pending = pending
        lastError = reason
        nextAttempt = now + wait
        guard WebhookPolicy.isParked(after: failures), parkedAt == nil else { return nil }
        parkedAt = now
        return .parked
    }

    mutating func gone(url: String, at pending: Pending?, now: Timestamp) -> News {
        self.pending = pending
        (disabledAt, disabledURL, nextAttempt) = (now, url, nil)
        lastError = "it answered 410 Gone"
        return .disabled
    }

    /// Goes on at once, whatever stood in the way.
    mutating func resume(skipping: Bool) {
        if skipping {
            if let gap { place = gap.to } else if let pending { place.offset = max(place.offset, pending.offset) }
            (gap, pending) = (nil, nil)
        }
        (failures, nextAttempt, parkedAt, disabledAt, disabledURL) = (0, nil, nil, nil, "")
    }

    // MARK: Bytes

    var bytes: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("place", place.text)
        if let gap {
            json.key("gap")
            json.beginObject()
            json.field("from", gap.from)
            json.field("to", gap.to.text)
            json.field("reason", gap.reason)
            json.field("at", gap.at.rfc3339)
            json.endObject()
        }
        if let pending {
            json.key("pending")
            json.int(pending.offset)
            json.field("pending_at", pending.at.rfc3339)
        }
        json.key("failures")
        json.int(failures)
        for (name, time) in [
            ("next_attempt", nextAttempt), ("parked_at", parkedAt), ("disabled_at", disabledAt),
            ("last_success", lastSuccess),
        ] {
            if let time { json.field(name, time.rfc3339) }
        }
        if !disabledURL.isEmpty { json.field("disabled_url", disabledURL) }
        if let lastError { json.field("last_error", lastError) }
        json.key("delivered")
        json.int(delivered)
        json.endObject()
        return json.bytes
    }

    /// Reads what was kept; `nil` when it is of no known form.
    init?(_ bytes: [UInt8]) {
        guard let root = try? JSONTape(bytes).root, let place = root["place"]?.string.flatMap(EventPlace.init) else {
            return nil
        }
        func time(_ value: JSONValue?) -> Timestamp? { value?.string.flatMap(Timestamp.init(rfc3339:)) }
        self.init(place: place)
        if let found = root["gap"], let from = found["from"]?.string,
            let to = found["to"]?.string.flatMap(EventPlace.init),
            let at = time(found["at"])
        {
            gap = Gap(from: from, to: to, reason: found["reason"]?.string ?? "", at: at)
        }
        if let offset = root["pending"]?.int64, let at = time(root["pending_at"]) {
            pending = Pending(offset: offset, at: at)
        }
        failures = Int(root["failures"]?.int64 ?? 0)
        nextAttempt = time(root["next_attempt"])
        parkedAt = time(root["parked_at"])
        disabledAt = time(root["disabled_at"])
        disabledURL = root["disabled_url"]?.string ?? ""
        lastError = root["last_error"]?.string
        lastSuccess = time(root["last_success"])
        delivered = root["delivered"]?.int64 ?? 0
    }
}
