import TandemEdits
import Testing

struct ReplaceTests {
    @Test func replacesTheOnlyMatch() {
        let (text, outcomes) = resolve("a\nold\nb\n", replace("old", "new"))
        #expect(text == "a\nnew\nb\n")
        #expect(outcomes[0].status == .applied)
        #expect(outcomes[0].match == .exact)
        #expect(outcomes[0].line == 2)
    }

    @Test func refusesTwoMatchesAndNamesTheirLines() {
        let (text, outcomes) = resolve("x\ny\nx\n", replace("x", "z"))
        #expect(text == "x\ny\nx\n")
        #expect(outcomes[0].fault?.kind == .ambiguous)
        #expect(outcomes[0].fault?.lines == [1, 3])
    }

    @Test func overlappingMatchesAreAmbiguousToo() {
        #expect(resolve("aaa", replace("aa", "b")).outcomes[0].fault?.kind == .ambiguous)
    }

    @Test func takesTheCandidateNearestToTheHint() {
        #expect(resolve("x\ny\nx\ny\nx\n", replace("x", "z", hint: 4)).outcomes[0].fault?.kind == .ambiguous)
        #expect(resolve("x\ny\nx\ny\ny\nx\n", replace("x", "z", hint: 4)).text == "x\ny\nz\ny\ny\nx\n")
    }

    @Test func countsWhatIsExpected() {
        #expect(resolve("x x x", replace("x", "z", expected: .count(3))).text == "z z z")
        #expect(resolve("x x x", replace("x", "z", expected: .all)).text == "z z z")
        #expect(resolve("x x x", replace("x", "z", expected: .count(2))).outcomes[0].fault?.kind == .ambiguous)
        let fewer = resolve("x x x", replace("x", "z", expected: .count(4)))
        #expect(fewer.outcomes[0].fault?.kind == .notFound)
        #expect(fewer.text == "x x x")
    }

    @Test func refusesEmptyAndEqualTexts() {
        #expect(resolve("x", replace("", "z")).outcomes[0].fault?.kind == .emptyFind)
        #expect(resolve("x", replace("x", "x")).outcomes[0].fault?.kind == .noChange)
    }

    @Test func endingsAreIgnoredAndKept() {
        let (text, outcomes) = resolve("a\r\nb\r\nc\n", replace("a\nb\n", "a\nnew\nb\n"))
        #expect(text == "a\r\nnew\r\nb\r\nc\n")
        #expect(outcomes[0].match == .eol)
        #expect(resolve("a\nb\nc\r\n", replace("b\r\nc", "d\r\ne")).text == "a\nd\ne\r\n")
    }

    @Test func mixedEndingsStayWhereTheyAre() {
        let (text, _) = resolve("a\r\nb\nc\r\nd\n", replace("a\nb\nc\nd\n", "a\nB\nc\nd\n"))
        #expect(text == "a\r\nB\r\nc\r\nd\n" || text == "a\r\nB\nc\r\nd\n")
        #expect(text.hasSuffix("c\r\nd\n"))
    }

    @Test func newLinesOfAQuoteWithoutEndingTakeTheNeighbours() {
        #expect(resolve("a\r\nb\r\n", replace("a", "x\ny")).text == "x\r\ny\r\nb\r\n")
    }

    @Test func trailingBlanksAreIgnoredAndKept() {
        let (text, outcomes) = resolve("a  \nb\t\nc\n", replace("a\nb\n", "a\nB\n"))
        #expect(text == "a  \nB\nc\n")
        #expect(outcomes[0].match == .trailingSpace)
    }

    @Test func theLastLineKeepsItsMissingEnding() {
        let (text, outcomes) = resolve("a\nb", replace("b\n", "c\n"))
        #expect(text == "a\nc")
        #expect(outcomes[0].match == .trailingSpace)
    }

    @Test func oneIndentDifferenceIsAppliedToTheReplacement() {
        let file = "class A:\n    def f(self):\n        if x:\n            return 1\n"
        let (text, outcomes) = resolve(file, replace("if x:\n    return 1", "if y:\n    z()\n    return 2"))
        #expect(text == "class A:\n    def f(self):\n        if y:\n            z()\n            return 2\n")
        #expect(outcomes[0].match == .indent)
        #expect(resolve("a:\n  b\n", replace("    a:\n      b\n", "    a:\n      c\n")).text == "a:\n  c\n")
    }

