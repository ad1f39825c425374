import TandemEdits
import TandemJSON
import TandemProtocol
import Testing

struct PlanSchemaTests {
    private func read(_ json: String) throws -> Result<EditPlan, PlanProblems> {
        PlanSchema.read(try JSONDocument(Array(json.utf8)).root)
    }

    @Test func readsEveryType() throws {
        let json = """
            {"root_cause":"r","strategy":"s","edits":[
            {"file":"./a.py","type":"replace","find":"old","replace":"new","expected":1,"line_hint":120},
            {"file":"a.py","type":"replace","find":"old","replace":"new","expected":"all"},
            {"file":"a.py","type":"add_import","import_line":"from m import f"},
            {"file":"a.py","type":"add_line","line_content":"x = 42","position":{"after":"y"}},
            {"file":"a.py","type":"add_line","line_content":"x = 42"},
            {"file":"a.py","type":"remove_line","find":"bad_line"},
            {"file":"a.py","type":"model_edit","action":"do","region":{"start":10,"end":40}},
            {"file":"b.py","type":"create","content":"…"},{"file":"c.py","type":"delete"},
            {"file":"d.py","type":"rename","to":"e.py"}]}
            """
        let plan = try read(json).get()
        #expect(plan.rootCause == "r")
        #expect(plan.edits.count == 10)
        #expect(plan.edits[0] == PlannedEdit("a.py", replace("old", "new", hint: 120)))
        #expect(plan.edits[4].operation == addLine("x = 42"))
        #expect(plan.edits[6].operation == .modelEdit(action: "do", region: LineRegion(start: 10, end: 40)))
    }

    @Test func namesAllFaultsAtOnce() throws {
        let json = """
            {"extra":1,"edits":[{"file":"/a","type":"replace","find":"x"},{"file":"a/../b","type":"delet"},
            {"file":"a\\u0000","type":"delete","content":""},{"file":"a","type":"rename","to":"../x"},3,
            {"file":"a","type":"replace","find":1,"replace":"","expected":0,"line_hint":"3"}]}
            """
        guard case .failure(let problems) = try read(json) else {
            Issue.record("the plan has faults")
            return
        }
        #expect(
            problems.problems.map(\.path) == [
                "/extra", "/edits/0/file", "/edits/0/replace", "/edits/1/file", "/edits/1/type", "/edits/2/file",
                "/edits/2/content", "/edits/3/to", "/edits/4", "/edits/5/find", "/edits/5/expected",
                "/edits/5/line_hint",
            ])
        #expect(problems.rpcError.code.rawValue == -32010)
        #expect(
            problems.problems[4].message.contains("did you mean delete?")
        )
    }

    @Test func editsMustBeThere() throws {
        guard case .failure(let problems) = try read("{}") else {
            Issue.record("edits may not be missing")
            return
        }
        #expect(problems.problems.map(\.path) == ["/edits"])
    }

    @Test func theSchemaForProvidersIsJSON() throws {
        #expect(try JSONDocument(Array(PlannerPrompt.schema.utf8)).root["properties"]?["edits"] != nil)
    }
}

struct PlanFileTests {
    /// Index and kind of what fails, the files being empty.
    private func faults(_ edits: PlannedEdit..., present: [String] = []) -> [String] {
        PlanFile.group(edits, mode: .hybrid).flatMap { file in
            let image = present.contains(file.path) ? EditRoot.Image(bytes: [], mode: 0o644) : nil
            return file.resolve(image, base: nil, mode: .hybrid).outcomes
        }.compactMap { outcome in outcome.fault.map { "\(outcome.index) \($0.kind.rawValue)" } }
    }

    @Test func aFileIsNotTheFolderOfAnother() {
        let create = EditOperation.create([])
        #expect(faults(PlannedEdit("a", create), PlannedEdit("a/b", create)) == ["0 overlap", "1 overlap"])
        #expect(faults(PlannedEdit("d/a/b/c", create), PlannedEdit("d/a", create)) == ["0 overlap", "1 overlap"])
        #expect(
            faults(PlannedEdit("x", .rename(to: "n/f")), PlannedEdit("n", create), present: ["x"])
                == ["0 overlap", "1 overlap"])
        // The file that is there already is not the one at fault.
        #expect(faults(PlannedEdit("a", addLine("l")), PlannedEdit("a/b", create), present: ["a"]) == ["1 overlap"])
        // Names that only begin alike, and a file that makes room.
        #expect(faults(PlannedEdit("a", create), PlannedEdit("ab", create), PlannedEdit("a.d/b", create)) == [])
        #expect(faults(PlannedEdit("a", .delete), PlannedEdit("a/b", create), present: ["a"]) == [])
    }
}

struct PlanReaderTests {
    private let blockAnswer = """
        <think>Maybe {"edits":[{"file":"wrong","type":"delete"}]}?</think>
        Here is the plan.
        ```plan
        {"root_cause": "r", "strategy": "s",}
        ```
        ```python id=1
        def f():
            return "{"
        ```
        ````text id=2
        ```
        fenced
        ```
        ````
        ```edit
        {"file": "a.py", "type": "replace", "find": {"block": "1"}, "replace": {"block": 2}}
        ```
        ```edit
        {"file": "a.py", "type": "add_line", "line_content": {"block": "3"}, "position": "end",}
        ```
        ```text id=3
        last
        ```
        Done.
        """

