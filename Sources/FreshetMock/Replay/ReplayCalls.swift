/// JSON-RPC exchanges: answers are chosen by method and parameters and carry the asker's id.
struct ReplayCalls: Sendable {
    private struct Call: Sendable {
        let params: MockJSON
        let response: MockJSON
    }

    private var calls: [String: [Call]] = [:]

    var isEmpty: Bool { calls.isEmpty }

    /// Adds a recorded exchange: an object with `request` and `response`, each one call or a batch.
    mutating func add(_ recording: MockJSON) {
        guard let request = recording["request"], let response = recording["response"] else { return }
        let answers = response.arrayValue ?? [response]
        for call in request.arrayValue ?? [request] {
            // A batch may be answered in any order: the id tells what belongs together.
            guard let method = call["method"]?.stringValue,
                let answer = answers.first(where: { $0["id"] == call["id"] }) ?? answers.first
            else { continue }
            calls[method, default: []].append(Call(params: call["params"] ?? [], response: answer))
        }
    }

    /// Answers one call or a batch; `nil` when the value is no JSON-RPC.
    func answer(_ request: MockJSON) -> MockJSON? {
        if case .array(let batch) = request {
            let answers = batch.compactMap { answer($0) }
            return answers.count == batch.count && !batch.isEmpty ? .array(answers) : nil
        }
        guard let method = request["method"]?.stringValue else { return nil }
        let id = request["id"] ?? .null
        guard let known = calls[method], let first = known.first else {
            return [
                "jsonrpc": "2.0", "id": id,
                "error": ["code": -32601, "message": "the method \(method) does not exist"],
            ]
        }
        let params = request["params"] ?? []
        let response = (known.first { $0.params == params } ?? first).response
        guard case .object(let members) = response else { return response }
        return .object(members.map { $0.name == "id" ? MockJSON.Member("id", id) : $0 })
    }
}
