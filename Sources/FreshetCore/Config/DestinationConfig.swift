/// A warehouse that rows are sent to.
public struct DestinationConfig: Sendable {
    /// The name in `destinations:`.
    public var name: String
    /// The Google Cloud project.
    public var project: String
    /// The BigQuery dataset.
    public var dataset: String
    /// The file with the service account's key; `nil` sends no credentials, for local servers.
    public var credentials: String?
    /// The API's base URL.
    public var endpoint = "https://bigquery.googleapis.com"
    /// The dataset's location where it is not the default, such as `EU`.
    public var location: String?
    /// How often waiting rows are sent.
    public var every = Duration.seconds(60)
    /// The most rows of one load job.
    public var batchRows = 50_000

    /// Creates a destination with defaults.
    public init(name: String, project: String, dataset: String) {
        (self.name, self.project, self.dataset) = (name, project, dataset)
    }
}