    @Test func tabsAndSpacesAreAlike() {
        let file = "func f() {\n\tif x {\n\t\ty()\n\t}\n}\n"
        let (text, outcomes) = resolve(
            file, replace("    if x {\n        y()\n    }", "    if x {\n        z()\n    }"))
        #expect(text == "func f() {\n\tif x {\n\t\tz()\n\t}\n}\n")
        #expect(outcomes[0].match == .indent)
    }

    @Test func unevenIndentIsNoMatch() {
        let outcome = resolve("  a\n    b\n", replace("a\n   b\n", "c\n")).outcomes[0]
        #expect(outcome.fault?.kind == .notFound)
        #expect(outcome.fault?.lines == [1, 2])
        #expect(outcome.message?.contains("··a") == true)
    }

    @Test func looserTiersMustBeUniqueToo() {
        #expect(resolve("  a\nb\n    a\n", replace("a\n", "c\n", expected: .count(1))).outcomes[0].fault != nil)
        #expect(resolve("f(a)  \nf(a)\t\n", replace("f(a) \n", "c\n")).outcomes[0].fault?.kind == .ambiguous)
    }

    @Test func neverFoldsCaseOrInnerBlanks() {
        #expect(resolve("Foo bar\n", replace("foo bar", "x")).outcomes[0].fault?.kind == .notFound)
        #expect(resolve("foo  bar\n", replace("foo bar", "x")).outcomes[0].fault?.kind == .notFound)
    }

    @Test func whatIsDoneAlreadyIsASuccess() {
        let (text, outcomes) = resolve("new\n", replace("old", "new"))
        #expect(text == "new\n")
        #expect(outcomes[0].status == .alreadyApplied)
        #expect(resolve("a\r\nb\r\n", replace("old", "a\nb\n")).outcomes[0].status == .alreadyApplied)
        #expect(resolve("new new\n", replace("old", "new")).outcomes[0].fault?.kind == .notFound)
        #expect(resolve("x\n", replace("old", "")).outcomes[0].fault?.kind == .notFound)
    }

    @Test func refusesBinaryFilesAndUnsafeEncodings() {
        let binary = FileResolver.resolve(
            path: "a", bytes: [0x61, 0], items: [.init(index: 0, operation: replace("a", "b"))], mode: .hybrid)
        #expect(binary.outcomes[0].fault?.kind == .binaryFile)
        let latin: [UInt8] = [0x61, 0xE9, 0x0A]
        let unsafe = FileResolver.resolve(
            path: "a", bytes: latin, items: [.init(index: 0, operation: replace("a", "é"))], mode: .hybrid)
        #expect(unsafe.outcomes[0].fault?.kind == .encodingUnsafe)
        let safe = FileResolver.resolve(
            path: "a", bytes: latin, items: [.init(index: 0, operation: replace("a", "b"))], mode: .hybrid)
        #expect(safe.bytes == [0x62, 0xE9, 0x0A])
    }

    @Test func theByteOrderMarkStays() {
        #expect(resolve("\u{FEFF}a\nb\n", replace("  a\n  b", "  c\n  b")).text == "\u{FEFF}c\nb\n")
        #expect(resolve("\u{FEFF}a\r\nb\r\n", replace("a\nb\n", "c\n")).text == "\u{FEFF}c\r\n")
    }
}

struct SnapshotTests {
    @Test func editsResolveAgainstOneSnapshot() {
        let (text, outcomes) = resolve("a\nb\n", replace("b", "a"), replace("a", "c"))
        #expect(text == "c\na\n")
        #expect(outcomes.allSatisfy { $0.status == .applied })
        #expect(resolve("a\nb\n", replace("a", "c"), replace("b", "a")).text == "c\na\n")
    }

    @Test func sequentialEditsSeeTheOneBefore() {
        let (text, _) = resolve("a\n", replace("a", "b"), replace("b", "c"), mode: .sequential)
        #expect(text == "c\n")
    }

    @Test func overlapsAreRefusedOnBothSides() {
        let (text, outcomes) = resolve("abcdef\n", replace("abc", "x"), replace("cd", "y"), replace("f", "z"))
        #expect(outcomes.map { $0.fault?.kind } == [.overlap, .overlap, nil])
        #expect(text == "abcdez\n")
    }

    @Test func touchingEditsAreNoOverlap() {
        #expect(resolve("abcd", replace("ab", "x"), replace("cd", "y")).text == "xy")
    }

