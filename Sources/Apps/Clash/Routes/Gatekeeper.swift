import FreshetCore

/// Lets users in.
struct Gatekeeper: Sendable {
    /// What becomes of a request.
    enum Verdict: Sendable {
        /// It is answered, for this user; `nil` where no issuer is configured.
        case admitted(ClashUser?)
        /// It is not.
        case refused(AppReply)
    }

    let service: ClashService

    func admit(_ request: AppRequest, _ need: ClashRoutes.Need) async throws -> Verdict {
        guard let identity = service.options.identity, let verifier = service.verifier else {
            guard need == .user else { return .admitted(nil) }
            return .refused(
                .problem(401, "No users here.", "Configure apps.clash.identity; without an issuer there are no users."))
        }
        guard let token = request.token(cookie: identity.cookie) else { return .refused(Self.unauthorized()) }
        let subject: String
        do {
            let keys = try await keySet(identity, request.services)
            subject = try await verifier.subject(of: token, keySet: keys, now: request.services.clock.now())
        } catch let refusal as TokenVerifier.Refusal {
            if refusal == .unknownKey { await renewKeys(request.services) }
            // Which check failed is nobody's business but the operator's.
            return .refused(Self.unauthorized())
        }
        let user: ClashUser
        do {
            let known = try await service.users.user(subject, request.services)
            guard known != nil || identity.acceptsNewUsers else { return .refused(Self.unauthorized()) }
            user = known ?? ClashUser(subject: subject)
        } catch {
            // The token is good; that the store cannot tell the user's player must not keep reads from memory.
            if need == .user { throw error }
            return .admitted(ClashUser(subject: subject))
        }
        guard need != .player || user.playerTag != nil else {
            return .refused(
                .problem(
                    400, "No player tag.",
                    "Say which player you are: PUT \(ClashRoutes.prefix)/user/player-tag {\"player_tag\": \"#…\"}."))
        }
        return .admitted(user)
    }

    private static func unauthorized() -> AppReply {
        var reply = AppReply.problem(401, "Not signed in.", "Send a valid token of the issuer as cookie or bearer.")
        reply.headers.append(("WWW-Authenticate", "Bearer"))
        return reply
    }

    // MARK: Keys of the issuer

    private func keySet(_ identity: ClashIdentity, _ services: AppServices) async throws -> [UInt8]? {
        switch identity.keySet {
        case .document(let bytes): return bytes
        case .url:
            let id = DocumentID(dataset: ClashDatasets.issuerKeys, key: DocumentID.singletonKey)
            guard let document = try await services.read(id), document.state.presence == .live else { return nil }
            return document.body
        case nil: return nil
        }
    }

    /// A key that is not in the set may be new: the mirror looks, at most as often as the source allows.
    private func renewKeys(_ services: AppServices) async {
        let id = DocumentID(dataset: ClashDatasets.issuerKeys, key: DocumentID.singletonKey)
        guard services.configuration.dataset(id.dataset) != nil,
            let checked = try? await services.read(id)?.state.checkedAt,
            services.clock.now() - checked > .seconds(60)
        else { return }
        _ = try? await services.refresh(EnqueueRequest(document: id, priority: .high, cause: "unknown-key"))
    }
}
