import TandemBase
import Testing

@testable import TandemProviders

@Suite struct AnthropicRequestTests {
    private func request(_ params: String, model: String = "claude-sonnet-4-5", context: Int? = nil) throws -> String {
        var settings = ModelSettings(name: "m", provider: "p", model: model)
        settings.context = context
        return try canonical(AnthropicRequest.bytes(try prompt(params), model: settings))
    }

    private func expect(_ params: String, model: String = "claude-sonnet-4-5", gives wanted: String) throws {
        #expect(try request(params, model: model) == canonical(wanted))
    }

    @Test func setsSystemApartAndSplitsNothingElse() throws {
        try expect(
            """
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"},
             {"role":"developer","content":[{"type":"text","text":"Use Swift.","cache_control":{"type":"ephemeral"}}]}],
             "temperature":1.7,"top_p":0.9,"stop":["END"," "],"seed":7,"presence_penalty":1,"logprobs":true}
            """,
            gives: """
                {"model":"claude-sonnet-4-5","max_tokens":8192,"stream":true,"temperature":1.0,
                 "stop_sequences":["END"],
                 "system":[{"type":"text","text":"Be brief."},
                           {"type":"text","text":"Use Swift.","cache_control":{"type":"ephemeral"}}],
                 "messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}
                """)
    }

    @Test func mergesNeighboursAndMapsToolTurns() throws {
        try expect(
            """
            {"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},
             {"role":"assistant","content":null,"tool_calls":[
               {"id":"call_1","type":"function","function":{"name":"f","arguments":"{\\"x\\":1}"}},
               {"id":"functions.g:2","type":"function","function":{"name":"g","arguments":"oops"}}]},
             {"role":"tool","tool_call_id":"call_1","content":"one"},
             {"role":"tool","tool_call_id":"functions.g:2","content":[{"type":"text","text":"two"}]},
             {"role":"user","content":"go on"}],
             "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},
                      {"type":"function","function":{"name":"g"}},{"type":"web_search_20250305","name":"web_search"}],
             "tool_choice":"required","parallel_tool_calls":false}
            """,
            gives: """
                {"model":"claude-sonnet-4-5","max_tokens":8192,"stream":true,
                 "messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
                  {"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"f","input":{"x":1}},
                    {"type":"tool_use","id":"functions_g_2","name":"g","input":{"arguments":"oops"}}]},
                  {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"one"},
                    {"type":"tool_result","tool_use_id":"functions_g_2","content":[{"type":"text","text":"two"}]},
                    {"type":"text","text":"go on"}]}],
                 "tools":[{"name":"f","description":"d","input_schema":{"type":"object"}},
                   {"name":"g","input_schema":{"type":"object","properties":{}}},
                   {"type":"web_search_20250305","name":"web_search"}],
                 "tool_choice":{"type":"any","disable_parallel_tool_use":true}}
                """)
    }

    @Test func mapsImagesFilesAndPassesItsOwnParts() throws {
        try expect(
            """
            {"messages":[{"role":"user","content":[
              {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},
              {"type":"image_url","image_url":{"url":"https://example.org/a.png"}},
              {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,REVG"}},
              {"type":"text","text":""},{"type":"search_result","source":"s"}]}]}
            """,
            gives: """
                {"model":"claude-sonnet-4-5","max_tokens":8192,"stream":true,"messages":[{"role":"user","content":[
                  {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}},
                  {"type":"image","source":{"type":"url","url":"https://example.org/a.png"}},
                  {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"REVG"}},
                  {"type":"search_result","source":"s"}]}]}
                """)
    }

