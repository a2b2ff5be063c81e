public import FreshetCore

/// Clash of Clans: clans, players, wars, raids and leagues that answer from the mirror, with loyalty, risk and users.
public struct ClashApp: App {
    /// `clash`.
    public static let name = "clash"

    /// What it was made from.
    public let options: ClashOptions
    private let service: ClashService

    /// Creates the app.
    public init(_ options: ClashOptions) {
        self.options = options
        service = ClashService(options)
    }

    /// The API, the game's images, and the issuer of identities where its keys are fetched.
    public var sources: [SourceConfig] { ClashSource(options: options).all }

    /// What is mirrored.
    public var datasets: [DatasetConfig] { ClashDatasets(options: options).all }

    /// None: the tables are read as they are.
    public var views: [ViewSpec] { [] }

    /// The routes below `/apps/clash`.
    public var routes: [AppRoute] { ClashRoutes(service: service).all }

    /// The rows' document.
    public func tableDocument(for change: DocumentChange) throws -> [UInt8]? {
        try ClashRows(options: options).document(for: change)
    }

    /// Members who come and go, wars and raids that begin and end.
    public func events(for change: DocumentChange) throws -> [NewEvent] { try ClashEvents.events(for: change) }

    /// When a war or raid ends, or a battle begins.
    public func nextLook(at id: DocumentID, body: [UInt8], now: Timestamp) -> NextLook? {
        ClashMoments.nextLook(at: id, body: body, now: now)
    }
}

/// What routes share: settings, users, verifier and what was remembered.
final class ClashService: Sendable {
    let options: ClashOptions
    let users = UserBook()
    let answers = AnswerCache()
    let verifier: TokenVerifier?
    let assets: AssetProxy

    init(_ options: ClashOptions) {
        self.options = options
        verifier = options.identity.map(TokenVerifier.init)
        assets = AssetProxy(options: options, cache: AssetCache())
    }
}
