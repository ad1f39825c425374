import TandemProviders

extension ReasoningDepth {
    /// Tokens that the reasoner may spend, its thinking trace included.
    var maxTokens: Int {
        switch self {
        case .low: 1024
        case .medium: 4096
        case .high: 16384
        }
    }

    fileprivate var wording: String {
        switch self {
        case .low: "Be brief: the key points and the steps, in a few lines."
        case .medium: "Go as far as an experienced engineer needs before writing the code."
        case .high:
            """
            Go deep: weigh alternatives against each other, work through edge cases, failure modes, data structures and \
            complexity, and say how the result is to be tested.
            """
        }
    }
}

/// What the reasoner is told; `instructions` of the request or the configuration take its place.
func reasoningInstruction(_ depth: ReasoningDepth) -> String {
    """
    You are an expert reasoning assistant. Analyze the user's request and reason about how to approach it: break the \
    problem down, name its key components, and outline a solution strategy. Another model writes the code, so do NOT \
    provide any code implementation, just the reasoning. \(depth.wording)
    """
}

/// What the coder is told beside the original conversation.
func codingInstruction(reasoning: String) -> String {
    """
    You are an expert coding assistant. Use the following reasoning to guide your response, but focus on implementing \
    the solution:

    ### REASONING

    \(reasoning)

    ### END OF REASONING

    Based on this reasoning, provide a complete and working implementation that addresses the user's request.
    """
}

extension Prompt {
    /// The request to the reasoner: the conversation with the instruction, and as much room as the depth gives.
    func reasoning(_ depth: ReasoningDepth, instructions: String?) -> Prompt {
        var prompt = addingToSystem(instructions ?? reasoningInstruction(depth)).removing(Self.answerFormMembers)
            .setting("max_tokens", String(depth.maxTokens).utf8)
        prompt.reasoningEffort = depth.rawValue
        return prompt
    }
}
