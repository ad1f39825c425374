import Testing

import TandemJSON
@testable import TandemWorkflows

@Suite struct ToolCallScannerTests {
    private func scan(_ pieces: [[UInt8]]) -> (text: String, outcome: ToolCallScanner.Outcome?) {
        var scanner = ToolCallScanner()
        var shown = [UInt8]()
        for piece in pieces { shown += scanner.push(piece) }
        shown += scanner.finish()
        return (String(decoding: shown, as: UTF8.self), scanner.outcome)
    }

    @Test(arguments: [
        ("{\"tool\":\"generate_code\",\"prompt\":\"sort {a}\"}", ""), ("I call: { \"tool\" : \"x\" } done", "I call: "),
        ("```json\n{\"tool\": \"search\", \"query\": \"a \\\"}\"}\n```", ""), ("{\"prompt\":\"p\",\"tool\":\"x\"}", ""),
        ("```tool_call\n{\"tool\":\"x\"}```", ""), ("see `x` {1} {\"tool\":\"x\"}", "see `x` {1} "),
    ])
    func findsACallInEverySplit(_ text: String, _ shown: String) {
        for pieces in SignalScannerTests.splits(text) {
            let result = scan(pieces)
            #expect(result.text == shown)
            guard case .call(let tool, let object) = result.outcome else {
                Issue.record("no call in \(text)")
                continue
            }
            #expect(object["tool"]?.string == tool)
        }
    }

    @Test(arguments: [
        "plain text", "a {\"name\": 1} b", "```json\n{\"a\": 1}\n```\n", "```swift\nlet x = 1\n```", "{", "{ \"to",
        "{\"prompt\": 1}",
        "{\"prompt\": \"never closed", "`code` and ``", "```", "é {ü} →", "{\"toolbox\": 1}", "{{{\"x\"",
    ])
    func textStaysAsItIs(_ text: String) {
        for pieces in SignalScannerTests.splits(text) {
            let result = scan(pieces)
            #expect(result.text == text)
            #expect(result.outcome == nil)
        }
    }

    @Test(arguments: [
        ("{\"tool\":\"x\", prompt:1}", "not valid JSON"), ("{\"tool\": 3}", "a string"),
        ("{\"tool\":\"x\",\"prompt\":\"a", "not closed"),
    ])
    func saysWhatIsWrongWithAMalformedCall(_ text: String, _ fault: String) {
        for pieces in SignalScannerTests.splits(text) {
            let result = scan(pieces)
            #expect(result.text == "")
            guard case .malformed(_, let found) = result.outcome else {
                Issue.record("not malformed: \(text)")
                continue
            }
            #expect(found.contains(fault))
        }
    }

    @Test func releasesTextAsSoonAsItDiffers() {
        var scanner = ToolCallScanner()
        #expect(scanner.push("a {") == "a ")
        #expect(scanner.push("\"t") == "")
        #expect(scanner.push("ime\": 1") == "{\"time\": 1")
    }

    @Test func refusesACallWithoutEnd() {
        var scanner = ToolCallScanner()
        _ = scanner.push("{\"tool\":\"x\",\"prompt\":\"")
        for _ in 0..<300 { #expect(scanner.push([UInt8](repeating: 0x61, count: 1024)).isEmpty) }
        guard case .malformed(_, let fault) = scanner.outcome else {
            Issue.record("still waiting")
            return
        }
        #expect(fault.contains("longer"))
    }
}
