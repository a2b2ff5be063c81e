public import FreshetCore
import Synchronization

/// Where the webhooks stand for whoever asks the engine; they are made after it.
final class WebhookDesk: Sendable {
    private let state = Mutex<(any WebhookControl)?>(nil)

    var control: (any WebhookControl)? { state.withLock { $0 } }

    func set(_ control: any WebhookControl) { state.withLock { $0 = control } }
}

extension Engine {
    /// The webhooks; `nil` when there are none in this process.
    public var webhooks: (any WebhookControl)? { context.webhooks.control }

    /// Says who answers for the webhooks.
    public func attach(_ webhooks: any WebhookControl) { context.webhooks.set(webhooks) }
}

extension MirrorService {
    /// None.
    public var webhooks: (any WebhookControl)? { nil }
}
