public import FreshetCore

/// What an operator should hear of the webhooks.
public enum WebhookNotice: Sendable {
    /// A message was accepted.
    case accepted(webhook: String, took: Duration)
    /// An attempt failed; `isFirst` when the one before it did not.
    case failed(webhook: String, reason: String, wait: Duration, isFirst: Bool, took: Duration)
    /// Attempts failed for hours; the place is kept.
    case parked(webhook: String, reason: String)
    /// It answered 410 Gone.
    case disabled(webhook: String)
    /// A parked endpoint takes messages again.
    case resumed(webhook: String)
    /// Events were lost before they could be sent; the endpoint is told.
    case gap(webhook: String, from: String, to: String)
    /// The store did not answer; nothing moves until it does.
    case storeFailed(webhook: String, StoreError)
}
