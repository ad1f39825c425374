import TandemJSON

extension Command {
    static let bench = Command(
        name: "bench", summary: "run two models over the same prompts and compare them",
        operands: [
            Operand(
                name: "KIND", values: .choice(["workflow"]), isRequired: true, summary: "workflow: compare answers"),
            Operand(name: "NAME", isRequired: true, summary: "a workflow, or any model"),
        ],
        options: [
            Option("against", "a", .text("NAME"), "the workflow or model to compare it with"),
            Option("file", "f", .file, "the prompts: JSON lines with prompt, text or messages"),
            Option("judge", "j", .text("MODEL"), "have this model say which of two answers is better"),
            .timeout, .json,
        ],
        details: """
            Both are asked every prompt, one after the other and in turns first, without caches. Times are medians. \
            Issues are what a route's quality check finds in the answers of both, without the syntax of code; those in \
            drafts are what a route found before it polished.

            The judge sees both answers twice, the second time in the other order; an answer is preferred only if it is \
            preferred both times, else it is a tie. What the judge prefers is kept as feedback: 1 for the better \
            answer, -1 for the other, 0 for a tie.

            All requests stand in the ledger, so 'tandem stats --by workflow' and 'tandem stats --by model' add them up.
            """,
        examples: [
            Example("tandem bench workflow auto --against r1sonqwen -f prompts.jsonl", "compares two workflows"),
            Example(
                "tandem bench workflow auto --against llama-70b -f prompts.jsonl --judge deepseek-v3",
                "has a third model judge the answers"),
        ]
    ) { (invocation) throws(Failure) in
        guard let other = invocation.value("against") else { throw .usage("--against NAME is missing") }
        guard let path = invocation.value("file") else { throw .usage("--file FILE is missing") }
        let names = [invocation.operands[1], other]
        guard names[0] != names[1] else { throw .usage("--against '\(other)': expected another model than NAME") }
        let prompts = try BenchPrompt.read(path)
        var run = BenchRun(invocation, names, judge: invocation.value("judge"))
        let report = try run.ask(prompts)
        if invocation.has("json") {
            try Output.standard.write(foreign: report.json + [0x0A])
        } else {
            try report.table.print(to: .standard)
        }
        for failure in report.failures { Output.complain("tandem bench: \(failure)\n") }
        // A side without a single answer was not compared.
        return report.arms.contains { $0.answers.isEmpty } ? .provider : .success
    }
}
