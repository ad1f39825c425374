/// Which of an answer's tool calls a piece belongs to, whatever the server counts by. OpenAI gives each call an index
/// and its first piece an id; others give every call the index 0, begin at 1, leave gaps, or know no ids.
struct ToolCallOrder: Sendable {
    private struct Call: Sendable {
        var index: Int
        var id: String?
        var isNamed: Bool
    }

    private var calls: [Call] = []

    /// - Parameters:
    ///   - index: the server's, or the place in its array.
    ///   - id: nil where the piece has none.
    /// - Returns: the call's place among all calls, without gaps, and its id where this piece is the first that has one;
    ///   a call without an id gets one, so that its result can be sent back.
    mutating func place(index: Int, id: String?, hasName: Bool) -> (place: Int, id: String?) {
        // An index like that is a fault of the stream, for the completion to refuse.
        guard index >= 0, index < Completion.toolCallLimit else { return (index, id) }
        guard let place = calls.lastIndex(where: { $0.index == index }), continues(calls[place], id, hasName) else {
            calls.append(Call(index: index, id: id, isNamed: hasName))
            return (calls.count - 1, id ?? "call_\(calls.count - 1)")
        }
        if calls[place].id == nil { calls[place].id = id }
        if hasName { calls[place].isNamed = true }
        return (place, id)
    }

    /// Another id is another call; without ids, another name is.
    private func continues(_ call: Call, _ id: String?, _ hasName: Bool) -> Bool {
        guard let known = call.id else { return id != nil || !(call.isNamed && hasName) }
        return id == nil || id == known
    }
}
