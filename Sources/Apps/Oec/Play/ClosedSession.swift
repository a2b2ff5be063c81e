import FreshetCore

/// A connection to a process that plays no games.
struct ClosedSession: AppSocketSession {
    init(_ connection: AppSocketConnection) { connection.close(4000, "no games are played here") }

    func received(_ text: String) async {}
    func closed() async {}
}
