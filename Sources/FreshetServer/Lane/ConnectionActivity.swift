/// What is going on on one connection; confined to its event loop.
final class ConnectionActivity {
    /// Requests that the router has and has not answered.
    private(set) var open = 0
    /// Whether the body of a request is still coming.
    private(set) var isReading = false
    /// Counts what shows that the client is there: whole requests, whole answers.
    private(set) var progress = 0

    func noteAnswer() { progress &+= 1 }
    func beginRequest() {
        open += 1
        isReading = true
        progress &+= 1
    }
    func noteRequestEnd() {
        isReading = false
        progress &+= 1
    }
    func endRequest() {
        open -= 1
        progress &+= 1
    }
}