    private func check(_ outcome: PlanReader.Outcome) {
        #expect(outcome.problems.isEmpty)
        #expect(outcome.isComplete)
        #expect(outcome.plan.rootCause == "r")
        #expect(
            outcome.plan.edits == [
                PlannedEdit("a.py", replace("def f():\n    return \"{\"\n", "```\nfenced\n```\n")),
                PlannedEdit("a.py", addLine("last")),
            ])
    }

    @Test func readsTheBlockFormat() { check(PlanReader.read(blockAnswer)) }

    @Test func cutAnywhereItReadsTheSame() {
        let bytes = Array(blockAnswer.utf8)
        for size in [1, 2, 3, 7, 64] {
            var reader = PlanReader()
            var at = 0
            while at < bytes.count {
                _ = reader.feed(bytes[at..<min(bytes.count, at + size)])
                at += size
            }
            check(reader.finish().outcome)
        }
    }

    @Test func readsPlainJSONInProse() {
        let answer = """
            Sure! I use {braces} and [lists].
            ```json
            {"root_cause": "x", "edits": [
              {"file": "a", "type": "replace", "find": "a
            b", "replace": "\\d",},
              {"file": "b", "type": "delete"},
            ]}
            ```
            """
        let outcome = PlanReader.read(answer)
        #expect(outcome.problems.isEmpty)
        #expect(outcome.plan.edits == [PlannedEdit("a", replace("a\nb", "\\d")), PlannedEdit("b", .delete)])
        #expect(PlanReader.read("[{\"file\":\"b\",\"type\":\"delete\"}]").plan.edits.count == 1)
    }

    @Test func deliversEditsBeforeThePlanEnds() {
        var reader = PlanReader()
        var events = reader.feed(#"{"edits":[{"file":"a","type":"delete"}"#.utf8)
        #expect(events.count == 1)
        events = reader.feed(#",{"file":"b","type":"del"#.utf8)
        #expect(events.isEmpty)
        let outcome = reader.finish().outcome
        #expect(!outcome.isComplete)
        #expect(outcome.plan.edits == [PlannedEdit("a", .delete)])
    }

    @Test func aTraceWithoutItsOpeningTagRestarts() {
        let outcome = PlanReader.read("{\"edits\":[{\"file\":\"x\",\"type\":\"delete\"}]}</think>{\"edits\":[]}")
        #expect(outcome.plan.edits.isEmpty)
        #expect(outcome.problems.isEmpty)
    }

    @Test func saysWhatIsMissing() {
        #expect(PlanReader.read("I cannot do that.").problems.map(\.path) == ["/edits"])
        let dangling = PlanReader.read(#"{"edits":[{"file":"a","type":"create","content":{"block":"9"}}]}"#)
        #expect(dangling.problems.map(\.path) == ["/edits/0"])
        #expect(
            PlanReader.read(#"{"edits":[{"file":"a","type":"create","x":1,"content":""}]}"#).problems.map(\.path) == [
                "/edits/0/x"
            ])
    }

    /// A trace that only ends is dropped once; what looks like its end later is a plan's text.
    @Test func aTracesEndWithinAPlanIsTextHoweverItIsCut() {
        let answer = Array(
            #"I think.</think>{"edits":[{"file":"a","type":"create","content":"x</think>y"}]}"#.utf8)
        for size in [answer.count, 1, 7, 20] {
            var reader = PlanReader()
            for start in stride(from: 0, to: answer.count, by: size) {
                _ = reader.feed(answer[start..<min(answer.count, start + size)])
            }
            let plan = reader.finish().outcome.plan
            #expect(plan.edits == [PlannedEdit("a", .create(Array("x</think>y".utf8)))], "in pieces of \(size)")
        }
    }

    /// Servers take a trace out of an answer, so a plan may hold the first closing tag there is.
    @Test func aClosingTagWithinATextIsText() {
        let blocks = """
            ```edit
            {"file": "b", "type": "delete"}
            ```
            ```text id=1
            end = "</think>"
            ```
            ```edit
            {"file": "a", "type": "create", "content": {"block": "1"}}
            ```
            """
        let json =
            #"{"edits":[{"file":"b","type":"delete"},"#
            + #"{"file":"a","type":"create","content":"end = \"</think>\"\n"}]}"#
        let expected = [PlannedEdit("b", .delete), PlannedEdit("a", .create(Array("end = \"</think>\"\n".utf8)))]
        for answer in [blocks, json, "I {think.</think>" + blocks, "I think\n</think>\n" + json] {
            let outcome = PlanReader.read(answer)
            #expect(outcome.plan.edits == expected && outcome.problems.isEmpty && outcome.isComplete, "\(answer)")
        }
    }

    /// A fence within a text ends it too early, where the text's own is no longer: that must not become an edit.
    @Test func aTextThatHoldsItsOwnFenceIsRefused() {
        let text = "# Title\n```sh\nmake\n```\nMore.\n"
        func answer(_ fence: String) -> String {
            """
            \(fence)text id=1
            \(text)\(fence)
            \(fence)edit
            {"file": "README.md", "type": "create", "content": {"block": "1"}}
            \(fence)
            """
        }
        let outcome = PlanReader.read(answer("```"))
        #expect(outcome.problems.contains { $0.message.contains("more backticks") })
        #expect(PlanReader.read(answer("````")).plan.edits == [PlannedEdit("README.md", .create(Array(text.utf8)))])
        #expect(PlanReader.read(answer("````")).problems.isEmpty)
    }

    /// Time grows with the answer, not with its square.
    @Test(.timeLimit(.minutes(1)))
    func longAnswersAreReadInTime() {
        let prose = String(repeating: "Some words about the change.\n", count: 50_000)
        let line = "```" + String(repeating: "{\"a\": 1} ", count: 50_000)
        for answer in [prose, line, "```text id=1\n" + prose, String(repeating: " ", count: 500_000)] {
            #expect(PlanReader.read(answer).plan.edits.isEmpty)
        }
    }
}
