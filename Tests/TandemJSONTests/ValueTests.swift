import TandemJSON
import Testing

struct ValueTests {
    @Test func views() throws {
        let root = try parse(#"{"a": [1, "two", null], "b\u0063": {"x": 1.5}, "t": true, "a": 2}"#)
        #expect(root.kind == .object && root.count == 4)
        #expect(root["a"]?.count == 3)
        #expect(root["a"]?[0]?.int == 1)
        #expect(root["a"]?[1]?.string == "two")
        #expect(root["a"]?[2]?.isNull == true)
        #expect(root["a"]?[3] == nil && root["a"]?[-1] == nil)
        #expect(root["bc"]?["x"]?.double == 1.5)
        #expect(root["bc"]?["x"]?.int == nil)
        #expect(root["t"]?.bool == true)
        #expect(root["zz"] == nil && root["t"]?["a"] == nil && root[0] == nil)
        #expect(root.members.map(\.key) == ["a", "bc", "t", "a"])
        #expect(root["a"]?.elements.map(\.kind) == [.number, .string, .null])
        #expect(Array(root.elements).isEmpty && Array(root["t"]?.members.map(\.key) ?? []).isEmpty)
        #expect(root["a"].map { String(decoding: $0.raw, as: UTF8.self) } == #"[1, "two", null]"#)
        let range = try #require(root["bc"]).rawRange
        #expect(String(decoding: root.document.bytes[range], as: UTF8.self) == #"{"x": 1.5}"#)
    }

    @Test(arguments: [
        (#""""#, ""), (#""plain""#, "plain"), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
        (#""\u00e9\u6f22\ud83d\ude00""#, "é漢😀"), (#""\ud83d""#, "\u{FFFD}"), (#""\ude00\ud83dx""#, "\u{FFFD}\u{FFFD}x"),
        (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\u0000""#, "\0"),
    ])
    func decodes(_ json: String, _ text: String) throws {
        let value = try parse(json)
        #expect(value.string == text)
        #expect(value.utf8 == Array(text.utf8))
        #expect(value.isString(text))
        #expect(!value.isString(text + "x"))
        #expect(text.isEmpty || !value.isString(String(text.unicodeScalars.dropLast())))
        #expect(try parse("{\(json):1}")[text]?.int == 1)
    }

    @Test func comparesWithoutAllocating() throws {
        #expect(try parse(#""model""#).isString("model" as StaticString))
        #expect(try !parse(#""modem""#).isString("model" as StaticString))
        #expect(try parse(#""mod\u0065l""#).isString("model" as StaticString))
        #expect(try !parse("1").isString("1" as StaticString))
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("12", 12), ("-12", -12), ("9223372036854775807", .max),
            ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", 1), ("1.5", nil), ("1e2", 100),
            ("1.5e1", 15), ("1200e-2", 12), ("1200e-3", nil), ("105", 105), ("1e18", 1_000_000_000_000_000_000),
            ("1e19", nil), ("1e99999999999999999999", nil), ("0e99999999999999999999", 0),
            ("1e-99999999999999999999", nil),
            ("0.05e2", 5), ("10.00", 10), ("123456789012345678901234567890", nil), ("1e0000000000000000000001", 10),
        ] as [(String, Int?)])
    func integers(_ json: String, _ number: Int?) throws {
        #expect(try parse(json).int == number)
    }

    @Test func doubles() throws {
        #expect(try parse("-1.25e2").double == -125)
        #expect(try parse("1e999").double == nil)
        #expect(try parse("123456789012345678901234567890").double == 1.2345678901234568e29)
        #expect(try parse("\"1\"").double == nil)
    }

    @Test func bigNumbersStayRaw() throws {
        let value = try parse("[123456789012345678901234567890]")[0]
        #expect(value.map { Array($0.raw) } == Array("123456789012345678901234567890".utf8))
    }

    @Test func duplicateKeys() throws {
        #expect(try parse(#"{"a":1,"b":{"c":1}}"#).duplicateKey == nil)
        let nested = try parse(#"{"a":1,"b":[{"c":1,"\u0063":2}]}"#)
        let found = try #require(nested.duplicateKey)
        #expect(found.string == "c" && found.rawRange.lowerBound == 19)
        #expect(nested.pointer(to: found) == "/b/0/c")
        #expect(nested["a"]?.duplicateKey == nil)
        let many = (0..<100).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(try parse("{\(many)}").duplicateKey == nil)
        #expect(try parse("{\(many),\"k7\":1}").duplicateKey?.string == "k7")
    }

    @Test func pointers() throws {
        #expect(jsonPointer("messages", "0", "role") == "/messages/0/role")
        #expect(jsonPointer("a/b", "~", "") == "/a~1b/~0/")
        #expect(jsonPointer([String]()) == "")
        let root = try parse(#"{"a/b":[0,{"x":[[],{"y":1}]}]}"#)
        let inner = try #require(root["a/b"]?[1]?["x"]?[1]?["y"])
        #expect(root.pointer(to: inner) == "/a~1b/1/x/1/y")
        #expect(root.pointer(to: root) == "")
        #expect(root["a/b"]?[0]?.pointer(to: inner) == nil)
    }

    @Test func canonicalForms() throws {
        let left = try parse(#" { "b" : [1.0, "\u0041\/" ], "a":{"z":null,"\u0061":true} } "#).canonicalBytes
        let right = try parse(#"{"a":{"a":true,"z":null},"b":[1.0,"A/"]}"#).canonicalBytes
        #expect(left == right)
        #expect(String(decoding: left, as: UTF8.self) == #"{"a":{"a":true,"z":null},"b":[1.0,"A/"]}"#)
        #expect(try parse("[1]").canonicalBytes != parse("[1.0]").canonicalBytes)
    }
}

struct NameTableTests {
    @Test func findsEachNameAndNoOther() throws {
        let names = [
            "model", "stop", "seed", "messages", "a", "", "tools", "top_p", "max_completion_tokens",
            "reasoning_content", "max_cxmpletion_tokens", "prompt_cache_hit_tokens",
        ]
        let table = JSONNameTable(names)
        for (index, name) in names.enumerated() {
            #expect(try table.index(of: parse("\"\(name)\"")) == index)
        }
        #expect(try table.index(of: parse(#""m\u006fdel""#)) == 0)
        for other in [
            "modem", "b", "sto", "messages_", "a much longer name than any of them", "massages", "messagez",
            "max_complexion_tokens", "reasoning_cintent", "seasoning_content", "reasoning_contenz",
        ] {
            #expect(try table.index(of: parse("\"\(other)\"")) == nil)
        }
        // Behind the name there may be a whole document or nothing.
        let padded = try parse("{" + names.map { "\"\($0)\":[1,2,3,4,5,6]" }.joined(separator: ",") + "}")
        #expect(padded.rawMembers.map { table.index(of: $0) } == Array(names.indices))
        #expect(try JSONNameTable([]).index(of: parse("\"a\"")) == nil)
        #expect(try JSONNameTable([]).index(of: parse("\"\"")) == nil)
    }

    @Test func placesOfMembers() throws {
        let names = JSONNameTable(["a", "b", "c", "d"])
        let object = try parse(#"{"x":[{"a":0}],"\u0062":2,"a":{"b":1},"c":null,"b":3}"#)
        let places = object.places(of: names)
        #expect(object[places, 0]?["b"]?.int == 1 && object[places, 2]?.isNull == true && object[places, 3] == nil)
        // The last one counts, and that there are two is known.
        #expect(object[places, 1]?.int == 3 && places.duplicate == 1)
        let whole = try parse(#"{"a":1,"d":""}"#)
        let found = whole.places(of: names)
        #expect(found.duplicate == nil && whole[found, 0]?.int == 1 && whole[found, 3]?.string == "")
        for other in ["[]", #""a""#, "{}", #"["a","b"]"#] {
            let value = try parse(other)
            let none = value.places(of: names)
            #expect((0..<4).allSatisfy { value[none, $0] == nil } && none.duplicate == nil)
        }
        // As many as there may be, in every order.
        let many = (0..<JSONPlaces.limit).map { "name\($0)" }
        let table = JSONNameTable(many)
        for _ in 0..<20 {
            let order = many.indices.shuffled()
            let shuffled = try parse("{" + order.map { "\"name\($0)\":\($0)" }.joined(separator: ",") + "}")
            let all = shuffled.places(of: table)
            #expect(many.indices.map { shuffled[all, $0]?.int } == Array(many.indices))
        }
    }
}
