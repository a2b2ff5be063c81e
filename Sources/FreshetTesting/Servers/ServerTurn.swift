/// Gives a server, which is another process, a moment to do something in its own time.
///
/// For loops that ask it until something holds: without a pause they would take the processor that the server needs. No test may
/// rest on how long it is.
public func serverTurn() async { try? await ContinuousClock().sleep(for: .milliseconds(5)) }
