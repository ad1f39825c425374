/// What a planner is told about the plan it has to write (see `PlanReader` for the format).
package enum PlannerPrompt {
    /// For the system message of a planner that writes free text.
    package static let blocks = """
        You plan changes of source files. Answer with fenced blocks only, in this format.

        First, optionally, one plan block:
        ````plan
        {"root_cause": "one sentence", "strategy": "one sentence"}
        ````
        Then, for each edit, its texts, each in a block with an id of its own, and an edit block that refers to them:
        ````text id=1
        the old lines, copied exactly
        ````
        ````text id=2
        the new lines
        ````
        ````edit
        {"file": "src/a.py", "type": "replace", "find": {"block": "1"}, "replace": {"block": "2"}}
        ````

        \(rules)
        """

    /// For a planner whose provider enforces a JSON schema.
    package static let json = """
        You plan changes of source files. Answer with one JSON object: \
        {"root_cause": "…", "strategy": "…", "edits": [ … ]}.

        \(rules)
        """

    private static let rules = """
        Types of edits (short texts may be plain JSON strings):
        - {"file","type":"replace","find","replace"}: find must be copied from the file exactly, without line numbers, \
        and must occur once in the whole file: quote enough surrounding lines. Optional: "expected" (a count, or "all"), \
        "line_hint" (a line number).
        - {"file","type":"add_import","import_line"}: one import statement; its place is found for you.
        - {"file","type":"add_line","line_content","position"}: position is "start", "end", {"after": "<full line>"} or \
        {"before": "<full line>"}.
        - {"file","type":"remove_line","find"}: one whole line that occurs once.
        - {"file","type":"model_edit","action","region":{"start","end"}}: for what cannot be said as a replace; action \
        says exactly what to do.
        - {"file","type":"create","content"}, {"file","type":"delete"}, {"file","type":"rename","to"}.
        Paths are relative to the root. All edits of a file refer to the file as it is now, and must not overlap. \
        Make no edit that is not needed.
        """

    /// The JSON schema of a plan, for providers with structured output.
    package static let schema = """
        {"type":"object","properties":{"root_cause":{"type":"string"},"strategy":{"type":"string"},\
        "edits":{"type":"array","items":{"anyOf":[\
        \(edit("replace", #""find":{"type":"string"},"replace":{"type":"string"}"#, ["find", "replace"])),\
        \(edit("add_import", #""import_line":{"type":"string"}"#, ["import_line"])),\
        \(edit("add_line", #""line_content":{"type":"string"},"position":\#(position)"#, ["line_content", "position"])),\
        \(edit("remove_line", #""find":{"type":"string"}"#, ["find"])),\
        \(edit("model_edit", #""action":{"type":"string"}"#, ["action"])),\
        \(edit("create", #""content":{"type":"string"}"#, ["content"])),\
        \(edit("delete", "", [])),\
        \(edit("rename", #""to":{"type":"string"}"#, ["to"]))]}}},\
        "required":["root_cause","strategy","edits"],"additionalProperties":false}
        """

    /// `schema` as the `response_format` of a chat request.
    package static let responseFormat = Array(
        #"{"type":"json_schema","json_schema":{"name":"plan","strict":true,"schema":\#(schema)}}"#.utf8)

    private static let position = """
        {"anyOf":[{"type":"string","enum":["start","end"]},\
        {"type":"object","properties":{"after":{"type":"string"}},"required":["after"],"additionalProperties":false},\
        {"type":"object","properties":{"before":{"type":"string"}},"required":["before"],"additionalProperties":false}]}
        """

    private static func edit(_ type: String, _ properties: String, _ required: [String]) -> String {
        let names = (["file", "type"] + required).map { "\"\($0)\"" }.joined(separator: ",")
        return """
            {"type":"object","properties":{"file":{"type":"string"},"type":{"type":"string","enum":["\(type)"]}\
            \(properties.isEmpty ? "" : "," + properties)},"required":[\(names)],"additionalProperties":false}
            """
    }
}
