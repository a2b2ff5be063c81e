import FoundationEssentials
import FreshetCore
import GRDB

extension DatabaseFunction {
    /// `freshet_order(x)`: bytes in the order of the numbers, whichever way each is stored.
    static let decimalOrder = DatabaseFunction("freshet_order", argumentCount: 1, pure: true) { values in
        let text: String? =
            switch values.first?.storage {
            case .int64(let value): String(value)
            case .double(let value): "\(value)"
            case .string(let text): text
            default: nil
            }
        return text.flatMap { DecimalOrder.key($0) }.map { Data($0) }
    }
}
