import TandemBase
import Testing

@testable import TandemProviders

@Suite struct UpstreamWordsTests {
    private func shown(_ message: String?, prompt: String, key: String? = nil, escaped: Bool = false) -> String? {
        let text =
            escaped
            ? prompt.utf16.map {
                "\\u" + String(repeating: "0", count: 4 - String($0, radix: 16).count) + String($0, radix: 16)
            }
            .joined()
            : prompt
        let request =
            #"{"model":"llama-3.3-70b-versatile","messages":[{"role":"assistant","content":"\#(text)"}],"stream":true}"#
        return UpstreamWords(request: Array(request.utf8), key: key.map { Secret($0) }).shown(message)
    }

    @Test func ordinaryWordsAreShownInOneShortLine() {
        #expect(
            shown("The model\n`llama-3.3-70b-versatile` is\tbusy", prompt: "tell me a story")
                == "The model `llama-3.3-70b-versatile` is busy")
        // What a terminal would obey, in either of its forms.
        #expect(shown("bad \u{1B}[31mred\u{9B}31m\u{7F}", prompt: "x") == "bad  [31mred 31m ")
        #expect(shown(nil, prompt: "x") == nil && shown("", prompt: "x") == nil)
        #expect(shown(String(repeating: "ab ", count: 500), prompt: "x")!.utf8.count < 210)
    }

    @Test func thePromptIsNeverShown() {
        let prompt = "My grandmother's maiden name is Quince."
        #expect(shown("cannot parse: \(prompt)", prompt: prompt) == nil)
        #expect(shown("near 'maiden name is Qui'", prompt: prompt) == nil)
        // The client had escaped what the server quotes in the clear, and the other way round.
        #expect(shown("bad text: Привет, это секрет", prompt: "Привет, это секрет", escaped: true) == nil)
        #expect(shown("bad text: \\u041f\\u0440\\u0438\\u0432", prompt: "Привет, это секрет") == nil)
        #expect(shown("bad: line one line two", prompt: "line one\\nline two") == nil)
        #expect(shown("bad: pin 1234", prompt: "pin 1234") == nil)
        #expect(shown("unknown role assistant", prompt: "hello there") == "unknown role assistant")
    }

    @Test func theKeyIsNeverShown() {
        for message in ["Incorrect API key provided: sk-live-abcdefgh.", "sk-live-***", "…-abcdefgh"] {
            #expect(shown(message, prompt: "x", key: "sk-live-abcdefgh") == nil)
        }
        #expect(shown("Incorrect API key provided", prompt: "x", key: "sk-live-abcdefgh") != nil)
        #expect(shown("key abc refused", prompt: "x", key: "abc") == nil)
    }
}

@Suite struct FailureClassifierTests {
    private func classified(_ message: String, status: Int) -> UpstreamFailure {
        let words = UpstreamWords(request: Array(#"{"model":"m"}"#.utf8), key: nil)
        return FailureClassifier(words: words, connectTimeout: .seconds(1))
            .classify(UpstreamErrorObject(message: message), status: status, retryAfter: nil)
    }

    @Test(arguments: [400, 422]) func aServerThatKnowsNoStreamOptionsIsMetWithAWayOut(_ status: Int) {
        let failure = classified("Unrecognized request argument supplied: stream_options", status: status)
        #expect(failure.status == status)
        #expect(failure.message.contains("limits = { provider_options = { stream_options = {} } }"))
        #expect(failure.message.hasSuffix(": Unrecognized request argument supplied: stream_options"))
        #expect(!classified("Unrecognized request argument supplied: seed", status: status).message.contains("limits"))
    }
}
