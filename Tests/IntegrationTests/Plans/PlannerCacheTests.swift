import TandemBase
import TandemJSON
import TandemTestSupport
import Testing

/// `cache` of `plan` and `solve`, and what a repair is asked for.
@Suite struct PlannerCacheTests {
    private static let enabled = "[cache.responses]\nenabled = true\n"

    private static func answer(_ text: String) -> Reply { .stream(planPieces([replaceEdit("a", "a", text)])) }

    private func plan(_ home: PlanHome, _ more: String = "", problem: String = "p") throws -> JSONValue {
        try home.call("plan", "{\"problem\":\"\(problem)\",\"root\":\(quoted(home.tree))\(more)}").response
    }

    private func text(_ answer: JSONValue) -> String? {
        answer.result?["plan"]?["edits"]?[0]?["replace"]?.string ?? answer.code.map { "\($0)" }
    }

    @Test func theCacheAnswersTheSameQuestion() throws {
        let home = try PlanHome(
            planner: ["b", "c", "d", "e", "f"].map(Self.answer), settings: Self.enabled, files: ["a": "a\n"])
        let missed = try plan(home, ",\"cache\":\"only\"")
        #expect(missed.code == -32012 && missed["error"]?["data"]?["what"]?.string == "cached answer")
        #expect(home.server.calls == [])
        #expect(text(try plan(home, ",\"cache\":\"use\"")) == "b")
        let (hit, events) = try home.call(
            "plan", "{\"problem\":\"p\",\"root\":\(quoted(home.tree)),\"cache\":\"use\",\"stream\":true}")
        #expect(text(hit) == "b" && hit.result?["steps"]?[0]?["cached"]?.bool == true, "\(masked(hit))")
        #expect(hit.result?["cost_usd"]?.double == 0)
        #expect(events.contains("notice cached") && events.contains { $0.hasPrefix("edit 0") })
        #expect(text(try plan(home, ",\"cache\":\"refresh\"")) == "c")
        #expect(text(try plan(home, ",\"cache\":\"only\"")) == "c")
        #expect(text(try plan(home, ",\"cache\":\"bypass\"")) == "d")
        #expect(text(try plan(home, ",\"cache\":\"only\"")) == "c")
        // Another problem, another file: another question. Without `cache` the planner's temperature decides.
        #expect(text(try plan(home, ",\"cache\":\"only\"", problem: "q")) == "-32012")
        #expect(text(try plan(home)) == "e")
        let solved = try home.call(
            "solve", "{\"problem\":\"p\",\"root\":\(quoted(home.tree)),\"cache\":\"only\"}"
        ).response
        #expect(solved.result?["status"]?.string == "committed" && home.read("a") == "c\n", "\(masked(solved))")
        #expect(text(try plan(home, ",\"cache\":\"only\"")) == "-32012", "the file is another one now")
        #expect(home.server.calls.count == 4)
    }

    @Test func aSwitchedOffCacheAndFaultyAnswers() throws {
        let off = try PlanHome(planner: [Self.answer("b")], files: ["a": "a\n"])
        #expect(text(try plan(off, ",\"cache\":\"only\"")) == "-32012")
        for _ in 0..<2 { #expect(text(try plan(off, ",\"cache\":\"use\"")) == "b") }
        #expect(off.server.calls.count == 2)
        let faulty = try PlanHome(
            planner: [.stream(["no plan"]), .stream(["no plan"]), .stream(["no plan"]), Self.answer("b")],
            settings: Self.enabled, files: ["a": "a\n"])
        #expect(text(try plan(faulty, ",\"cache\":\"use\"")) == "-32010")
        #expect(text(try plan(faulty, ",\"cache\":\"only\"")) == "-32012")
        #expect(text(try plan(faulty, ",\"cache\":\"use\"")) == "b", "a repaired answer is kept")
        #expect(text(try plan(faulty, ",\"cache\":\"only\"")) == "b")
    }

    /// Free text first, which models write better; a schema where that went wrong and the provider has it.
    @Test(arguments: [true, false])
    func aRepairIsHeldToTheSchemaWhereTheProviderCan(has: Bool) throws {
        let home = try PlanHome(
            planner: [.stream(["no plan"]), Self.answer("b")], files: ["a": "a\n"],
            provider: has ? "preset = \"openai\"\napi_key = { command = [\"echo\", \"k\"] }\n" : "")
        #expect(text(try plan(home)) == "b")
        #expect(try home.server.body("planner", 0)["response_format"] == nil)
        let format = try home.server.body("planner", 1)["response_format"]
        #expect((format?["type"]?.string == "json_schema") == has)
        if has {
            #expect(format?["json_schema"]?["schema"]?["properties"]?["edits"] != nil)
            let system = try home.server.body("planner", 1)["messages"]?[0]?["content"]?.string ?? ""
            #expect(system.contains("one JSON object"))
        }
    }
}
