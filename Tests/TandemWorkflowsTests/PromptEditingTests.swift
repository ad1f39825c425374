import TandemJSON
import TandemProviders
import Testing

@testable import TandemWorkflows

@Suite struct PromptEditingTests {
    private func prompt(_ messages: String, _ members: [(String, String)] = []) -> Prompt {
        Prompt(
            messages: Array(messages.utf8)[...],
            members: members.map { Prompt.Member($0.0, Array($0.1.utf8)[...]) })
    }

    private func text(_ prompt: Prompt) -> String { String(decoding: prompt.messages, as: UTF8.self) }

    @Test(arguments: [
        (#"[{"role":"user","content":"q"}]"#, #"[{"role":"system","content":"X"},{"role":"user","content":"q"}]"#),
        (#"[{"role":"system","content":"S"}]"#, #"[{"role":"system","content":"S\n\nX"}]"#),
        (#"[{"role":"system","content":""}]"#, #"[{"role":"system","content":"X"}]"#),
        (#"[{"role":"system","content":null}]"#, #"[{"role":"system","content":"X"}]"#),
        (#"[{"role":"system"}]"#, #"[{"role":"system","content":"X"}]"#),
        // The first one, wherever it stands; a developer's is one too.
        (
            #"[{"role":"user","content":"q"},{"role":"developer","content":"D"},{"role":"system","content":"S"}]"#,
            #"[{"role":"user","content":"q"},{"role":"developer","content":"D\n\nX"},{"role":"system","content":"S"}]"#
        ),
        // Parts stay parts, other members stay.
        (
            #"[{"role":"system","name":"n","content":[{"type":"text","text":"S"}],"extra":[1]}]"#,
            #"[{"role":"system","name":"n","content":[{"type":"text","text":"S"},{"type":"text","text":"X"}],"extra":[1]}]"#
        ),
        // What is not touched is passed on byte for byte, escapes and blanks included.
        (
            #"[{"role":"system","content":"S"}, { "role" : "user","content":"\u0068\u00e9","n":1.50e3 }]"#,
            #"[{"role":"system","content":"S\n\nX"},{ "role" : "user","content":"\u0068\u00e9","n":1.50e3 }]"#
        ),
    ])
    func aParagraphForTheSystem(_ before: String, _ after: String) {
        let original = prompt(before, [("seed", "7")])
        let edited = original.addingToSystem("X")
        #expect(text(edited) == after)
        #expect(text(original) == before && edited.members.map(\.name) == ["seed"])
    }

    @Test(arguments: [
        (
            #"[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]"#,
            #"[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c\n\nX"}]"#
        ),
        (#"[{"role":"system","content":"S"}]"#, #"[{"role":"system","content":"S"},{"role":"user","content":"X"}]"#),
        (
            #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]},{"role":"tool","content":"t"}]"#,
            #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"X"}]},"#
                + #"{"role":"tool","content":"t"}]"#
        ),
    ])
    func aParagraphForTheLastUser(_ before: String, _ after: String) {
        #expect(text(prompt(before).addingToLastUser("X")) == after)
    }

    @Test func membersAreReplacedAndRemoved() {
        let edited = prompt("[]", [("max_tokens", "5"), ("seed", "7"), ("tools", "[]"), ("max_tokens", "6")])
            .setting("max_tokens", "9".utf8).removing(Prompt.answerFormMembers)
        #expect(
            edited.members.map { "\($0.name)=\(String(decoding: $0.json, as: UTF8.self))" } == [
                "seed=7", "max_tokens=9",
            ])
    }

    /// The coder's prompt is the client's: nothing of what the reasoner was told is in it.
    @Test func theReasonersPromptIsACopy() {
        let original = prompt(#"[{"role":"user","content":"q"}]"#, [("tools", "[1]"), ("temperature", "0.5")])
        let reasoning = original.reasoning(.high, instructions: nil)
        #expect(reasoning.reasoningEffort == "high" && text(reasoning).contains("do NOT"))
        #expect(reasoning.members.map(\.name).sorted() == ["max_tokens", "temperature"])
        #expect(original.reasoningEffort == nil && original.members.count == 2 && !text(original).contains("NOT"))
        #expect(text(original.reasoning(.low, instructions: "Say why.")).contains(#""content":"Say why.""#))
    }
}
