import TandemJSON
import Testing

@testable import TandemProtocol

private let table = MethodTable(available: Set(Method.allCases))

private func fault(_ method: Method, _ params: String?) throws -> RPCError? {
    let params = try params.map { try JSONDocument(Array($0.utf8)).root }
    let name = try JSONDocument(Array("\"\(method.rawValue)\"".utf8)).root
    do {
        try table.find(name).params.checkParams(params)
        return nil
    } catch { return error }
}

extension RPCError {
    /// The text of a string member of the data.
    fileprivate func text(_ name: String) -> String? {
        data.first { $0.name == name }.flatMap { try? JSONDocument($0.json).root.string }
    }
}

struct ParameterCheckTests {
    @Test(
        arguments: [
            (.chat, #"{"messages":[{"role":"user","content":"hi"}]}"#),
            (
                .chat,
                #"""
                {"model":"auto","messages":[{"role":"developer","content":"x"},{"role":"user","content":[{"type":"text","text":"a"},
                {"type":"image_url","image_url":{"url":"u"},"cache_control":{}}]},{"role":"assistant","content":null,"tool_calls":[{}]},
                {"role":"assistant","tool_calls":[{}]},{"role":"tool","tool_call_id":"1","content":"r"}],"temperature":0,"top_p":1,
                "max_tokens":10,"stop":["a"],"seed":-3,"presence_penalty":-2,"frequency_penalty":2,"tools":[{"type":"function"}],
                "tool_choice":"auto","parallel_tool_calls":true,"response_format":{"type":"json_object"},"reasoning_effort":"low",
                "logprobs":false,"stream":true,"provider_options":{"anything":{"goes":[1]}},"session":"s","user":"u","cache":"only",
                "timeout_ms":1000,"reasoning":{"depth":"high","instructions":"i","show":true},"notify":true,"detach":false,
                "metadata":{"free":{"form":null}}}
                """#
            ),
            (
                .chat,
                #"{"messages":[{"role":"user","content":""}],"model":null,"temperature":null,"stop":"x","tool_choice":{}}"#
            ),
            (.plan, #"{"problem":"p"}"#),
            (.plan, #"{"problem":"p","documents":[{"path":"a","content":""}],"files":["*.py"]}"#),
            (.executePlan, #"{"plan":{},"root":"/r","base":{"a":"00"},"verify":"none","mode":"hybrid"}"#),
            (.executePlan, #"{"plan_id":"1","documents":[],"on_conflict":"skip","dry_run":true}"#),
            (.solve, #"{"problem":"p","root":"/r"}"#), (.undo, #"{"transaction_id":"1"}"#),
            (.escalate, #"{"request_id":"1"}"#), (.escalate, #"{"messages":[{"role":"user","content":"x"}]}"#),
            (.route, #"{"prompt":"x","model":"auto"}"#), (.cancel, #"{"request_id":"1"}"#),
            (.feedback, #"{"request_id":"1","score":-1,"comment":"c"}"#), (.models, nil), (.models, "null"),
            (.models, "{}"),
            (.stats, #"{"since":"24h","by":"day"}"#), (.history, #"{"limit":5}"#), (.setProvider, #"{"provider":"p"}"#),
            (.subscribe, #"{"topics":["requests","config"]}"#), (.ping, nil), (.discover, nil),
            (.cancelRequest, #"{"id":123456789012345678901234567890}"#), (.cancelRequest, #"{"id":null}"#),
        ] as [(TandemProtocol.Method, String?)])
    func accepts(_ method: TandemProtocol.Method, _ params: String?) throws {
        #expect(try fault(method, params)?.message == nil)
    }

    @Test(
        arguments: [
            (
                .chat, nil, "/messages", "an array of at least 1 item",
                "`/messages` is missing: send an array of at least 1 item."
            ),
            (.chat, "null", "/messages", "an array of at least 1 item", "is missing"),
            (.chat, "[]", "", "an object", "by position"), (.ping, "[1]", "", "an object", "by position"),
            (.chat, #"{"messages":[]}"#, "/messages", "an array of at least 1 item", "an empty array"),
            (.chat, #"{"messages":{}}"#, "/messages", "an array of at least 1 item", "is an object"),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"temprature":1}"#, "/temprature", nil,
                "Unknown member `/temprature`: did you mean `temperature`?"
            ),
            (.chat, #"{"messages":[{"role":"user","content":"x"}],"zzzzzz":1}"#, "/zzzzzz", nil, "leave it out"),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"},{"role":"bot","content":"x"}]}"#,
                "/messages/1/role",
                #"one of "system", "developer", "user", "assistant", "tool""#, "another string"
            ),
            (.chat, #"{"messages":[{"content":"x"}]}"#, "/messages/0/role", nil, "is missing"),
            (.chat, #"{"messages":[{"role":"user"}]}"#, "/messages/0/content", nil, "is missing"),
            (.chat, #"{"messages":[{"role":"tool","content":null}]}"#, "/messages/0/content", nil, "is missing"),
            (
                .chat, #"{"messages":[{"role":"user","content":5}]}"#, "/messages/0/content",
                "a string or an array of at least 1 item", "is 5"
            ),
            (.chat, #"{"messages":[{"role":"user","content":[{}]}]}"#, "/messages/0/content/0/type", nil, "is missing"),
            (
                .chat, #"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "/messages/0/content/0/text",
                nil, "missing"
            ),
            (.chat, #"{"messages":["x"]}"#, "/messages/0", "an object", "another string"),
            (
                .chat, #"{"messages":[{"role":"user","content":"x","rol":1}]}"#, "/messages/0/rol", nil,
                "did you mean `role`?"
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"temperature":2.5}"#, "/temperature",
                "a number from 0 to 2", "2.5"
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"temperature":"1"}"#, "/temperature",
                "a number from 0 to 2", "string"
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"max_tokens":0}"#, "/max_tokens",
                "an integer of at least 1", "is 0"
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"max_tokens":1.5}"#, "/max_tokens",
                "an integer of at least 1", "1.5"
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"max_tokens":9007199254740992}"#, "/max_tokens",
                "an integer from 1 to 9007199254740991", "is 9007199254740992"
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"timeout_ms":1e30}"#, "/timeout_ms",
                "an integer from 1 to 9007199254740991", "is 1e30"
            ),
            (.chat, #"{"messages":[{"role":"user","content":"x"}],"stream":1}"#, "/stream", "true or false", "is 1"),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"model":""}"#, "/model",
                "a string that is not empty", "an empty string"
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"cache":"never"}"#, "/cache", nil,
                #""use", "refresh""#
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"reasoning":{"depht":"low"}}"#, "/reasoning/depht",
                nil, "`depth`?"
            ),
            (.chat, #"{"messages":[{"role":"user","content":"x"}],"stop":["a",1]}"#, "/stop/1", "a string", "is 1"),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"stop":true}"#, "/stop", "a string or an array",
                "is true"
            ),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"metadata":[]}"#, "/metadata", "an object",
                "an empty array"
            ),
            (.chat, #"{"model":"a","messages":[{"role":"user","content":"x"}],"model":"b"}"#, "/model", nil, "twice"),
            (
                .chat, #"{"messages":[{"role":"user","content":"x"}],"metadata":{"a":1,"\u0061":2}}"#, "/metadata/a",
                nil, "twice"
            ),
            (
                .plan, #"{"problem":"p","root":"/r","documents":[]}"#, "/documents", "`documents` or `root`",
                "exclude each other"
            ),
            (.plan, #"{"problem":"p","documents":[{"path":"a"}]}"#, "/documents/0/content", "a string", "missing"),
            (.executePlan, #"{"root":"/r"}"#, "/plan", "`plan` or `plan_id`", "missing"),
            (.executePlan, #"{"plan":{}}"#, "/root", "`root` or `documents`", "missing"),
            (.executePlan, #"{"plan":{},"root":"/r","base":{"a/b":1}}"#, "/base/a~1b", nil, "is 1"),
            (.feedback, #"{"request_id":"1","score":2}"#, "/score", "a number from -1 to 1", "is 2"),
            (.ping, #"{"x":1}"#, "/x", "no members", "leave it out"),
            (.subscribe, #"{"topics":["request"]}"#, "/topics/0", nil, "another string"),
            (.cancelRequest, #"{"id":true}"#, "/id", nil, "is true"),
        ] as [(TandemProtocol.Method, String?, String, String?, String)])
    func refuses(
        _ method: TandemProtocol.Method, _ params: String?, path: String, expected: String?, message: String
    ) throws {
        let error = try #require(try fault(method, params))
        #expect(error.code == .invalidParams)
        #expect(error.text("path") == path)
        if let expected { #expect(error.text("expected") == expected) }
        #expect(error.message.contains(message), "\(error.message)")
    }

    /// One value of good params replaced by another kind: what is refused is refused there, in a way that says where.
    @Test func everyWrongValueIsToldByItsPath() throws {
        let good =
            #"{"model":"a","messages":[{"role":"user","content":"x"}],"temperature":1,"stream":true,"tools":[{}]}"#
        let root = try JSONDocument(Array(good.utf8)).root
        var values: [JSONValue] = []
        func collect(_ value: JSONValue) {
            values.append(value)
            for member in value.rawMembers { collect(member.value) }
            for element in value.elements { collect(element) }
        }
        collect(root)
        var refused = 0
        for value in values.dropFirst() {
            for other in ["1", "\"z\"", "[]", "{}", "false", "[[]]", "1e999"] {
                var bytes = root.document.bytes
                bytes.replaceSubrange(value.rawRange, with: other.utf8)
                guard let error = try fault(.chat, String(decoding: bytes, as: UTF8.self)) else { continue }
                refused += 1
                let path = try #require(root.pointer(to: value))
                #expect(error.text("path")?.hasPrefix(path) == true, "\(other) at \(path): \(error.message)")
            }
        }
        #expect(refused > 40)
    }

    @Test func messagesNeverShowAPrompt() throws {
        let error = try #require(
            try fault(.chat, #"{"messages":[{"role":"a secret prompt","content":"x"}]}"#))
        var writer = JSONWriter()
        writer.error(error)
        #expect(!String(decoding: writer.bytes, as: UTF8.self).contains("secret"))
    }

    @Test func onlyAvailableMethodsExist() throws {
        let small = MethodTable(available: [.chat, .ping])
        let name = { (text: String) in try JSONDocument(Array("\"\(text)\"".utf8)).root }
        #expect(try small.find(name("ping")).method == .ping)
        #expect(try small.find(name("p\\u0069ng")).method == .ping)
        let error = #expect(throws: RPCError.self) { _ = try small.find(name("plan")) }
        #expect(error?.code == .methodNotFound)
        #expect(error?.message == "There is no method `plan`: call `rpc.discover` for the list.")
        let typo = #expect(throws: RPCError.self) { _ = try small.find(name("chatt")) }
        #expect(typo?.message == "There is no method `chatt`: did you mean `chat`?")
    }

    @Test func everyMethodIsDescribedOnce() {
        #expect(MethodTable.descriptions.count == Method.allCases.count)
        #expect(Set(MethodTable.descriptions.map(\.method)) == Set(Method.allCases))
        for description in MethodTable.descriptions {
            let names = description.params.members.map(\.name)
            #expect(Set(names).count == names.count)
            #expect(description.method.isNotification == (description.result == nil))
            for group in description.params.exactlyOneOf + description.params.atMostOneOf {
                #expect(group.allSatisfy { names.contains($0) })
            }
        }
    }
}
