import TandemBase

/// Why a model stopped (PROTOCOL.md, chat).
package enum FinishReason: String, Hashable, Sendable {
    case stop, length
    case toolCalls = "tool_calls"
    case contentFilter = "content_filter"
}

/// Tokens of a call, or of several.
package struct Usage: Hashable, Sendable {
    package var promptTokens = 0
    package var completionTokens = 0
    /// Part of the completion's.
    package var reasoningTokens = 0
    /// Part of the prompt's.
    package var cachedTokens = 0
    /// The server sent none; the counts are by length.
    package var estimated = false

    /// The most tokens that one call is taken to have used, whatever a server reports: no sum overflows.
    package static let countLimit = 1 << 32

    package init() {}

    package static func += (left: inout Usage, right: Usage) {
        left.promptTokens += right.promptTokens
        left.completionTokens += right.completionTokens
        left.reasoningTokens += right.reasoningTokens
        left.cachedTokens += right.cachedTokens
        left.estimated = left.estimated || right.estimated
    }
}

extension Price {
    /// USD of a call; nil where a price that matters for it is unknown.
    package func cost(of usage: Usage) -> Double? {
        let cached = min(usage.cachedTokens, usage.promptTokens)
        var total = 0.0
        for (tokens, price) in [
            (usage.promptTokens - cached, input), (cached, cachedInput ?? input), (usage.completionTokens, output),
        ] where tokens > 0 {
            guard let price else { return nil }
            total += Double(tokens) * price / 1_000_000
        }
        return total
    }
}

/// A call to one of the client's tools, or a piece of one while it streams.
package struct ToolCall: Hashable, Sendable {
    package var id: String?
    package var name: String?
    /// JSON as the model wrote it; a piece of it while it streams.
    package var arguments: String

    package init(id: String? = nil, name: String? = nil, arguments: String = "") {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// A piece of an answer.
package enum Delta: Hashable, Sendable {
    case content(String)
    case reasoning(String)
    case toolCall(index: Int, ToolCall)

    /// Part of the answer itself: from it on no other model may continue silently.
    package var isContent: Bool {
        if case .reasoning = self { false } else { true }
    }
}

/// A model's whole answer.
package struct Completion: Hashable, Sendable {
    package var content = ""
    package var reasoning = ""
    package var toolCalls: [ToolCall] = []
    package var finishReason = FinishReason.stop
    package var usage = Usage()
    /// Elements of an array, as the server sent them.
    package var logprobs: [UInt8] = []

    package init() {}

    package mutating func append(logprobs tokens: ArraySlice<UInt8>) {
        if !logprobs.isEmpty { logprobs.append(UInt8(ascii: ",")) }
        logprobs += tokens
    }

    /// Ended as a whole answer does, and says nothing.
    var isBlank: Bool { finishReason == .stop && content.isEmpty && reasoning.isEmpty && toolCalls.isEmpty }

    /// Bytes of what has come so far.
    var size: Int {
        toolCalls.reduce(content.utf8.count + reasoning.utf8.count + logprobs.count) { $0 + $1.arguments.utf8.count }
    }

    /// The answer's tokens by its length, beside an estimate of the prompt's.
    package func estimatedUsage(promptTokens: Int) -> Usage {
        var usage = Usage()
        usage.promptTokens = promptTokens
        usage.reasoningTokens = estimatedTokens(bytes: reasoning.utf8.count)
        usage.completionTokens =
            usage.reasoningTokens
            + estimatedTokens(bytes: toolCalls.reduce(content.utf8.count) { $0 + $1.arguments.utf8.count })
        usage.estimated = true
        return usage
    }

    /// Tool calls that one answer may hold; a larger index is a broken stream, not a reason to allocate.
    package static let toolCallLimit = 128

    /// Adds a piece; false for a tool call beyond the limit.
    package mutating func append(_ delta: Delta) -> Bool {
        switch delta {
        case .content(let text): content += text
        case .reasoning(let text): reasoning += text
        case .toolCall(let index, let piece):
            guard index >= 0, index < Self.toolCallLimit else { return false }
            while toolCalls.count <= index { toolCalls.append(ToolCall()) }
            if let id = piece.id { toolCalls[index].id = id }
            if let name = piece.name { toolCalls[index].name = name }
            toolCalls[index].arguments += piece.arguments
        }
        return true
    }
}

/// Tokens of a text by its length, where nobody counted: four bytes a token, the usual rule of thumb.
package func estimatedTokens(bytes: Int) -> Int { (bytes + 3) / 4 }
