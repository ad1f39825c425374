import Testing

@testable import TandemText

/// What claims to be code that parses, and what only looks like it.
@Suite struct SnippetTests {
    @Test(arguments: [
        "def f(x):\n    return x", "import os\n\nprint(os.getcwd(", "@app.route('/')\ndef f():\n    pass",
        "# a remark\nx = 1", "[1, 2, 3]", "-x + 1", "x = {**a, 'b': 2}",
    ])
    func isJudged(_ code: String) { #expect(Snippet.whole(code, language: "python") == code) }

    @Test func theIndentationThatAllLinesShareIsNoFault() {
        #expect(Snippet.whole("\n    x = 1\n\n    y = 2\n", language: "python") == "\nx = 1\n\ny = 2")
        #expect(Snippet.whole("    x = 1\n\ty = 2", language: "python") == nil)
    }

    @Test(arguments: [
        ("bash", "$ ls -l\ntotal 0"), ("python", ">>> 1 + 1\n2"), ("python", "In [1]: x"), ("bash", "> echo"),
        ("python", "@@ -1,2 +1,2 @@\n-a = 1\n+a = 2"), ("python", "--- a/x.py\n+++ b/x.py\n-a"),
        ("python", "def f(x):"), ("python", "for x in y:\n    # do something with x"), ("python", "else:\n    x = 1"),
        ("python", "def f():\n    ..."), ("python", "x = [1, 2, ...]"), ("python", "f(a, …)"),
        ("js", "const a = { ... }"),
        ("js", "} else {\n  go()\n}"), ("js", ".then(x => x)"), ("bash", "curl <your host>"), ("bash", "cp <file> b"),
        ("python", "key = <api_key>"), ("python", "!pip install x"), ("python", "pip install x"),
        ("python", "%timeit f()"),
        ("bash", "npm install\nadded 10 packages (5s)"), ("js", "return <App size={1} />"),
        ("javascript", "const a = <B>x</B>"), ("python", "Traceback (most recent call last):\n  File"),
        ("python", " \n"), ("swift", "case .a: 1"), ("bash", "docker run \\"),
    ])
    func isNotJudged(_ language: String, _ code: String) { #expect(Snippet.whole(code, language: language) == nil) }

    @Test(arguments: [
        ("js", "const b = {...a, ...c}\nf(...x)"), ("go", "func f(a ...int) {}"), ("swift", "let a = 1...3"),
        ("swift", "let a: Array<Int> = []"), ("bash", "for a in *; do\n  cat < in > out\ndone"), ("php", "f(...$x);"),
    ])
    func dotsAndBracketsThatAreCode(_ language: String, _ code: String) {
        #expect(Snippet.whole(code, language: language) == code)
    }

    @Test(
        arguments: [
            (#"{"a": 1}"#, true), (#"{"a": 1,}"#, false), ("{\"a\": 1}\n{\"a\": 2}\n", true),
            (#""a": {"b": 1},"#, true),
            (#""a": {"b": 1"#, false), ("{\n  // remark\n  \"a\": 1\n}", false), (#"{"a": 1, ...}"#, nil),
            ("{\n  ...\n  \"a\": 1\n}", nil), (#"{"a": "<your key>"}"#, nil),
        ] as [(String, Bool?)])
    func json(_ code: String, _ parses: Bool?) { #expect(Snippet.isJSON(code) == parses) }
}
