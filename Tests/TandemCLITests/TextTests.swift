import Testing

@testable import tandem

private func shown(_ text: String) -> String { String(decoding: harmless(Array(text.utf8)), as: UTF8.self) }

@Suite struct TextTests {
    @Test func whatDrivesATerminalIsMadeVisible() {
        #expect(shown("plain ü — 語 ©\n\tx") == "plain ü — 語 ©\n\tx")
        #expect(shown("\u{1B}[31mred\u{7}\u{0}\u{7F}\u{8}") == "␛[31mred␇␀␡␈")
        #expect(shown("a\u{9B}31mb\u{80}\u{9F}\u{A0}") == "a\u{FFFD}31mb\u{FFFD}\u{FFFD}\u{A0}")
        #expect(shown("a\r\nb\rc\r") == "a\nb␍c")
    }

    @Test func base64FollowsTheStandard() {
        for (text, encoded) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] { #expect(base64(Array(text.utf8)) == encoded) }
        #expect(base64([0xFB, 0xFF, 0xBF]) == "+/+/")
    }

    @Test func numbersReadWell() {
        #expect(
            [0, 0.25, 3.25, 850, 999.7, 2345, 59_960, 65_000, 3_600_000, 7_800_000, 190_000_000]
                .map { humanDuration(milliseconds: $0) } == [
                    "0 ms", "0.25 ms", "3.3 ms", "850 ms", "1.0 s", "2.3 s", "1 min", "1 min 5 s", "1 h", "2 h 10 min",
                    "2 d 4 h",
                ])
        #expect(humanDuration(milliseconds: 1e300) == "11574074074 d 1 h")
        #expect([0, 999, 1000, 1_234_567, -1234].map(humanCount) == ["0", "999", "1,000", "1,234,567", "-1,234"])
        #expect(
            [0, 1023, 1024, 1_572_864, 1 << 40].map(humanBytes) == ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "1.0 TiB"])
        #expect([0, 1.254, 0.0123, 0.00001].map(humanCost) == ["$0.00", "$1.25", "$0.0123", "$0.000010"])
        #expect(fixed(-0.04, 1) == "0.0" && fixed(-1.25, 1) == "-1.3" && fixed(2.5, 0) == "3")
    }

    @Test func tablesAlignAndFitATerminal() {
        var table = TextTable(["NAME", "COUNT", "TEXT"], rightAligned: [1])
        table.add(["a", "1", "short"])
        table.add(["longer", "1,000", "a text of\nmore than one line"])
        #expect(
            table.lines(width: nil) == [
                "NAME    COUNT  TEXT", "a           1  short", "longer  1,000  a text of more than one line",
            ])
        #expect(
            table.lines(width: 25) == [
                "NAME    COUNT  TEXT", "a           1  short", "longer  1,000  a text of…",
            ])
    }

    @Test func wideCharactersTakeTwoColumns() {
        #expect(["abc", "世界", "한글", "e\u{301}", "🎉", "ｶ", "\u{200B}"].map(\.columns) == [3, 4, 4, 1, 2, 1, 0])
        #expect("世界!".prefix(columns: 3) == "世" && "世界!".prefix(columns: 5) == "世界!")
        var table = TextTable(["NAME", "TEXT"])
        table.add(["世界", "a"])
        table.add(["long", "世界世界"])
        #expect(table.lines(width: nil) == ["NAME  TEXT", "世界  a", "long  世界世界"])
        #expect(table.lines(width: 11) == ["NAME  TEXT", "世界  a", "long  世界…"])
    }

    @Test func linesBreakBetweenWords() {
        #expect(
            brokenLines("tandem x: one two three four\nok\n", columns: 22) == "tandem x: one two\n    three four\nok\n")
        // What fits stays as it is, indentation too; what has no place to break is left to the terminal.
        #expect(brokenLines("  a  b  c", columns: 40) == "  a  b  c")
        #expect(brokenLines("  " + "x".repeated(30) + " y", columns: 22) == "  " + "x".repeated(30) + "\n      y")
        #expect(brokenLines("one two three four five six", columns: nil) == "one two three four five six")
        #expect(brokenLines("世界 世界 世界 世界 世界", columns: 20) == "世界 世界 世界\n    世界 世界")
        // Beside a label the lines stand below each other.
        #expect(
            valueLines("/a/path/of/some length (not there)", columns: 40) == ["/a/path/of/some length (not", "there)"])
        #expect(valueLines("a  b", columns: 40) == ["a  b"] && valueLines("a b", columns: nil) == ["a b"])
        #expect(valueLines("one two three", columns: 12) == ["one two three"])
    }

    @Test func whatIsCopiedFromATableIsWhole() {
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        var table = TextTable(["ID", "TEXT"], uncut: [0])
        table.add([id, "some text"])
        #expect(table.lines(width: 34) == ["ID" + String(repeating: " ", count: 26) + "TEXT", id + "  some …"])
        // Also where that is too much.
        #expect(table.lines(width: 10)[1] == id + "  som…")
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
