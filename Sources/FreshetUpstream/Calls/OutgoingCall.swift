import FreshetCore

/// One call to a source, before credentials.
struct OutgoingCall: Sendable {
    var method = "GET"
    var url: HTTPURL
    /// Sent to the source only.
    var headers = HeaderFields()
    /// Sent also to hosts that the source redirects to: conditions, for an `ETag` belongs to the document at the end
    /// of the chain.
    var sharedHeaders = HeaderFields()
    var body: [UInt8] = []
    /// Whether good answers are parsed and guarded; otherwise they are passed on whatever they are.
    var wantsDocument = true
    /// How much of an answer is read.
    var plan: @Sendable (TransportHead) -> BodyPlan
}

/// What came of a call.
enum CallOutcome<Value: Sendable>: Sendable {
    /// What the judge accepted, and the address it came from in the end.
    case value(Value, url: HTTPURL)
    case failed(CallFailure)
    case denied(PermitDenied)
}
