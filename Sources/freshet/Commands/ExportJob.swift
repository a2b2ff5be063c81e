import ArgumentParser
import FreshetCore
import FreshetDocument
import FreshetExport

/// Brings the rows of one table into a file.
struct ExportJob: Sendable {
    /// What was written.
    struct Result: Sendable {
        var rows = 0
        var bytes = 0
        var seconds = 0.0
        /// Columns that a Parquet file holds as text because no narrower type holds every value.
        var textColumns: [String] = []
    }

    let question: ExportQuestion
    let format: Export.Format
    let path: String?

    /// Writes the rows.
    func run(_ control: Control) async throws -> Result {
        let answer = try await control.call(.get, "/v1/tables/\(PercentEncoding.encode(question.table))/schema")
        let schema = try answer.expectSuccess().json()
        let total = question.isWhole ? schema["rows"]?.int64.map { Int($0) } : nil
        let output = try ExportOutput(path: path, startsOver: format == .parquet)
        var progress = ExportProgress(table: question.table, total: total)
        do {
            var result: Result
            if format == .parquet {
                result = try await parquet(control, schema, output, &progress)
            } else {
                result = try await lines(control, output, &progress)
            }
            progress.clear()
            try output.commit()
            result.seconds = progress.seconds
            return result
        } catch {
            progress.clear()
            output.abandon()
            if let error = error as? ExportError { throw Exit.fail("\(error)", Exit.cannotWrite) }
            throw error
        }
    }

    // MARK: CSV and NDJSON

    /// Copies page after page as the server writes it.
    private func lines(
        _ control: Control, _ output: ExportOutput, _ progress: inout ExportProgress
    ) async throws -> Result {
        var result = Result()
        var sink = FileSink(descriptor: output.descriptor)
        let path = question.path(format: format.rawValue)
        var pages = ExportPages(control: control, path: path, limit: question.limit)
        while let page = try await pages.next() {
            // The names of the columns stand once, above the first page.
            if format == .csv { pages.path = path + "&header=0" }
            try sink.write(page.body)
            result.rows += page.rows
            result.bytes = sink.written
            progress.show(rows: result.rows, bytes: result.bytes)
        }
        return result
    }

    // MARK: Parquet

    /// Plans the types, and writes until every value fits.
    private func parquet(
        _ control: Control, _ schema: JSONValue, _ output: ExportOutput, _ progress: inout ExportProgress
    ) async throws -> Result {
        var plan = try await plan(control, schema)
        while true {
            switch try await attempt(plan.columns, control, output, &progress) {
            case .complete(var result):
                result.textColumns = plan.textColumns
                return result
            case .misfit(let column, let value):
                plan.widen(column, for: value)
                try output.startOver()
            }
        }
    }

    private enum Attempt {
        case complete(Result)
        case misfit(column: Int, value: TableValue)
    }

    private func plan(_ control: Control, _ schema: JSONValue) async throws -> ParquetPlan {
        let first = try await control.rows(.get, question.path(format: "json") + "&limit=1")
        let columns = try ExportRows(first.body).columns
        guard !columns.isEmpty else {
            throw Exit.fail("\(question.table) has no columns, and Parquet needs one", Exit.badData)
        }
        let known = schema["columns"].list
        var plan = ParquetPlan(
            columns.map { column in
                let described = known.first { $0["name"]?.isString(column.name) == true }
                var source = ParquetPlan.Source(name: column.name, type: column.type)
                if let digits = described?["digits"]?.int64 { source.digits = Int(digits) }
                if let digits = described?["precision"]?["digits"]?.int64,
                    let scale = described?["precision"]?["scale"]?.int64
                {
                    source.precision = (Int(digits), Int(scale))
                }
                return source
            })
        guard !plan.undecided.isEmpty else { return plan }
        let names = plan.undecided.map { columns[$0].name }
        var pages = ExportPages(
            control: control, path: question.path(format: "json", columns: names), limit: question.limit)
        while let page = try await pages.next() {
            for row in try ExportRows(page.body).rows {
                for (value, column) in zip(row, plan.undecided) { plan.see(value, in: column) }
            }
        }
        return plan
    }

    private func attempt(
        _ columns: [ParquetColumn], _ control: Control, _ output: ExportOutput,
        _ progress: inout ExportProgress
    ) async throws -> Attempt {
        var result = Result()
        var writer = try ParquetWriter(columns: columns, sink: FileSink(descriptor: output.descriptor))
        var pages = ExportPages(control: control, path: question.path(format: "json"), limit: question.limit)
        while let page = try await pages.next() {
            do {
                try writer.write(try ExportRows(page.body).rows)
            } catch ExportError.misfit(let column, let value) {
                return .misfit(column: column, value: value)
            }
            result.rows += page.rows
            progress.show(rows: result.rows, bytes: writer.bytes)
        }
        result.bytes = try writer.finish()
        return .complete(result)
    }
}
