import Testing

@testable import TandemEdits

@Suite struct SnippetVerifierTests {
    /// Whole programs, and parts that the wrappings make whole.
    @Test(arguments: [
        ("python", "def f(x):\n    return x\n"), ("py", "return x"), ("python", "await g()"),
        ("js", "import a from 'a';\nawait a();"), ("javascript", "return 1"), ("js", "async go() {\n  return 1\n}"),
        ("js", "a: 1,\nb: 2,"), ("bash", "for f in *; do\n  echo \"$f\"\ndone"), ("sh", "cat <<E\nx\nE"),
        ("swift", "override func a() {}\ninit() {}"), ("toml", "[a]\nb = 1"), ("go", "x := 1"), ("php", "echo 1;"),
    ])
    func parses(_ language: String, _ code: String) {
        // A checker that is not on this host says nothing.
        #expect(SnippetVerifier.parses(code, language: language) != false)
    }

    @Test func brokenOnesDoNot() {
        #expect(SnippetVerifier.parses("def f(x:\n    return x\n", language: "python") == false)
        #expect(SnippetVerifier.parses("print('a'\n", language: "py") == false)
        #expect(SnippetVerifier.parses("if true; then\n  echo\n", language: "bash") == false)
        for (language, code) in [
            ("js", "function f( {"), ("swift", "func f( {"), ("toml", "a = = 1"), ("go", "func {"),
        ] {
            #expect(SnippetVerifier.parses(code, language: language) != true, "\(language)")
        }
    }

    @Test func whatNobodyKnowsIsNotJudged() {
        #expect(SnippetVerifier.parses("?!", language: "brainf") == nil)
        #expect(SnippetVerifier.parses("?!", language: "") == nil)
    }
}
