import FreshetDocument

/// `docs/reference/cli.md`, made from what the program says of itself (`--experimental-dump-help`).
struct CommandPage {
    private let root: JSONValue

    /// - Throws: When the description is not JSON.
    init(description: String) throws { root = try JSONTape(text: description).root }

    var markdown: String {
        guard let command = root["command"] else { return "" }
        var lines = [
            "# Command line", "",
            "Made by `scripts/docs` from the program itself. `freshet help COMMAND` and `freshet COMMAND --help` say the "
                + "same; `freshet --version` prints the version.", "",
        ]
        lines += paragraphs(command["discussion"]?.string) + common
        lines += ["## Commands", "", "| command | what it does |", "|---|---|"]
        let all = leaves(command, path: ["freshet"])
        for (path, command) in all {
            let name = path.joined(separator: " ")
            lines.append("| [`\(name)`](#\(path.joined(separator: "-"))) | \(cell(command["abstract"]?.string)) |")
        }
        lines.append("")
        for (path, command) in all { lines += section(path, command) }
        return lines.joined(separator: "\n") + "\n"
    }

    private let common = [
        "A command finds the server and its own token in the data directory; `FRESHET_TOKEN` overrides the token.", "",
    ]

    /// Commands that do something, in the order of the help.
    private func leaves(_ command: JSONValue, path: [String]) -> [([String], JSONValue)] {
        (command["subcommands"].map { Array($0.elements) } ?? []).flatMap { sub -> [([String], JSONValue)] in
            guard let name = sub["commandName"]?.string, name != "help", isShown(sub) else { return [] }
            let below = leaves(sub, path: path + [name])
            return below.isEmpty ? [(path + [name], sub)] : below
        }
    }

    private func section(_ path: [String], _ command: JSONValue) -> [String] {
        let name = path.joined(separator: " ")
        let arguments = (command["arguments"].map { Array($0.elements) } ?? []).filter { argument in
            isShown(argument) && !["help", "version"].contains(longName(argument) ?? "")
        }
        var lines = ["## `\(name)`", "", command["abstract"]?.string ?? "", ""]
        lines += ["```", ([name] + arguments.map(usage)).joined(separator: " "), "```", ""]
        lines += paragraphs(command["discussion"]?.string)
        guard !arguments.isEmpty else { return lines }
        lines += ["| | | default |", "|---|---|---|"]
        for argument in arguments {
            let value = argument["defaultValue"]?.string.map { "`\($0)`" } ?? ""
            lines.append("| \(label(argument)) | \(cell(argument["abstract"]?.string)) | \(value) |")
        }
        return lines + [""]
    }

    private func usage(_ argument: JSONValue) -> String {
        let value = "<\(argument["valueName"]?.string ?? "")>"
        let more = argument["isRepeating"]?.bool == true ? " ..." : ""
        let text: String =
            switch argument["kind"]?.string {
            case "positional": value + more
            case "flag": "--\(longName(argument) ?? "")"
            default: "--\(longName(argument) ?? "") \(value)\(more)"
            }
        return argument["isOptional"]?.bool == true ? "[\(text)]" : text
    }

    private func label(_ argument: JSONValue) -> String {
        let value = "<\(argument["valueName"]?.string ?? "")>"
        guard argument["kind"]?.string != "positional" else { return "`\(value)`" }
        let names = (argument["names"].map { Array($0.elements) } ?? []).compactMap { name in
            name["name"]?.string.map { name["kind"]?.string == "short" ? "-\($0)" : "--\($0)" }
        }.sorted { $0.count < $1.count }
        let suffix = argument["kind"]?.string == "option" ? " \(value)" : ""
        return names.enumerated().map { index, name in
            "`\(name)\(index == names.count - 1 ? suffix : "")`"
        }.joined(separator: ", ")
    }

    private func longName(_ argument: JSONValue) -> String? {
        let names = argument["names"].map { Array($0.elements) } ?? []
        return names.first { $0["kind"]?.string == "long" }?["name"]?.string
    }

    private func isShown(_ value: JSONValue) -> Bool { value["shouldDisplay"]?.bool != false }

    private func paragraphs(_ text: String?) -> [String] {
        text.map { [$0, ""] } ?? []
    }

    /// Text for a table cell.
    private func cell(_ text: String?) -> String {
        (text ?? "").split(separator: "\n").joined(separator: " ").replacing("|", with: "\\|")
            .replacing("<", with: "&lt;")
    }
}
