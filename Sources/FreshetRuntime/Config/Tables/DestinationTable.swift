import FreshetCore

/// A warehouse as the file has it.
struct DestinationDraft: Sendable {
    var config = DestinationConfig(name: "", project: "", dataset: "")

    init() {}

    init(showing config: DestinationConfig) { self.config = config }
}

/// `destinations:`.
enum DestinationTable {
    static let section = Section<DestinationDraft>(
        "destination", at: "destinations.<destination>", doc: "A warehouse that rows of tables are sent to.",
        example: "{ bigquery: { project: my-project, dataset: games, credentials: ./credentials.json } }",
        defaults: DestinationDraft(),
        keys: [
            Key("bigquery", \.config, bigQuery.kind, required: true, synonyms: ["bq"], "Google BigQuery, by load jobs.")
        ])

    static let bigQuery = Section<DestinationConfig>(
        "bigquery", at: "destinations.<destination>.bigquery", doc: "Google BigQuery, by load jobs.",
        example: "{ project: my-project, dataset: games, credentials: ./credentials.json }",
        defaults: DestinationConfig(name: "", project: "", dataset: ""),
        keys: [
            Key(
                "project", \.project, .text("name", example: "my-project"), required: true, "The Google Cloud project."),
            Key(
                "dataset", \.dataset, .text("name", example: "games"), required: true, "The dataset, which must exist."),
            Key(
                "credentials", \.credentials, .optional(.text("path", example: "./credentials.json")),
                defaultWords: "none are sent", synonyms: ["credentials_file", "key_file", "service_account"],
                "The file with the service account's key. A relative path starts at the folder of this file."),
            Key(
                "location", \.location, .optional(.text("location", example: "EU")), defaultWords: "BigQuery's default",
                synonyms: ["region"], "Where the dataset lies."),
            Key(
                "endpoint", \.endpoint, .text("URL", example: "http://127.0.0.1:9050"), synonyms: ["url", "base_url"],
                "The API's base URL."),
            Key(
                "every", \.every, .duration(atLeast: .milliseconds(100)), synonyms: ["interval", "flush"],
                "How often waiting rows are sent."),
            Key(
                "batch_rows", \.batchRows, .integer(1...1_000_000), synonyms: ["batch", "batch_size"],
                "The most rows of one load job."),
        ])
}
