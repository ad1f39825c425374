import Testing

@testable import TandemText

@Suite struct QualityCheckTests {
    private let check = QualityCheck(codeAsked: true, minLength: 50)
    private static let good = "Here it is:\n\n```python\ndef add(a, b):\n    return a + b\n```\n\nIt adds two numbers."

    private func issues(_ draft: String, finish: String? = "stop") -> [QualityIssue] {
        check.textIssues(of: draft, finishReason: finish)
    }

    @Test func aGoodDraftHasNone() { #expect(issues(Self.good) == []) }

    @Test(arguments: ["", " \n\t", "```\n\n```"]) func empty(_ draft: String) { #expect(issues(draft) == [.empty]) }

    @Test func tooShort() {
        #expect(issues("Use a loop.").contains(.tooShort))
        #expect(!issues("Run `ls`.").contains(.tooShort))
        #expect(!issues("```\nls\n```").contains(.tooShort))
    }

    @Test func missingCodeBlock() {
        let prose = "You can do this by going over all the elements and adding them up one after the other."
        #expect(issues(prose) == [.missingCodeBlock])
        #expect(QualityCheck(codeAsked: false, minLength: 50).textIssues(of: prose, finishReason: "stop") == [])
        #expect(issues("Use `git reset --soft HEAD~1`; your changes stay staged, only the commit goes.") == [])
    }

    @Test func unclosedCodeBlock() {
        #expect(issues("Sure:\n```python\nprint(1)\n") == [.unclosedCodeBlock])
        #expect(issues("````md\n```\ninner\n```\n````\n") == [])
        #expect(issues("~~~sh\nls\n~~~") == [])
    }

    @Test func truncated() {
        #expect(issues(Self.good, finish: "length") == [.truncated])
        #expect(issues(Self.good, finish: nil) == [])
    }

    @Test(arguments: [
        "[ERROR] model crashed", "Error: connect ECONNREFUSED 127.0.0.1:11434", "502 Bad Gateway",
        "bash: ollama: command not found",
        "{\"error\": {\"message\": \"overloaded\"}}",
        "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'a'",
        "Failed to load model qwen", "An error occurred while processing your request.", "Error 503: try again later",
        "Request timed out after 30 s",
    ])
    func containsErrors(_ draft: String) { #expect(issues(draft).contains(.containsErrors)) }

    @Test(arguments: [
        "The build failed because a semicolon is missing: write `int a;` and it compiles.",
        "Error handling in Go is explicit: every call returns an error value that you test with `if err != nil`.",
        "Your request failed since the server wants a token. Send it:\n```sh\ncurl -H 'Authorization: x' http://a\n```",
        "Error: that message means the file is not there.\n```sh\ntouch a\n```",
        "When a test failed, print the log:\n```python\nprint(\"[ERROR] failed\")\n```",
        "Errors are values. `try` rethrows them, and `catch` takes them; nothing is thrown across an `await`.",
    ])
    func anAnswerAboutErrorsIsNone(_ draft: String) { #expect(!issues(draft).contains(.containsErrors)) }

    @Test(arguments: [
        "```js\nfunction a() {}\n// ... rest of the code unchanged\n```",
        "```py\ndef a():\n    # ... existing code ...\n    pass\n```",
        "```c\nint a;\n/* rest of the file remains the same */\n```", "```js\n// ...\nfoo()\n```",
        "```py\n# your code here\n```",
        "```html\n<!-- other code as before -->\n```", "```js\nfoo()\n```\nThe rest of the code remains unchanged.",
        "```swift\n// Remaining methods omitted for brevity\n```",
    ])
    func elided(_ draft: String) { #expect(issues(draft).contains(.elided)) }

    @Test(arguments: [
        "```py\nclass A(Protocol):\n    def f(self) -> int: ...\n```", "```py\ndef f():\n    ...\n```",
        "```js\nconst b = {...a, ...c};\n```",
        "```py\n# the rest of the arguments is passed on\nf(*args)\n```", "```go\nfunc f(a ...int) {}\n```",
        "```py\nx[..., 0]\n```\nThe rest of the code reads the file and prints it.",
        "```c\n// returns the cached value unchanged if it is fresh\n```",
        "```py\nfirst, *rest = xs  # rest of the list\n```",
    ])
    func dotsAndRestsThatAreCode(_ draft: String) { #expect(!issues(draft).contains(.elided)) }

    @Test(arguments: [
        "I'm sorry, but I can't help with that.", "I cannot assist with this request.",
        "As an AI language model, I can't write malware.",
        "I’m unable to provide that code.", "Es tut mir leid, aber ich kann dir dabei nicht helfen.", "抱歉，我无法提供这个代码。",
        "Sorry, I can’t comply with that request.",
    ])
    func refusal(_ draft: String) { #expect(issues(draft).contains(.refusal)) }

    @Test(arguments: [
        "To make your bot refuse, answer \"I'm sorry, but I can't help with that\" when the filter matches.",
        "I can't see your file, but this should do:\n```sh\nls\n```",
        "Sorry for the mix-up! Use `sorted(x)` instead of `x.sort()`.",
        "A model refuses with phrases like 'I cannot assist'; match them with `re.search`.",
        "Unfortunately `map` is lazy here, so wrap it: `list(map(f, xs))`.",
    ])
    func anAnswerAboutRefusalsIsNone(_ draft: String) { #expect(!issues(draft).contains(.refusal)) }

    @Test func syntaxAsksTheCheckerThatIsAtHand() {
        let checker: QualityCheck.SyntaxChecker = { language, code in language == "python" ? !code.contains("!!") : nil
        }
        let bad = "```python\nx = !!\n```"
        #expect(check.issues(of: bad, finishReason: "stop", checker: checker) == [.syntax])
        #expect(check.issues(of: bad, finishReason: "stop") == [])
        #expect(check.issues(of: "```brainf\n!!\n```", finishReason: "stop", checker: checker) == [])
        #expect(check.issues(of: "```json\n{\"a\": 1,}\n```", finishReason: "stop") == [.syntax])
        #expect(check.issues(of: "```json\n{\"a\": 1}\n```", finishReason: "stop") == [])
    }
}