    @Test func asksOlderModelsToThinkWithABudget() throws {
        try expect(
            #"{"messages":[{"role":"user","content":"q"}],"reasoning_effort":"medium","temperature":0.2,"top_p":0.5}"#,
            gives: """
                {"model":"claude-sonnet-4-5","max_tokens":16384,"stream":true,
                 "thinking":{"type":"enabled","budget_tokens":8192},
                 "messages":[{"role":"user","content":[{"type":"text","text":"q"}]}]}
                """)
        // The budget fits below the client's own limit, or there is none.
        let small = try request(
            #"{"messages":[{"role":"user","content":"q"}],"reasoning_effort":"high","max_tokens":2000}"#)
        #expect(small.contains(#""budget_tokens":1500"#) && small.contains(#""max_tokens":2000"#))
        let tiny = try request(
            #"{"messages":[{"role":"user","content":"q"}],"reasoning_effort":"high","max_tokens":500}"#)
        #expect(!tiny.contains("thinking"))
    }

    /// A workflow's depth, for the models that think; what the client itself asked for comes first.
    @Test(
        arguments: [
            ("claude-sonnet-4-5", "high", "", #""budget_tokens":12288"#),
            ("claude-opus-4-6", "low", "", #""effort":"low""#),
            ("claude-sonnet-4-5", "high", #","reasoning_effort":"low""#, #""budget_tokens":2048"#),
            ("claude-3-5-haiku", "high", "", nil),
        ] as [(String, String, String, String?)])
    func aDepthIsThinkingWhereTheModelThinks(_ model: String, _ depth: String, _ more: String, _ wanted: String?) throws
    {
        var asked = try prompt(#"{"messages":[{"role":"user","content":"q"}],"max_tokens":16384\#(more)}"#)
        asked.reasoningEffort = depth
        let bytes = AnthropicRequest.bytes(asked, model: ModelSettings(name: "m", provider: "p", model: model))
        let text = String(decoding: bytes, as: UTF8.self)
        if let wanted {
            #expect(text.contains(wanted), "\(text)")
        } else {
            #expect(!text.contains("thinking"), "\(text)")
        }
    }

    @Test func asksNewerModelsToThinkWithAnEffort() throws {
        try expect(
            #"{"messages":[{"role":"user","content":"q"}],"reasoning_effort":"high","temperature":0.2}"#,
            model: "claude-opus-4-6",
            gives: """
                {"model":"claude-opus-4-6","max_tokens":8192,"stream":true,"output_config":{"effort":"high"},
                 "thinking":{"type":"adaptive","display":"summarized"},
                 "messages":[{"role":"user","content":[{"type":"text","text":"q"}]}]}
                """)
        let plain = #"{"messages":[{"role":"user","content":"q"}],"temperature":0.2}"#
        #expect(try request(plain, model: "claude-opus-4-6").contains("temperature"))
        #expect(try !request(plain, model: "claude-sonnet-5").contains("temperature"))
        #expect(try request(plain, model: "claude-3-7-sonnet-20250219").contains("temperature"))
        #expect(try request(plain, model: "MiniMax-M2").contains("temperature"))
    }

    @Test func goesOnWithoutThinkingWhereTheSignedBlockIsMissing() throws {
        let calls = #"{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]}"#
        let result = #"{"role":"tool","tool_call_id":"1","content":"r"}"#
        let question = #"{"role":"user","content":"q"}"#
        let without = #"{"messages":[\#(question),\#(calls),\#(result)],"reasoning_effort":"low"}"#
        #expect(try !request(without).contains("thinking"))
        let block = #"{"type":"thinking","thinking":"t","signature":"s"}"#
        let signed = #"{"role":"assistant","content":[\#(block)],"# + calls.dropFirst(#"{"role":"assistant","#.count)
        let kept = try request(#"{"messages":[\#(question),\#(signed),\#(result)],"reasoning_effort":"low"}"#)
        #expect(kept.contains("budget_tokens") && kept.contains(#""signature":"s""#))
        // A forced tool excludes thinking as well.
        let forced = #"{"messages":[\#(question)],"reasoning_effort":"low","tools":[{"function":{"name":"f"}}],"#
        #expect(try !request(forced + #""tool_choice":"required"}"#).contains("budget_tokens"))
    }

    @Test func mapsResponseFormats() throws {
        let schema = try request(
            """
            {"messages":[{"role":"user","content":"q"}],"response_format":{"type":"json_schema",
             "json_schema":{"name":"n","schema":{"type":"object"}}}}
            """)
        #expect(schema.contains(#""output_config":{"format":{"schema":{"type":"object"},"type":"json_schema"}}"#))
        let object = try request(
            #"{"messages":[{"role":"user","content":"q"}],"response_format":{"type":"json_object"}}"#)
        #expect(object.contains(#""system":[{"text":"Answer with one JSON object and nothing else.","#))
    }

    @Test func laysDefaultsUnderAndOptionsOver() throws {
        var model = ModelSettings(name: "m", provider: "p", model: "claude-haiku-4-5")
        model.context = 4096
        model.defaults = [
            .init(name: "temperature", json: Array("0.2".utf8)), .init(name: "stop", json: Array("\"X\"".utf8)),
        ]
        let params = """
            {"messages":[{"role":"system","content":"only"}],"temperature":0.5,
             "provider_options":{"top_k":5,"stop_sequences":["Y"],"thinking":{"type":"disabled"}}}
            """
        let written = try canonical(AnthropicRequest.bytes(try prompt(params), model: model))
        #expect(
            try written
                == canonical(
                    """
                    {"model":"claude-haiku-4-5","max_tokens":2048,"stream":true,"temperature":0.5,"top_k":5,
                     "stop_sequences":["Y"],"thinking":{"type":"disabled"},
                     "messages":[{"role":"user","content":[{"type":"text","text":"only"}]}]}
                    """))
    }
}
