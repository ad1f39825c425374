import TandemJSON
import Testing

func parse(_ text: String, maxDepth: Int = 512) throws(JSONError) -> JSONValue {
    try JSONDocument(Array(text.utf8), maxDepth: maxDepth).root
}

func failure(_ bytes: [UInt8], maxDepth: Int = 512) -> JSONError? {
    do {
        _ = try JSONDocument(bytes, maxDepth: maxDepth)
        return nil
    } catch { return error }
}

struct ConformanceTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1", "-1", "0.5", "1e5", "1E+5", "1e-5", "-1.25e10", "1e999", "-0.0",
        "123456789012345678901234567890", "\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "\"\\u0000\"",
        "\"é漢😀\"", "\"\\uD83D\\uDE00\"", "\"\u{7f}\"", "\"\u{2028}\"", "[]", "{}", " [ ] ", "\t{\r\n}\n", "[1]",
        "[1,2]", "[[],[[]]]", "{\"a\":1}", "{\"\":{}}", "{\"a\":1,\"a\":2}", "{\"a\":[{\"b\":null}]}", "[1 , 2 ]",
        "{ \"a\" : 1 , \"b\" : 2 }", "\"\u{10FFFF}\"", "\"01234567\"", "\"0123456\"", "\"012345678\"",
    ])
    func accepts(_ text: String) throws {
        let value = try parse(text)
        #expect(Array(value.raw) == Array(text.utf8).trimmingBlanks)
    }

    @Test(
        arguments: [
            ("", 0, .empty), (" \n", 2, .empty), ("nul", 3, .unexpectedEnd), ("nulL", 3, .unexpectedByte(0x4C)),
            ("True", 0, .unexpectedByte(0x54)), ("NaN", 0, .unexpectedByte(0x4E)),
            ("Infinity", 0, .unexpectedByte(0x49)),
            ("-Infinity", 1, .invalidNumber), ("01", 1, .invalidNumber), ("-01", 2, .invalidNumber),
            ("1.", 2, .unexpectedEnd), (".5", 0, .unexpectedByte(0x2E)), ("[1.]", 3, .invalidNumber),
            ("+1", 0, .unexpectedByte(0x2B)), ("1e", 2, .unexpectedEnd), ("[1e]", 3, .invalidNumber),
            ("[1e+]", 4, .invalidNumber), ("-", 1, .unexpectedEnd), ("0x10", 1, .trailingByte(0x78)),
            ("1 2", 2, .trailingByte(0x32)), ("[1,]", 3, .unexpectedByte(0x5D)), ("[,1]", 1, .unexpectedByte(0x2C)),
            ("[1 2]", 3, .unexpectedByte(0x32)), ("[1", 2, .unexpectedEnd), ("[", 1, .unexpectedEnd),
            ("]", 0, .unexpectedByte(0x5D)), ("[}", 1, .unexpectedByte(0x7D)), ("[1}", 2, .unexpectedByte(0x7D)),
            ("{\"a\":1]", 6, .unexpectedByte(0x5D)), ("{\"a\":1,}", 7, .unexpectedByte(0x7D)),
            ("{a:1}", 1, .unexpectedByte(0x61)), ("{'a':1}", 1, .unexpectedByte(0x27)),
            ("{\"a\" 1}", 5, .unexpectedByte(0x31)), ("{\"a\":}", 5, .unexpectedByte(0x7D)),
            ("{\"a\"}", 4, .unexpectedByte(0x7D)), ("{1:1}", 1, .unexpectedByte(0x31)), ("{}}", 2, .trailingByte(0x7D)),
            ("\"", 1, .unexpectedEnd), ("\"a", 2, .unexpectedEnd), ("\"\\", 2, .unexpectedEnd),
            ("\"\\x\"", 2, .invalidEscape), ("\"\\u12\"", 5, .invalidEscape), ("\"\\u12G4\"", 5, .invalidEscape),
            ("\"a\tb\"", 2, .controlCharacter(9)), ("\"012345678\n\"", 10, .controlCharacter(10)),
            ("\"\0\"", 1, .controlCharacter(0)), ("[1]//x", 3, .trailingByte(0x2F)), ("\u{FEFF}1", 0, .byteOrderMark),
            ("1\u{0B}", 1, .trailingByte(0x0B)), ("\u{A0}1", 0, .unexpectedByte(0xC2)),
            ("{\"a\":1 \"b\":2}", 7, .unexpectedByte(0x22)), ("{,}", 1, .unexpectedByte(0x2C)),
        ] as [(String, Int, JSONError.Reason)])
    func refuses(_ text: String, offset: Int, reason: JSONError.Reason) {
        #expect(failure(Array(text.utf8)) == JSONError(offset: offset, reason: reason))
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xE2, 0x82], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
            [0xF0, 0x9F, 0x98], [0xE2, 0x28, 0xA1], [0xC3, 0x28],
        ] as [[UInt8]])
    func refusesInvalidUTF8(_ sequence: [UInt8]) {
        for padding in 0..<9 {
            let bytes = [0x22] + [UInt8](repeating: 0x61, count: padding) + sequence + Array("\"".utf8)
            #expect(failure(bytes) == JSONError(offset: padding + 1, reason: .invalidUTF8))
        }
    }

    @Test func depthLimit() throws {
        let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try parse(nested(512))
        #expect(failure(Array(nested(513).utf8)) == JSONError(offset: 512, reason: .tooDeep(limit: 512)))
        _ = try parse("[{}]", maxDepth: 2)
        #expect(failure(Array("[{\"a\":[]}]".utf8), maxDepth: 2)?.offset == 6)
        // Side by side is not deep.
        _ = try parse("[[],[],{},{}]", maxDepth: 2)
    }

    @Test func errorsSayByteAndOffset() {
        #expect(failure(Array("{\"a\":1,    }".utf8))?.description == "unexpected byte 0x7d at offset 11")
        #expect(failure(Array("[".utf8))?.description == "unexpected end at offset 1")
        #expect(failure([0x22, 0x01, 0x22])?.description.hasPrefix("control character 0x01 in a string") == true)
    }

    @Test func everyTruncationIsRefused() {
        let text = #"{"id":12345678901234567890,"s":"a\n\u00e9 é漢😀","l":[1,-2.5e-3,true,false,null,{}],"o":{"k":[[]]}}"#
        let bytes = Array(text.utf8)
        #expect(failure(bytes) == nil)
        for length in 0..<bytes.count {
            let error = failure(Array(bytes[..<length]))
            #expect(error != nil && (error?.offset ?? .max) <= length)
        }
    }
}

extension [UInt8] {
    var trimmingBlanks: [UInt8] {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        return Array(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
