import Testing

/// Asks again and again until the answer is yes or the time is up: the one way to wait for another process.
///
/// - Returns: Whether it came true in time; a `false` is recorded as a failure of the caller's line.
@discardableResult
func eventually(
    _ what: String, within limit: Duration = .seconds(15), every pause: Duration = .milliseconds(20),
    location: SourceLocation = #_sourceLocation, _ isTrue: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await isTrue() { return true }
        try await Task.sleep(for: pause)  // another process tells nothing by itself, and asking must not load it
    }
    Issue.record("not within \(limit): \(what)", sourceLocation: location)
    return false
}

extension Mirror {
    /// Waits for so many answers: some moment of the program's life that no clock says.
    func lets(pass answers: Int) async throws {
        for _ in 0..<answers { _ = try await get("/readyz") }
    }
}
