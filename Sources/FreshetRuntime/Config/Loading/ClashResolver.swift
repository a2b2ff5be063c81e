import ClashApp
import FreshetCore
import FreshetDocument

/// Makes the Clash app from its section and checks what needs more than one value.
struct ClashResolver {
    let draft: ClashDraft

    /// The app; `nil` after a problem that leaves nothing to run.
    func resolve(reading: inout Reading) -> ClashApp? {
        var options = draft.options
        options.keys = keys(reading: &reading)
        guard !options.keys.isEmpty else { return nil }
        options.clans = clans(reading: &reading)
        options.identity = draft.identity.flatMap { identity($0, reading: &reading) }
        if !options.risk.weights.isValid {
            reading.problem(draft.place, "risk", "has weights that are all zero; give one of them more than that")
        }
        for (name, paths) in [
            ("quiet_in_clan", options.freshness.quietInClan), ("quiet_in_player", options.freshness.quietInPlayer),
        ] {
            for path in paths where (try? JSONPath(path)) == nil {
                reading.problem(
                    draft.place, "freshness", "\(name): \"\(path)\" is not a JSONPath, such as $.clanPoints")
            }
        }
        return ClashApp(options)
    }

    private func keys(reading: inout Reading) -> [Credential] {
        var (seen, result) = ([Secret: String](), [Credential]())
        for key in draft.keys {
            if let earlier = seen[key.secret] {
                reading.problem(key.mark, key.path, "is the same key as \(earlier); give each key once")
                continue
            }
            seen[key.secret] = key.path
            result.append(
                Credential(
                    id: AuthTable.keyID(source: ClashApp.name, secret: key.secret), secret: key.secret,
                    account: key.account))
            if key.isWritten {
                reading.warning(
                    key.mark, key.path,
                    "the key stands in the file itself; write \"${env:COC_TOKEN_1}\" and put it into .env")
            }
        }
        return result
    }

    private func clans(reading: inout Reading) -> [String] {
        let tags = draft.clans.compactMap { clan -> String? in
            let tag = KeyNormaliser.clashTag.normalise(clan.value)
            if tag == nil {
                reading.problem(clan.mark, clan.path, "\"\(clan.value)\" is not a tag; write one such as \"#2PP\"")
            }
            return tag
        }
        return Set(tags).sorted()
    }

    // MARK: Identity

    /// With neither secret nor key set, `JWT_SIGNING_KEY` may still bring the secret; ``SeedEnvironment`` looks.
    private func identity(_ draft: ClashIdentityDraft, reading: inout Reading) -> ClashIdentity? {
        var identity = draft.settings
        if let key = draft.signingKey {
            // A refused secret stays: the configuration is refused as a whole, and one mistake is told once.
            identity.signingKey = key.secret
            _ = Self.check(key.secret) { reading.problem(key.mark, key.path, $0) }
            if key.isWritten {
                reading.warning(
                    key.mark, key.path, "the secret stands in the file itself; write \"${env:JWT_SIGNING_KEY}\"")
            }
        }
        identity.keySet = keySet(draft, reading: &reading)
        return identity
    }

    /// The secret, unless it cannot sign, which is told.
    static func check(_ secret: Secret, tell: (String) -> Void) -> Secret? {
        guard let fault = ClashIdentity.fault(of: secret) else { return secret }
        tell("\(fault); make one with: openssl rand -base64 48")
        return nil
    }

    private func keySet(_ draft: ClashIdentityDraft, reading: inout Reading) -> ClashIdentity.KeySet? {
        guard let text = draft.keySet else { return nil }
        if text.hasPrefix("http://") || text.hasPrefix("https://") {
            guard let url = URLText(text), !url.rest.isEmpty, url.rest != "/" else {
                reading.problem(
                    draft.place, "jwks", "is no address of a key set, such as https://id.example.com/jwks.json")
                return nil
            }
            guard text.hasPrefix("https://") || url.isLoopback else {
                reading.problem(draft.place, "jwks", "must be an https address: whoever can change it can be any user")
                return nil
            }
            return .url(text)
        }
        let bytes = Array(text.utf8)
        guard let root = try? JSONTape(bytes).root, root["keys"]?.count ?? 0 > 0 else {
            reading.problem(
                draft.place, "jwks", "is neither an https address nor a key set; write \"${file:jwks.json}\" for a file"
            )
            return nil
        }
        return .document(bytes)
    }
}
