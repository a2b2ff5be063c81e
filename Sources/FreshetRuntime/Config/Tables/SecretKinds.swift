import FreshetCore

/// A secret with the place where it stands.
struct SecretText: Sendable {
    let secret: Secret
    /// Whether the secret itself stands in the file, as a literal or as the default of a variable.
    let isWritten: Bool
    let mark: ConfigMark
    let path: String
}

extension Kind where Value == SecretText {
    /// A text that is never shown, not even in a message about it.
    static var secret: Kind {
        Kind(type: .text("secret")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a key, best as \"${env:NAME}\"", hiding: true)
                return nil
            }
            let text = scalar.text
            guard !text.isEmpty else {
                let origin = scalar.origin == .literal ? "is empty" : "\(node.found) is empty"
                reading.problem(node, "\(origin); give the key, best as \"${env:NAME}\"")
                return nil
            }
            guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                reading.problem(
                    node, "the key holds a line break or a control character; was a whole file or two keys pasted?")
                return nil
            }
            return SecretText(
                secret: Secret(text), isWritten: scalar.origin != .interpolated, mark: node.mark, path: node.path)
        } show: { _ in
            .text(Redaction.mark)
        }
    }
}

extension Kind where Value == [KeyDraft] {
    /// One key or several, each a text or a map with an account.
    static var keys: Kind {
        list(AuthTable.key.info, want: "a key such as \"${env:NAME}\"") { node, reading in
            if node.map == nil {
                return Kind<SecretText>.secret.read(node, &reading).map { key($0, account: "default") }
            }
            return AuthTable.key.read(node, &reading).flatMap { draft in
                draft.value.map { key($0, account: draft.account) }
            }
        }
    }

    /// One user or several, each `user:password` or a map.
    static var basicKeys: Kind {
        list(AuthTable.basicUser.info, want: "a user such as \"${env:USER}:${env:PASSWORD}\"") { node, reading in
            if node.map == nil {
                guard let text = Kind<SecretText>.secret.read(node, &reading) else { return nil }
                guard text.secret.reveal().contains(":") else {
                    reading.problem(node, "has no colon: write \"user:password\", or { user: …, password: … }")
                    return nil
                }
                return key(text, account: "default")
            }
            guard let draft = AuthTable.basicUser.read(node, &reading), let user = draft.user,
                let password = draft.password
            else { return nil }
            guard !user.secret.reveal().contains(":") else {
                reading.problem(user.mark, user.path, "a user name has no colon in HTTP Basic authentication")
                return nil
            }
            return KeyDraft(
                secret: Secret("\(user.secret.reveal()):\(password.secret.reveal())"), account: draft.account,
                isWritten: password.isWritten, mark: password.mark, path: password.path)
        }
    }

    private static func key(_ text: SecretText, account: String) -> KeyDraft {
        KeyDraft(secret: text.secret, account: account, isWritten: text.isWritten, mark: text.mark, path: text.path)
    }

    private static func list(
        _ section: ConfigSection, want: String,
        item: @escaping @Sendable (ConfigNode, inout Reading) -> KeyDraft?
    ) -> Kind {
        let one = Kind<KeyDraft>(type: .either([.text("secret"), .section(section)]), read: item) { key in
            key.account == "default"
                ? .text(Redaction.mark) : .object([("value", .text(Redaction.mark)), ("account", .text(key.account))])
        }
        let many = Kind.oneOrMore(one)
        return Kind(type: many.type) { node, reading in
            if node.isNull || node.list?.isEmpty == true {
                reading.problem(node, "has no key; give at least one, such as \"${env:NAME}\", or write auth: none")
                return nil
            }
            return many.read(node, &reading)
        } show: {
            many.show($0)
        }
    }
}
