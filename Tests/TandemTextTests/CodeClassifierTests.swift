import Glibc
import TandemTestSupport
import Testing

import TandemJSON
@testable import TandemText

@Suite struct CodeClassifierTests {
    private let classifier = CodeClassifier.shipped

    /// The prompts that are never trained on, from beside the trainer.
    private func heldOut(_ file: String) throws -> [(turns: [CodeClassifier.Turn], isCode: Bool)] {
        let path = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        let text = try String(contentsOfFile: path + "/tools/classifier/\(file).jsonl")
        return try text.split(separator: "\n").map { line in
            let row = try JSONDocument(Array(line.utf8)).root
            let turns = row["text"]?.string.map { [.init(.user, $0)] } ?? CodeClassifier.turns(row["messages"])
            return (turns, row["label"]?.string == "code")
        }
    }

    @Test(arguments: ["prompts-heldout", "prompts-heldout-2", "prompts-heldout-3", "prompts-heldout-4"])
    func isRightOnPromptsItNeverSaw(_ file: String) throws {
        let prompts = try heldOut(file)
        #expect(prompts.count > 150)
        let right = prompts.count { classifier.classify($0.turns).isCode == $0.isCode }
        #expect(Double(right) / Double(prompts.count) >= 0.93)
    }

    @Test(arguments: [
        "write a poem", "What class should I take?", "Write a program for the charity concert",
        "What is the dress code?",
        "a python in the zoo", "What should I see on Java island?", "there is a bug in my garden",
        "design an experiment with mice", "Write a code of conduct for the club", "hi", "",
    ])
    func generalWordsDoNotTrigger(_ prompt: String) {
        #expect(!classifier.classify(prompt).isCode)
    }

    @Test(arguments: [
        "def f(x):\n    return x +", "SELECT id FROM t WHERE x > 3;", "```\nfoo()\n```", "git rebase --onto main",
        "TypeError: x is not a function\n    at run (app.js:3:1)", "^[a-z]+\\d{2}$", "<div class=\"a\"><p>x</p></div>",
        "for (int i = 0; i < n; i++) sum += a[i];", "=SUM(A1:A3)/COUNT(A1:A3)", "how do I sort a list in Python",
        "Напиши функцию сортировки на Python", "用Python写一个爬虫", "Schreibe eine Funktion, die Primzahlen findet",
        "配列をソートする関数を書いてください",
    ])
    func codeIsSeenWithoutKeywords(_ prompt: String) {
        #expect(classifier.classify(prompt).isCode)
    }

    @Test func followUpsTakeTheirSenseFromTheConversation() {
        let code = [
            CodeClassifier.Turn(.user, "write a python function that adds two numbers"),
            .init(.assistant, "```python\ndef add(a, b): return a + b\n```"),
        ]
        let poem = [CodeClassifier.Turn(.user, "write a poem"), .init(.assistant, "Roses are red")]
        let followUp = CodeClassifier.Turn(.user, "now make it faster")
        #expect(classifier.classify(code + [followUp]).isCode)
        #expect(!classifier.classify(poem + [followUp]).isCode)
        #expect(!classifier.classify(code + [.init(.user, "thanks!")]).isCode)
        #expect(!classifier.classify(code + [.init(.user, "write a poem about the sea")]).isCode)
        #expect(!classifier.classify([followUp]).isCode)
        #expect(!classifier.classify([CodeClassifier.Turn]()).isCode)
    }

    @Test func explainsItsDecision() {
        let result = classifier.classify("Write a Python function that reverses a string")
        #expect(result.isCode && result.score > 0.9)
        #expect(result.reasons.contains { $0.feature == "asks for code" && $0.weight > 0 })
        #expect(result.reasons.map { abs($0.weight) } == result.reasons.map { abs($0.weight) }.sorted(by: >))
    }

    @Test func bytesThatAreNoPromptAreHarmless() {
        for length in 0..<40 {
            for text in ["(", "{", "`", "$", "\\", "<", "=", "-", "中", "é", "\u{1F600}", "\n", "[a", "::"] {
                _ = classifier.classify(String(repeating: text, count: length))
            }
        }
    }

    /// Loose, for debug builds too: the cost must grow no faster than the text, and be small.
    @Test(.enabled(if: !isSanitized)) func isFast() {
        let prompt = String(
            repeating: "Please write a function that sorts a list of users by name in Swift. ", count: 15)
        let clock = ContinuousClock()
        _ = classifier.classify(prompt)
        let time = (0..<20).map { _ in clock.measure { _ = classifier.classify(prompt) } }.min() ?? .zero
        #expect(time < .milliseconds(5))
        let long = String(repeating: prompt, count: 200)
        let timeOfLong = (0..<3).map { _ in clock.measure { _ = classifier.classify(long) } }.min() ?? .zero
        #expect(timeOfLong < .milliseconds(50))
    }
}

extension String {
    /// A file's text, without Foundation.
    fileprivate init(contentsOfFile path: String) throws {
        var text = ""
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var bytes = [UInt8]()
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        text = String(decoding: bytes, as: UTF8.self)
        self = text
    }
}
