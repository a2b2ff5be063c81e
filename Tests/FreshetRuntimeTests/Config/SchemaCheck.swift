import Foundation

/// Checks a value against the part of JSON Schema that Freshet's schema uses; enough to know that schema and parser agree.
struct SchemaCheck {
    let root: [String: Any]

    func faults(_ value: Any, _ schema: [String: Any], at path: String = "") -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = String(reference.split(separator: "/").last ?? "")
            let target = (root["$defs"] as? [String: Any])?[name] as? [String: Any]
            return faults(value, target ?? [:], at: path)
        }
        var result: [String] = []
        if let choices = schema["anyOf"] as? [[String: Any]],
            !choices.contains(where: { faults(value, $0, at: path).isEmpty })
        {
            result.append("\(path): no alternative fits")
        }
        if let types = (schema["type"] as? String).map({ [$0] }) ?? schema["type"] as? [String],
            !types.contains(where: { isType($0, value) })
        {
            return result + ["\(path): not \(types)"]
        }
        if let names = schema["enum"] as? [String], (value as? String).map(names.contains) != true {
            result.append("\(path): not in the list")
        }
        if let pattern = schema["pattern"] as? String, let text = value as? String, !matches(text, pattern) {
            result.append("\(path): does not match")
        }
        if let least = schema["minimum"] as? Double, let number = number(value), number < least {
            result.append("\(path): too small")
        }
        if let most = schema["maximum"] as? Double, let number = number(value), number > most {
            result.append("\(path): too large")
        }
        if let items = schema["items"] as? [String: Any], let list = value as? [Any] {
            result += list.enumerated().flatMap { faults($1, items, at: "\(path)[\($0)]") }
        }
        if let map = value as? [AnyHashable: Any] { result += members(map, schema, at: path) }
        return result
    }

    private func members(_ map: [AnyHashable: Any], _ schema: [String: Any], at path: String) -> [String] {
        var result: [String] = []
        let properties = schema["properties"] as? [String: Any] ?? [:]
        let patterns = (schema["patternProperties"] as? [String: Any] ?? [:]).keys
        for required in schema["required"] as? [String] ?? [] where map[required] == nil {
            result.append("\(path).\(required): missing")
        }
        for (key, value) in map {
            let name = "\(key.base)"
            if let pattern = (schema["propertyNames"] as? [String: Any])?["pattern"] as? String, !matches(name, pattern)
            {
                result.append("\(path).\(name): not a name")
            }
            if let inner = properties[name] as? [String: Any] {
                result += faults(value, inner, at: "\(path).\(name)")
            } else if patterns.contains(where: { matches(name, $0) }) {
                continue
            } else if let inner = schema["additionalProperties"] as? [String: Any] {
                result += faults(value, inner, at: "\(path).\(name)")
            } else if schema["additionalProperties"] as? Bool == false {
                result.append("\(path).\(name): unknown")
            }
        }
        return result
    }

    private func isType(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "object": value is [AnyHashable: Any]
        case "array": value is [Any]
        case "string": value is String
        case "integer": value is Int && !(value is Bool)
        case "number": (value is Int || value is Double) && !(value is Bool)
        case "boolean": value is Bool
        default: false
        }
    }

    private func number(_ value: Any) -> Double? { (value as? Double) ?? (value as? Int).map(Double.init) }

    private func matches(_ text: String, _ pattern: String) -> Bool {
        text.range(of: pattern, options: .regularExpression) != nil
    }
}
