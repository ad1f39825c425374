import TandemJSON
import TandemTestSupport
import Testing

/// A workflow `w` of the models a, b and c, as tables of cases name it.
struct SmallWorkflow: Sendable {
    var kind: String
    /// What each model says, call by call.
    var replies: [String: [Reply]]

    private static let parts = [
        "chain": "reasoner = \"a\"\ncoder = \"b\"", "expert": "router = \"a\"\ncoder = \"b\"",
        "route": "code = \"a\"\ngeneral = \"b\"\npolish = { model = \"c\" }",
        "escalate": "default = \"a\"\nreasoning = \"b\"",
    ]

    static let signal = Reply.stream(["[USE_REASONING_MODEL]"])
    static let tool = Reply.sse([
        .event(OpenAIMaterial.toolCall(id: "c", name: "generate_code", arguments: #"{"prompt":"f"}"#)),
        .event(OpenAIMaterial.finish("tool_calls")), .done,
    ])
    static let breaks = Reply.sse([.event(OpenAIMaterial.content("half")), .reset])

    func home(
        settings: String = "", limited: Set<String> = [], repeating rounds: Int = 1
    ) throws -> WorkflowHome {
        var models = ["a": [Reply.hang], "b": [.hang], "c": [.hang]]
        for (model, own) in replies { models[model] = (0..<rounds).flatMap { _ in own } }
        return try WorkflowHome(
            "[models.w]\nworkflow = \"\(kind)\"\n\(Self.parts[kind] ?? "")\n", models: models,
            settings: settings + "\n", limited: limited)
    }
}

/// A step of a workflow in which a model hangs.
struct HangingStep: CustomTestStringConvertible, Sendable {
    var workflow: SmallWorkflow
    var hung: String
    var prompt = "Write a Swift function"
    /// What the client has heard by then.
    var lines: [String]
    /// What the ledger says when the request was ended there.
    var ledger: [String]

    var testDescription: String { "\(workflow.kind): \(ledger.joined(separator: ", "))" }

    init(
        _ kind: String, _ replies: [String: [Reply]], _ hung: String, _ lines: [String], _ ledger: [String],
        prompt: String = "Write a Swift function"
    ) {
        workflow = SmallWorkflow(kind: kind, replies: replies)
        self.hung = hung
        self.lines = ["started"] + lines
        self.ledger = ledger
        self.prompt = prompt
    }

    /// Each step of each workflow, whichever way it comes to it.
    static let all: [HangingStep] = [
        HangingStep("chain", [:], "a", ["step 0 reasoner a"], ["reasoner a cancelled"]),
        HangingStep(
            "chain", ["a": [.stream(["plan"])]], "b", ["step 0 reasoner a", "reasoning: plan", "step 1 coder b"],
            ["reasoner a ok", "coder b cancelled"]),
        HangingStep(
            "chain", ["a": [.failure(400)]], "b", ["step 0 reasoner a", "notice fallback", "step 1 coder b"],
            ["reasoner a failed", "coder b cancelled"]),
        HangingStep("route", [:], "a", ["step 0 draft a"], ["draft a cancelled"]),
        HangingStep(
            "route", [:], "b", ["step 0 direct b"], ["direct b cancelled"], prompt: "Write a poem about the sea"),
        HangingStep(
            "route", ["a": [.failure(400)]], "b", ["step 0 draft a", "notice fallback", "step 1 direct b"],
            ["draft a failed", "direct b cancelled"]),
        HangingStep(
            "route", ["a": [.stream(["Hm"])]], "c",
            ["step 0 draft a", "content: Hm", "notice polishing", "step 1 polish c"],
            ["draft a ok", "polish c cancelled"]),
        HangingStep("expert", [:], "a", ["step 0 router a"], ["router a cancelled"]),
        HangingStep(
            "expert", ["a": [SmallWorkflow.tool]], "b", ["step 0 router a", "step 1 expert b"],
            ["router a ok", "expert b cancelled"]),
        HangingStep(
            "expert", ["a": [SmallWorkflow.tool, .hang], "b": [.stream(["code"])]], "a",
            ["step 0 router a", "step 1 expert b", "step 2 router a"],
            ["router a ok", "expert b ok", "router a cancelled"]),
        HangingStep(
            "expert", ["a": [.failure(400)]], "b", ["step 0 router a", "notice fallback", "step 1 expert b"],
            ["router a failed", "expert b cancelled"]),
        HangingStep("escalate", [:], "a", ["step 0 default a"], ["default a cancelled"]),
        HangingStep(
            "escalate", ["a": [SmallWorkflow.signal]], "b",
            ["step 0 default a", "notice escalating", "reset escalated", "step 1 reasoning b"],
            ["default a cancelled", "reasoning b cancelled"]),
        HangingStep(
            "escalate", ["a": [SmallWorkflow.signal, .hang], "b": [.failure(400)]], "a",
            [
                "step 0 default a", "notice escalating", "reset escalated", "step 1 reasoning b", "notice fallback",
                "step 2 default a",
            ], ["default a cancelled", "reasoning b failed", "default a cancelled"]),
    ]
}
