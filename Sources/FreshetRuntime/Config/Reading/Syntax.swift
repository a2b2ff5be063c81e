import FreshetCore
import FreshetDocument

extension Kind where Value == String {
    /// A JSONPath in the part of RFC 9535 that Freshet knows.
    static var jsonPath: Kind {
        Kind(type: .text("JSONPath", pattern: "^\\$")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a JSONPath such as \"$.items[*].id\"")
                return nil
            }
            do throws(JSONPathError) {
                _ = try JSONPath(scalar.text)
                return scalar.text
            } catch {
                reading.problem(
                    node, "\(node.found) is not a JSONPath: \(error.reason), at character \(error.position)")
                return nil
            }
        } show: {
            .text($0)
        }
    }

    /// A cron expression with five fields.
    static var cron: Kind {
        Kind(type: .text("cron expression")) { node, reading in
            guard let scalar = node.scalar else {
                reading.wrong(node, want: "a cron expression such as \"0 6 * * *\"")
                return nil
            }
            do throws(CronError) {
                _ = try CronExpression(scalar.text)
                return scalar.text
            } catch {
                // The error repeats parts of the text, which is not shown when it comes from outside the file.
                let reason = scalar.origin == .literal ? ": \(error)" : "; write it such as \"0 6 * * *\""
                reading.problem(node, "\(node.found) is not a cron expression\(reason)")
                return nil
            }
        } show: {
            .text($0)
        }
    }
}
