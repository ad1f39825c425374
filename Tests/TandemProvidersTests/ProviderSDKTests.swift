import TandemJSON
import TandemTestSupport
import Testing

@testable import TandemProviders

private let sdk = PythonSDK(variable: "TANDEM_TEST_PROVIDER_SDKS")

/// The SDKs of Anthropic and Google against what our tests take for their APIs: what the SDKs read in the scripted
/// answers is what our decoders read, and their types take the requests that we write.
@Suite(.enabled(if: sdk != nil, "scripts/test-provider-sdks runs it"))
struct ProviderSDKTests {
    private func run(_ what: String, _ arguments: String...) throws -> String {
        let program = try sourceFolder() + "/../sdk/provider_types.py"
        let (status, output) = try #require(sdk).run([program, what] + arguments)
        #expect(status == 0, "\(output)")
        return output
    }

    private func sourceFolder(_ file: String = #filePath) throws -> String {
        String(file[..<(try #require(file.lastIndex(of: "/")))])
    }

    @Test func anthropicsSDKReadsWhatWeRead() throws {
        @Sendable func error(_ status: Int, _ type: String) -> Reply {
            .json(#"{"type":"error","error":{"type":"\#(type)","message":"no"}}"#, status: status)
        }
        let upstream = try ScriptedUpstream { request in
            switch request.index {
            case 0: .sse([.text(AnthropicMaterial.whole)])
            case 1: .json(AnthropicMaterial.message)
            case 2: error(429, "rate_limit_error")
            case 3: error(401, "authentication_error")
            default: .sse([.text(AnthropicMaterial.start + AnthropicMaterial.overloaded)])
            }
        }
        let found = try run("anthropic_answer", "http://127.0.0.1:\(upstream.port)", testKey)
        for request in upstream.requests {
            #expect(request.path == "/v1/messages" && request.header("x-api-key") == testKey, "\(request.path)")
            #expect(request.header("anthropic-version") == "2023-06-01", "\(request.headers)")
        }
        let answer = """
            {"thinking":"Hm, 2+2 …","text":"Vier – “4” 🙂",
             "calls":[["toolu_1","add",{"a":2,"b":2}],["toolu_2","now",{}]],"prompt":38,"cached":10,"completion":15,
             "stop":"end_turn"}
            """
        let failures = #"["rate_limit_error","authentication_error","overloaded_error"]"#
        let wanted = "{\"answers\":[\(answer),\(answer)],\"failures\":\(failures)}"
        #expect(try canonical(found) == canonical(wanted))
    }

    @Test func googlesSDKReadsWhatWeRead() throws {
        let upstream = try ScriptedUpstream { request in
            switch request.index {
            case 0: .sse([.text(GeminiAnswerTests.stream(GeminiAnswerTests.chunks))])
            case 1:
                .json(
                    #"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}"#, status: 400)
            default:
                .json(#"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}"#, status: 429)
            }
        }
        let found = try run("gemini_answer", "http://127.0.0.1:\(upstream.port)", testKey)
        let request = upstream.requests[0]
        #expect(request.path == "/v1" + geminiPath(model: "gemini-2.5-flash"))
        #expect(request.header("x-goog-api-key") == testKey)
        let wanted = """
            {"thinking":"Hm …","text":"Vier 🙂","calls":[[null,"f",{"x":1}],["g1","g",null]],"prompt":8,"cached":2,
             "completion":12,"thoughts":7,"stop":"STOP",
             "failures":[[400,"INVALID_ARGUMENT"],[429,"RESOURCE_EXHAUSTED"]]}
            """
        #expect(try canonical(found) == canonical(wanted))
    }

    /// Everything that a chat may hold.
    private static let chats = [
        #"{"messages":[{"role":"user","content":"q"}]}"#,
        """
        {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"b"},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},
          {"type":"image_url","image_url":{"url":"https://example.org/a.png"}},
          {"type":"file","file":{"file_data":"data:application/pdf;base64,QUJD"}}]},
          {"role":"assistant","content":"c"},{"role":"user","content":"d"}],
         "temperature":0.5,"top_p":0.9,"max_tokens":10,"stop":["END"],"seed":3,"presence_penalty":1,
         "frequency_penalty":0.5,"logprobs":true,"parallel_tool_calls":true}
        """,
        """
        {"messages":[{"role":"user","content":"q"},
          {"role":"assistant","tool_calls":[
            {"id":"fc-1","type":"function","function":{"name":"f","arguments":"{\\"x\\":1}"}},
            {"id":"fc-2","type":"function","function":{"name":"g","arguments":""}}]},
          {"role":"tool","tool_call_id":"fc-1","content":"{\\"y\\":2}"},
          {"role":"tool","tool_call_id":"fc-2","content":"plain"}],
         "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object",
           "properties":{"x":{"type":"integer"}},"required":["x"],"additionalProperties":false}}},
           {"type":"function","function":{"name":"g"}}],
         "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false}
        """,
        """
        {"messages":[{"role":"user","content":"q"}],"reasoning_effort":"high","max_tokens":20000,
         "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto",
         "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}}
        """,
        #"{"messages":[{"role":"system","content":"q"}],"response_format":{"type":"json_object"}}"#,
    ]

    @Test(arguments: [
        ("anthropic_request", ["claude-sonnet-4-5", "claude-opus-4-6"]),
        ("gemini_request", ["gemini-2.5-flash", "gemini-3-pro"]),
    ])
    func theSDKsTypesTakeOurRequests(_ what: String, _ models: [String]) throws {
        let home = try TemporaryHome()
        var lines: [String] = []
        for model in models {
            let settings = ModelSettings(name: "m", provider: "p", model: model)
            for chat in Self.chats {
                let prompt = try prompt(chat)
                let bytes =
                    what == "gemini_request"
                    ? GeminiRequest.bytes(prompt, model: settings) : AnthropicRequest.bytes(prompt, model: settings)
                lines.append(try canonical(bytes))
            }
        }
        #expect(try run(what, home.write("requests", lines.joined(separator: "\n"))) == "\"ok\"\n")
    }
}
