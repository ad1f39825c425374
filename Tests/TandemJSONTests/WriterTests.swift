import TandemJSON
import Testing

struct WriterTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func commasAreAutomatic() {
        let written = text { writer in
            writer.beginObject()
            writer.member("a", 1)
            writer.key("b")
            writer.beginArray()
            writer.null()
            writer.bool(true)
            writer.double(0)
            writer.beginObject()
            writer.endObject()
            writer.string("{[:,")
            writer.int(-7)
            writer.endArray()
            writer.member("c", "x")
            writer.member("d", ifPresent: String?.none)
            writer.member("e", ifPresent: 5)
            writer.member("f", ["p", "q"])
            writer.key(String("g"))
            writer.raw(Array("1e2".utf8))
            writer.member("h", 1.5)
            writer.member("i", false)
            writer.endObject()
        }
        #expect(
            written
                == #"{"a":1,"b":[null,true,0.0,{},"{[:,",-7],"c":"x","e":5,"f":["p","q"],"g":1e2,"h":1.5,"i":false}"#)
    }

    @Test func numbers() {
        let written = text { writer in
            writer.beginArray()
            writer.int(0)
            writer.int(Int.min)
            writer.int(Int.max)
            writer.int(UInt64.max)
            writer.int(Int8(-128))
            writer.double(.nan)
            writer.double(-.infinity)
            writer.double(1e-7)
            writer.double(1e300)
            writer.endArray()
        }
        #expect(
            written
                == "[0,-9223372036854775808,9223372036854775807,18446744073709551615,-128,null,null,1e-07,1e+300]")
    }

    /// Digits by our own hand, on both sides of each power of ten.
    @Test func everyLengthOfInteger() {
        var power = 1
        for _ in 0..<19 {
            for number in [power - 1, power, power + 1, -power, 1 - power] {
                #expect(text { $0.int(number) } == String(number))
                let member = text { $0.member("n", number) }
                #expect(member == "\"n\":\(number)")
            }
            (power, _) = power.multipliedReportingOverflow(by: 10)
        }
    }

    @Test func millionthsAreExact() {
        let cases: [(Int, String)] = [
            (0, "0.0"), (1, "0.000001"), (10, "0.00001"), (711_162, "0.711162"), (1_000_000, "1.0"), (1_500_000, "1.5"),
            (-1_500_000, "-1.5"), (-1, "-0.000001"), (.max, "9223372036854.775807"), (.min, "-9223372036854.775808"),
        ]
        for (millionths, written) in cases {
            #expect(text { $0.member("ms", millionths: millionths) } == "\"ms\":" + written)
        }
    }

    /// A member is written in one piece where it can be; the pieces put together are the same.
    @Test func membersAreTheirKeysAndValues() {
        let texts = [
            "", "a", "abc", "abcd", "seven77", "eight888", "nine-nine", "sixteen-sixteen-", "seventeen-sevente",
        ]
        for plain in texts + texts.map({ $0 + "\"" }) + texts.map({ "\n" + $0 }) + [String(repeating: "é", count: 99)] {
            let inOne = text { writer in
                writer.beginObject()
                writer.member("k", plain)
                writer.member("a longer name than eight", plain)
                writer.member("yes", true)
                writer.member("no", false)
                writer.endObject()
            }
            let apart = text { writer in
                writer.beginObject()
                writer.key("k" as String)
                writer.string(plain)
                writer.key("a longer name than eight" as String)
                writer.string(plain)
                writer.key("yes" as String)
                writer.bool(true)
                writer.key("no" as String)
                writer.bool(false)
                writer.endObject()
            }
            #expect(inOne == apart)
        }
    }

    @Test func escapesOnlyWhatMustBe() {
        #expect(
            text { $0.string("a\"b\\c/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}\u{2028}é😀") }
                == #""a\"b\\c/\b\f\n\r\t\u0001\u001f"# + "\u{7f}\u{2028}é😀\"")
        #expect(text { $0.string(utf8: [0x61, 0xFF, 0x62]) } == "\"a\u{FFFD}b\"")
        #expect(text { $0.string(utf8: "lazy".utf8.lazy.map { $0 }) } == "\"lazy\"")
    }

    @Test func everyStringReadsBack() throws {
        var random = SystemRandomNumberGenerator()
        let alphabet: [Unicode.Scalar] = [
            "a", "\"", "\\", "\n", "\u{0}", "\u{1f}", "é", "漢", "😀", "\u{2028}", " ", "z",
        ]
        for length in 0..<200 {
            var string = ""
            for _ in 0..<length { string.unicodeScalars.append(alphabet.randomElement(using: &random) ?? "a") }
            let written = text { $0.string(string) }
            let value = try parse(written)
            #expect(value.utf8 == Array(string.utf8))
            #expect(value.isString(string))
        }
    }
}
