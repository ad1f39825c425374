import TandemBase
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        ("modles", "models"), ("chta", "chat"), ("Histroy", "history"), ("base_urll", "base_url"), ("ca", "chat"),
        ("weather", nil), ("", nil), ("c", nil), ("statistics", nil),
    ])
    func theNearestName(typed: String, meant: String?) {
        #expect(nearestName(to: typed, among: ["chat", "models", "history", "status", "base_url"]) == meant)
    }

    /// A stream may be cut anywhere: what is handed on is whole, and nothing is held back longer than needed.
    @Test func holdsBackOnlyABrokenEnd() {
        let text = "aé€😀"
        let bytes = Array(text.utf8)
        for end in 0...bytes.count {
            let held = incompleteScalarBytes(atEndOf: bytes[..<end])
            #expect(String(validating: bytes[..<(end - held)], as: UTF8.self) != nil)
            #expect(held == 0 || String(validating: bytes[..<(end - held + 1)], as: UTF8.self) == nil)
            #expect((0...3).contains(held))
        }
        // What no further byte can mend is not held back.
        #expect(incompleteScalarBytes(atEndOf: [0x80, 0x80, 0x80, 0x80, 0x80]) == 0)
    }

    @Test func aSecretShowsNothing() {
        let secret = Secret("sk-1234")
        var dumped = ""
        dump((secret, [secret]), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\([secret])", dumped] {
            #expect(!text.contains("1234"))
        }
        #expect(secret.reveal { $0 } == "sk-1234")
    }
}
