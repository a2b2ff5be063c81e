/// The reference page of `freshet.yaml`, made from the table that the parser reads by.
public enum ConfigReference {
    /// Markdown, as `docs/reference/configuration.md` holds it.
    public static func markdown() -> String {
        let sections = RootTable.section.info.all()
        return introduction + "\n" + sections.map(section).joined(separator: "\n") + "\n" + presets + "\n" + variables
    }

    private static let introduction = """
        # Configuration

        <!-- Generated from the configuration table: change the table, not this page. -->

        Freshet reads one file, `freshet.yaml` in the current folder or the one that `--config` names. All problems are reported
        at once, each with its line; `freshet check` reports them without starting anything. `freshet init` writes a file to
        start from, and `freshet schema config` prints a JSON Schema for editors.

        - **Durations** are ISO 8601 (`PT10M`, `P1D`, `P1M`) or short (`500ms`, `10m`, `1h30m`, `2d`). A number without a unit is
          refused. `P1M` is a calendar month where the table says so, and refused where an exact length is needed.
        - **Sizes** are a number and `B`, `KB`, `MB`, `GB` (powers of 1000) or `KiB`, `MiB`, `GiB` (powers of 1024).
        - **`${env:NAME}`** stands for an environment variable, `${env:NAME:-default}` for one that may be unset or empty, and
          `${file:PATH}` for the text of a file without its last line break. They work inside any value; inside `{ }` and `[ ]`
          they need quotes. `$${` is a literal `${`. A variable that is not set is a problem.
        - **`.env`** beside the file is read; the environment of the process wins.
        - **Relative paths** start at the folder of the file.
        - **Secrets** are never printed: not in messages, logs or `freshet check --show`.
        - **Anchors, aliases and merge keys** of YAML work; top-level keys that start with `x-` are left alone and can hold them.

        """

    private static func section(_ section: ConfigSection) -> String {
        var text = "## `\(section.name)`\n\n\(section.doc)\n\n"
        if !section.example.isEmpty { text += "```yaml\n\(section.example)\n```\n\n" }
        text += "| key | value | default | meaning |\n|---|---|---|---|\n"
        for key in section.keys {
            let fallback = key.isRequired ? "required" : key.defaultText ?? "–"
            text += "| `\(key.name)` | \(cell(key.type.label)) | \(cell(fallback)) | \(cell(key.doc)) |\n"
        }
        return text
    }

    private static var presets: String {
        let rows = ErrorPreset.all.map { preset in
            "### `errors: \(preset.name)`\n\n\(preset.doc)\n\n```yaml\n"
                + "errors:\n"
                + preset.rules.map { "  - \(ErrorTable.rule.show(ErrorRuleDraft(showing: $0)).flow)\n" }.joined()
                + "```\n"
        }
        return "## Ready error rules\n\n" + rows.joined(separator: "\n")
    }

    private static var variables: String {
        """
        ## Environment variables of replaced applications

        These keep their names and units. They are applied when a source of that name is declared, over what the file says, and
        are read from `.env` too.

        | variable | unit | sets |
        |---|---|---|

        """
            + SeedVariable.all.map {
                "| `\($0.name)` | \($0.unit.rawValue) | `\($0.effect.key)` of the source `\($0.source)`"
                    + "\($0.effect.key == "timeout" ? "" : "'s datasets") |\n"
            }.joined()
    }

    private static func cell(_ text: String) -> String {
        String(text.flatMap { $0 == "|" ? Array("\\|") : [$0] })
    }
}
