import ArgumentParser
import FreshetCore
import FreshetDocument

/// The command `freshet webhooks`.
struct WebhooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks", abstract: "Show, test and resume webhooks; make signing secrets.",
        subcommands: [WebhooksList.self, WebhooksTest.self, WebhooksResume.self, WebhooksSecret.self],
        defaultSubcommand: WebhooksList.self)
}

/// The command `freshet webhooks ls`.
struct WebhooksList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Show every webhook, its place in the event log and its last error.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let body = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.get, "/admin/webhooks").expectSuccess().body
        }
        guard !output.json else { return printJSON(body) }
        var table = Table(["WEBHOOK", "PHASE", "BEHIND", "WAITING SINCE", "DELIVERED", "NEXT ATTEMPT", "LAST ERROR"])
        for webhook in try Control.Answer(status: 200, body: body).json()["webhooks"].list {
            table.add([
                webhook.text("webhook"), webhook.text("phase"), webhook.text("behind"), webhook.text("waiting_since"),
                webhook.text("delivered"), webhook.text("next_attempt"), webhook.text("last_error"),
            ])
        }
        print(table.text)
    }
}

/// The command `freshet webhooks test`.
struct WebhooksTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send a signed test message to a webhook.",
        discussion: "Nothing is retried and no place moves. Exit code 69 when the endpoint did not accept it.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The webhook.")
    var webhook: String

    func run() async throws {
        let webhook = webhook
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, "/admin/webhooks/\(PercentEncoding.encode(webhook))/test").expectSuccess()
        }
        let result = try answer.json()
        if output.json { printJSON(answer.body) } else { print("\(webhook): \(result.text("message"))") }
        if result.text("accepted") != "true" { throw Exit.unavailable }
    }
}

/// The command `freshet webhooks resume`.
struct WebhooksResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a webhook that waits, is parked or disabled go on at once.")

    @OptionGroup var options: ConfigOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The webhook.")
    var webhook: String
    @Flag(help: "Leave out the event that it does not take.")
    var skip = false

    func run() async throws {
        let path = "/admin/webhooks/\(PercentEncoding.encode(webhook))/resume\(skip ? "?skip=1" : "")"
        let answer = try await Control.with(try options.load(quiet: true)) { control in
            try await control.call(.post, path).expectSuccess()
        }
        if output.json { printJSON(answer.body) } else { print("\(webhook): \(try answer.json().text("phase"))") }
    }
}

/// The command `freshet webhooks secret`.
struct WebhooksSecret: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Print a new signing secret; it is kept nowhere.")

    func run() {
        var generator = SystemRandomNumberGenerator()
        print(WebhookSecret.make(using: &generator))
    }
}
