import Testing

@testable import TandemProviders

@Suite struct ThinkSplitterTests {
    private func split(_ pieces: [String]) -> (reasoning: String, content: String) {
        var splitter = ThinkSplitter()
        var reasoning = ""
        var content = ""
        let take: (Delta) -> Void = { delta in
            switch delta {
            case .reasoning(let text): reasoning += text
            case .content(let text): content += text
            default: break
            }
        }
        for piece in pieces { splitter.feed(piece, take) }
        splitter.finish(take)
        return (reasoning, content)
    }

    /// A text cut at every two places between scalars, and into single scalars.
    private func splits(_ text: String) -> [[String]] {
        let scalars = Array(text.unicodeScalars)
        func part(_ range: Range<Int>) -> String {
            var part = ""
            part.unicodeScalars.append(contentsOf: scalars[range])
            return part
        }
        var all = [scalars.indices.map { part($0..<($0 + 1)) }]
        for first in 0...scalars.count {
            for second in first...scalars.count {
                all.append([part(0..<first), part(first..<second), part(second..<scalars.count)])
            }
        }
        return all
    }

    @Test(arguments: [
        ("<think>why</think>so", "why", "so"), (" \n<think>a < b</think>\n\nyes", "a < b", "yes"),
        ("<thinking>x</think>y</thinking>z", "x</think>y", "z"),
        ("<think>never closed </thi", "never closed </thi", ""),
        ("<think></think>", "", ""), ("plain", "", "plain"), ("<thin air", "", "<thin air"), ("<", "", "<"),
        ("", "", ""),
        ("a <think>b</think>", "", "a <think>b</think>"),
        ("```\n<think>b</think>\n```", "", "```\n<think>b</think>\n```"),
        ("<think>é→😀</think>ü→😀", "é→😀", "ü→😀"), ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
    ])
    func everySplitGivesTheSame(_ text: String, _ reasoning: String, _ content: String) {
        for pieces in splits(text) {
            let result = split(pieces)
            #expect(result.reasoning == reasoning)
            #expect(result.content == content)
        }
    }

    @Test func theAnswerPassesThroughPieceByPiece() {
        var splitter = ThinkSplitter()
        var seen = [Delta]()
        for piece in ["<think>x</think>a", "<think>", "b"] { splitter.feed(piece) { seen.append($0) } }
        #expect(seen == [.reasoning("x"), .content("a"), .content("<think>"), .content("b")])
    }
}
