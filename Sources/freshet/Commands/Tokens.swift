import ArgumentParser
import FreshetDocument

/// The command `freshet tokens`.
struct Tokens: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create, list and revoke access tokens. With none, only loopback may write.",
        subcommands: [TokensCreate.self, TokensList.self, TokensRevoke.self], defaultSubcommand: TokensList.self)
}

/// The command `freshet tokens create`.
struct TokensCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a token; it is shown once and kept as a hash.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "A name to remember it by.")
    var name: String
    @Option(help: "reader, operator or admin.")
    var role = "reader"

    func validate() throws {
        if !["reader", "operator", "admin"].contains(role) {
            throw ValidationError("\"\(role)\" is not a role: use reader, operator or admin")
        }
    }

    func run() async throws {
        let body = jsonObject([("name", name), ("role", role)])
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/tokens", json: body).expectSuccess()
        }
        guard !output.json else { return printJSON(answer.body) }
        let token = try answer.json()
        standardError("token \(token.text("id")) (\(role)) made; it is shown only now:")
        print(token.text("token"))
    }
}

/// The command `freshet tokens ls`.
struct TokensList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List tokens without showing them.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, "/admin/tokens").expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        var table = Table(["ID", "NAME", "ROLE", "CREATED", "REVOKED"])
        for token in try Control.Answer(status: 200, body: body).json()["tokens"].list {
            table.add([
                token.text("id"), token.text("name"), token.text("role"), token.text("created_at"),
                token.text("revoked_at"),
            ])
        }
        print(table.isEmpty ? "there are no tokens; only loopback may write" : table.text)
    }
}

/// The command `freshet tokens revoke`.
struct TokensRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a token at once.")

    @OptionGroup var options: ConfigOptions
    @Argument(help: "The token's id, as `tokens ls` shows it.")
    var id: String

    func run() async throws {
        let id = id
        _ = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.delete, "/admin/tokens/\(id)").expectSuccess()
        }
        print("token \(id) is revoked")
    }
}