    @Test func insertsAtOnePointKeepThePlansOrder() {
        #expect(
            resolve("a\nb\n", addAfter("a", "1"), addAfter("a", "2"), addBefore("b", "3")).text == "a\n1\n2\n3\nb\n")
        #expect(resolve("a\n", addLine("1"), addLine("2")).text == "a\n1\n2\n")
        #expect(resolve("a", addLine("1"), addLine("2")).text == "a\n1\n2")
    }

    @Test func insertWithinAReplacedBlockOverlaps() {
        let outcomes = resolve("a\nb\nc\n", replace("a\nb\nc\n", "x\n"), addAfter("a", "1")).outcomes
        #expect(outcomes.map { $0.fault?.kind } == [.overlap, .overlap])
    }

    @Test func tenThousandEditsOfOneFile() {
        var file = ""
        var operations: [EditOperation] = []
        for index in 0..<10_000 {
            file += "let value\(index) = compute(\(index), with: \"text\")\n"
            operations.append(replace("value\(index) = compute(\(index),", "value\(index) = measure(\(index),"))
        }
        let items = operations.enumerated().map { FileResolver.Item(index: $0.offset, operation: $0.element) }
        let started = ContinuousClock.now
        let result = FileResolver.resolve(path: "a.swift", bytes: Array(file.utf8), items: items, mode: .hybrid)
        print("10,000 edits of \(file.utf8.count) bytes: \(ContinuousClock.now - started)")
        #expect(!result.hasFailures)
        #expect(String(decoding: result.bytes, as: UTF8.self) == file.replacing("compute", with: "measure"))
    }
}

struct LineEditTests {
    @Test func addsAtTheEnds() {
        #expect(resolve("a\n", addLine("x")).text == "a\nx\n")
        #expect(resolve("a", addLine("x")).text == "a\nx")
        #expect(resolve("", addLine("x")).text == "x\n")
        #expect(resolve("a\r\n", addLine("x")).text == "a\r\nx\r\n")
        #expect(resolve("\u{FEFF}a\n", addLine("x", .start)).text == "\u{FEFF}x\na\n")
    }

    @Test func addsBesideAnchors() {
        #expect(resolve("a\nb\n", addAfter("a", "x")).text == "a\nx\nb\n")
        #expect(resolve("a\nb\n", addBefore("b", "x")).text == "a\nx\nb\n")
        #expect(resolve("a\nb", addAfter("b", "x")).text == "a\nb\nx")
        #expect(resolve("f:\r\n    a\r\n", addAfter("a", "x")).text == "f:\r\n    a\r\n    x\r\n")
        #expect(resolve("f:\n    a\n", addAfter("    a", "x")).text == "f:\n    a\n    x\n")
    }

    @Test func anchorsAreWholeUniqueLines() {
        #expect(resolve("ab\n", addAfter("a", "x")).outcomes[0].fault?.kind == .anchorNotFound)
        let twice = resolve("a\nb\na\n", addAfter("a", "x")).outcomes[0]
        #expect(twice.fault?.kind == .ambiguous)
        #expect(twice.fault?.lines == [1, 3])
    }

    @Test func aLineThatIsThereIsNotAddedAgain() {
        for operation in [addAfter("a", "x"), addBefore("b", "x")] {
            #expect(resolve("a\nx\nb\n", operation).outcomes[0].status == .alreadyApplied)
        }
        #expect(resolve("x\n", addLine("x")).outcomes[0].status == .alreadyApplied)
        #expect(resolve("x\na\n", addLine("x", .start)).outcomes[0].status == .alreadyApplied)
        #expect(resolve("x\na\n", addLine("x")).text == "x\na\nx\n")
    }

    @Test func removesWholeUniqueLines() {
        #expect(resolve("a\nb\nc\n", removeLine("b")).text == "a\nc\n")
        #expect(resolve("a\n", removeLine("a")).text == "")
        #expect(resolve("a\nb", removeLine("b")).text == "a")
        #expect(resolve("a\nb", removeLine("a"), removeLine("b")).text == "")
        #expect(resolve("a\nb", removeLine("b"), addLine("c")).text == "a\nc")
        #expect(resolve("ab\n", removeLine("a")).outcomes[0].fault?.kind == .notFound)
        #expect(resolve("a\na\n", removeLine("a")).outcomes[0].fault?.kind == .ambiguous)
        #expect(resolve("  a \n", removeLine("a")).outcomes[0].match == .indent)
    }
}
