import Testing

@testable import TandemProviders

@Suite struct UnopenedTraceTests {
    private func separated(_ content: String, reasoning: String = "") -> Completion? {
        var completion = Completion()
        completion.content = content
        completion.reasoning = reasoning
        return completion.separatingUnopenedTrace()
    }

    @Test(arguments: [
        ("why\n</think>\n\nso", "why\n", "so"), ("It is so.</think>Yes.", "It is so.", "Yes."),
        ("</think>\n\nso", "", "so"), ("wäre 😀\r\n</think>\r\n→ so\n", "wäre 😀\r\n", "→ so\n"),
        ("```\na\n```\nok\n</think>\n```\nb\n```", "```\na\n```\nok\n", "```\nb\n```"),
        ("答えです。</think>はい", "答えです。", "はい"),
    ])
    func aTraceWithoutAnOpeningTagIsReasoning(_ text: String, _ reasoning: String, _ content: String) {
        let result = separated(text)
        #expect(result?.reasoning == reasoning)
        #expect(result?.content == content)
    }

    @Test(arguments: [
        "", "plain", "why </thin", "The trace ends with </think>, then comes the answer.",
        "It ends with `</think>`.\nThen the answer.", "A <think> opens.\n</think>\ncloses",
        "So: <thinking>\n</think>\nx", "a\n</think>\nb\n</think>\nc", "```xml\n</think>\n```\nThat closes it.",
        "  ~~~\n</think>\nx", "print(\"So.</think>\")", #"{"text":"So.</think>\nYes"}"#, "</root>text</think>more",
        "all there is\n</think>", "all there is\n</think>\n\n",
    ])
    func aTextAboutTheTagIsLeftAlone(_ text: String) {
        #expect(separated(text) == nil)
    }

    @Test func whereReasoningCameApartTheContentIsTheAnswersOwn() {
        #expect(separated("why\n</think>\nso", reasoning: "thoughts") == nil)
    }
}
