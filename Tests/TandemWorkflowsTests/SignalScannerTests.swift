import Testing

@testable import TandemWorkflows

@Suite struct SignalScannerTests {
    /// Every way to cut a text in two, in three, and into single bytes.
    static func splits(_ text: String) -> [[[UInt8]]] {
        let bytes = Array(text.utf8)
        var all = [bytes.map { [$0] }]
        for first in 0...bytes.count {
            for second in first...bytes.count {
                all.append([Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])])
            }
        }
        return all
    }

    private func scan(_ pieces: [[UInt8]], _ signal: String) -> (text: String, found: Bool) {
        var scanner = SignalScanner(signal: signal)
        var shown = [UInt8]()
        for piece in pieces {
            let now = scanner.push(piece)
            #expect(String(validating: now, as: UTF8.self) != nil)
            shown += now
        }
        shown += scanner.finish()
        return (String(decoding: shown, as: UTF8.self), scanner.found)
    }

    @Test(arguments: [
        ("[USE]", "[USE]", ""), ("[USE]", "a[USE]b", "ab"), ("[USE]", "[USE][USE]x[USE]", "x"),
        ("[USE]", "[[USE]", "["),
        ("[USE]", "x [US", "x [US"), ("[USE]", "[USE [USE]", "[USE "), ("aab", "aaab", "a"), ("abab", "ababab", "ab"),
        ("→hilfe", "ü→hilf→hilfe→é", "ü→hilf→é"), ("é", "aèé", "aè"), ("x", "xxaxx", "a"), ("", "abc", "abc"),
    ])
    func removesTheSignalInEverySplit(_ signal: String, _ text: String, _ expected: String) {
        for pieces in Self.splits(text) {
            let result = scan(pieces, signal)
            #expect(result.text == expected)
            #expect(result.found == (expected != text))
        }
    }

    @Test func removalNeverPutsASignalTogether() {
        for text in ["[U[USE]SE]", "[[USE]USE]", "[USE[USE]]", "[U[U[USE]SE]SE]", "[U[USE]SE] x [USE]"] {
            for pieces in Self.splits(text) { #expect(!scan(pieces, "[USE]").text.contains("[USE]")) }
        }
    }

    /// All texts of a small alphabet: the signal never shows, and without it nothing changes and little is held.
    @Test func holdsForEveryShortText() {
        for signal in ["aab", "aba", "aa", "abab"] {
            for length in 0...9 {
                for number in 0..<(1 << length) {
                    let text = (0..<length).map { number >> $0 & 1 == 0 ? UInt8(ascii: "a") : UInt8(ascii: "b") }
                    var scanner = SignalScanner(signal: signal)
                    var shown = [UInt8]()
                    var read = 0
                    for byte in text {
                        shown += scanner.push(CollectionOfOne(byte))
                        read += 1
                        guard !scanner.found else { continue }
                        // Held back is exactly the longest end of the text that the signal begins with.
                        let tail = (0..<signal.utf8.count).last {
                            $0 <= read && text[(read - $0)..<read].elementsEqual(signal.utf8.prefix($0))
                        }
                        #expect(shown.count == read - (tail ?? 0))
                    }
                    shown += scanner.finish()
                    let result = String(decoding: shown, as: UTF8.self)
                    #expect(!result.contains(signal))
                    if !String(decoding: text, as: UTF8.self).contains(signal) { #expect(shown == text) }
                }
            }
        }
    }

    @Test func wholeScalarsOnly() {
        for pieces in Self.splits("aé→😀b") { #expect(scan(pieces, "[USE]").text == "aé→😀b") }
    }
}
