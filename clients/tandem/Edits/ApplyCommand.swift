import Glibc
import TandemBase
import TandemClient
import TandemJSON

extension Option {
    fileprivate static let executing = [
        Option("dry-run", "n", nil, "show the diff and change nothing"),
        Option("yes", "y", nil, "change the tree without asking"),
        Option("interactive", "i", nil, "ask for each file: yes, no, all the rest, quit"),
        Option("mode", nil, .choice(["adaptive", "hybrid", "sequential"]), "how far models help (default: adaptive)"),
        Option(
            "verify", nil, .text("NAME"), "none, syntax (default), model, or a verifier of the configuration"),
        Option("skip", nil, nil, "apply what can be applied and report the rest, instead of all or nothing"),
    ]
}

extension Command {
    static let apply = Command(
        name: "apply", summary: "carry an edit plan out, all or nothing",
        operands: [
            Operand(name: "PLAN", isRequired: true, summary: "a plan's id, a file that holds one, or - for stdin")
        ],
        options: [.root] + Option.executing + [.timeout, .json, .jsonLines],
        details: """
            Shows what the plan changes and asks before it changes it; what was shown is what is carried out. Without
            a terminal to ask on, say --yes or --dry-run. A plan that does not fit ends with status 5 and the edits
            that do not; nothing is changed then. With another user's daemon the files are read and written from
            here, and undo by id is not to be had.
            """,
        examples: [
            Example("tandem apply plan.json", "shows the diff, asks, and applies it"),
            Example("tandem apply --dry-run 01J9Z…", "only shows the diff of a plan the daemon keeps"),
            Example("tandem plan 'fix it' | tandem apply -", "plans, shows the diff, asks, and applies it"),
            Example("tandem plan 'fix it' | tandem apply --yes -", "plans and applies without a question"),
            Example("tandem apply -i plan.json", "asks for each file"),
        ]
    ) { (invocation) throws(Failure) in
        let isPiped = invocation.operands[0] == "-"
        if !isPiped { try checkCanAsk(invocation) }
        let given = try GivenPlan(invocation.operands[0])
        if isPiped { try checkCanAsk(invocation, stdinIsTaken: true) }
        let client = try invocation.connect()
        let place = try EditPlace(invocation, client)
        var review = EditReview(invocation, client, place)
        return try review.run("executePlan", label: "applying") { (params, own) throws(Failure) in
            if place.isForeign {
                guard let plan = given.plan else {
                    throw Failure(
                        "this daemon is another user's, so your files are edited from here: give the plan itself, not its id"
                    )
                }
                try own.writeDocuments(elements(of: plan["edits"]).compactMap { $0["file"]?.string }, to: &params)
            } else {
                params.member("root", place.root)
            }
            given.write(to: &params)
        }
    }

    static let solve = Command(
        name: "solve", summary: "plan and apply in one go",
        operands: [
            Operand(name: "PROBLEM", repeats: true, summary: "what is to be done; - or a pipe reads it from stdin")
        ],
        options: [
            .root, .planFiles, Option("model", "m", .text("MODEL"), "the planner (default: the configured one)"),
            Option("context-tokens", nil, .integer(1...Int.max), "how much of the files the planner is shown at most"),
        ] + Option.executing + [.timeout, .json, .jsonLines],
        details: """
            Edits are worked out while the planner still writes. Shows what changes and asks before it changes it;
            without a terminal to ask on, say --yes or --dry-run.
            """,
        examples: [
            Example("tandem solve 'the list is sorted the wrong way round'", "plans, shows the diff, asks, applies"),
            Example("tandem solve --yes --verify pytest 'make the test pass'", "applies only what passes a verifier"),
        ]
    ) { (invocation) throws(Failure) in
        try checkCanAsk(invocation)
        let problem = try problemText(invocation)
        let client = try invocation.connect()
        let place = try EditPlace(invocation, client)
        var review = EditReview(invocation, client, place)
        return try review.run("solve", label: "planning") { (params, own) throws(Failure) in
            try planningMembers(invocation, problem, place, &own, &params)
        }
    }
}

/// Before anything is spent: a tree is changed only after a yes, and without a terminal nobody can say it.
private func checkCanAsk(_ invocation: Invocation, stdinIsTaken: Bool = false) throws(Failure) {
    guard !invocation.has("dry-run"), invocation.has("interactive") || !invocation.has("yes") else { return }
    if stdinIsTaken { Question.takeTerminal() }
    if !Question.canBeAsked {
        throw .usage("stdin is not a terminal, so nobody can be asked: say --yes to change files, or --dry-run to look")
    }
}

/// A plan as the user names it.
private struct GivenPlan {
    /// The plan itself; nil when only its id was given.
    let plan: JSONValue?
    private let id: String

    init(_ name: String) throws(Failure) {
        if name.utf8.count == 26, ULID(name) != nil, access(name, F_OK) != 0 {
            id = name
            plan = nil
            return
        }
        let bytes = name == "-" ? try readInput("stdin", STDIN_FILENO) : try readFile(name)
        let source = name == "-" ? "stdin" : name
        // What a `tandem plan` that failed leaves in a pipe or a file; it has said why.
        if bytes.isEmpty { throw Failure("\(source) is empty: there is no plan to apply") }
        let root: JSONValue
        do {
            root = try JSONDocument(bytes).root
        } catch {
            throw Failure("\(source) is no plan: it is not JSON (byte \(error.offset): \(error.reason))")
        }
        // The result of `plan` as well as the plan in it.
        let inner = root["plan"] ?? root
        guard inner["edits"] != nil else { throw Failure("\(source) is no plan: it has no member edits") }
        plan = inner
        id = ""
    }

    func write(to params: inout JSONWriter) {
        if let plan {
            params.key("plan")
            params.raw(plan.raw)
        } else {
            params.member("plan_id", id)
        }
    }
}

/// Dry run, a look, a question, and then exactly what was shown.
struct EditReview {
    private let invocation: Invocation
    private let client: Client
    private let place: EditPlace
    private let output = Output.standard

    init(_ invocation: Invocation, _ client: Client, _ place: EditPlace) {
        self.invocation = invocation
        self.client = client
        self.place = place
    }

    private var wantsJSON: Bool { invocation.has("json") || invocation.has("jsonl") }

    mutating func run(
        _ method: String, label: String,
        _ members: (inout JSONWriter, inout OwnFiles) throws(Failure) -> Void
    ) throws(Failure) -> ExitCode {
        var own = try OwnFiles(place.root)
        var params = JSONWriter()
        params.beginObject()
        try members(&params, &own)
        params.member("mode", ifPresent: invocation.value("mode"))
        params.member("verify", ifPresent: invocation.value("verify"))
        if invocation.has("skip") { params.member("on_conflict", "skip") }
        let asks = !invocation.has("yes") || invocation.has("interactive")
        let isDryRun = invocation.has("dry-run")
        if isDryRun || asks { params.member("dry_run", true) }
        let first = try editCall(client, method, &params, invocation, label: label)
        if isDryRun || !asks {
            if !isDryRun, place.isForeign { try own.write(elements(of: first["files"])) }
            return try finish(first, isDryRun: isDryRun, showsDiff: true)
        }
        let files = try accepted(elements(of: first["files"]))
        guard !files.isEmpty else {
            Output.complain(elements(of: first["files"]).isEmpty ? "nothing to do\n" : "nothing was changed\n")
            if wantsJSON { try invocation.printJSON(first) }
            return .success
        }
        if place.isForeign {
            try own.write(files)
            Output.complain(
                "changed \(count(files.count, "file")); this daemon is another user's, so undo by id needs the user service\n"
            )
            if wantsJSON { try invocation.printJSON(first) }
            return .success
        }
        return try finish(try commit(files), isDryRun: false, showsDiff: false)
    }

    /// Shows the files and asks for them.
    private func accepted(_ files: [JSONValue]) throws(Failure) -> [JSONValue] {
        let screen = wantsJSON ? Output.error : output
        guard invocation.has("interactive") else {
            for file in files { try DiffText(file["diff"]?.string ?? "").print(to: screen) }
            guard !files.isEmpty else { return [] }
            return try Question.ask("Change \(count(files.count, "file")) below \(place.root)?", "yn") == "y"
                ? files : []
        }
        var chosen: [JSONValue] = []
        for (index, file) in files.enumerated() {
            try DiffText(file["diff"]?.string ?? "").print(to: screen)
            let name = file["path"]?.string ?? ""
            let shown = String(decoding: harmless(Array(name.utf8)), as: UTF8.self)
            switch try Question.ask(
                "(\(index + 1) of \(files.count)) \(file["action"]?.string ?? "change") \(shown)?", "ynaq")
            {
            case "y": chosen.append(file)
            case "a": return chosen + files[index...]
            case "n": continue
            // Quit, or the end of input: nothing that was not asked to the end.
            default: return []
            }
        }
        return chosen
    }

    /// Carries out what was shown: no model is asked again, and a file that changed since is a conflict.
    private func commit(_ files: [JSONValue]) throws(Failure) -> JSONValue {
        var params = JSONWriter()
        params.beginObject()
        params.member("root", place.root)
        params.key("plan")
        params.beginObject()
        params.key("edits")
        params.beginArray()
        for file in files { DiffText(file["diff"]?.string ?? "").writeEdits(file, to: &params) }
        params.endArray()
        params.endObject()
        params.key("base")
        params.beginObject()
        for file in files {
            guard let hash = file["sha256_before"]?.string else { continue }
            let path = DiffText(file["diff"]?.string ?? "").renamedFrom ?? file["path"]?.string ?? ""
            params.key(path)
            params.string(hash)
        }
        params.endObject()
        params.member("mode", "hybrid")
        // Verified before it was shown.
        params.member("verify", "none")
        return try editCall(client, "executePlan", &params, invocation, label: "applying")
    }

    private func finish(_ result: JSONValue, isDryRun: Bool, showsDiff: Bool) throws(Failure) -> ExitCode {
        if wantsJSON {
            try invocation.printJSON(result)
        } else if showsDiff {
            for file in elements(of: result["files"]) { try DiffText(file["diff"]?.string ?? "").print(to: output) }
        }
        Output.complain(summary(result, isDryRun: isDryRun))
        return .success
    }

    private func summary(_ result: JSONValue, isDryRun: Bool) -> String {
        let files = elements(of: result["files"])
        var text = ""
        for warning in elements(of: result["warnings"]) { text += "note: \(warning.string ?? "")\n" }
        for edit in elements(of: result["edits"]) where edit["status"]?.string == "failed" {
            text += "not applied: edit \(edit["index"]?.int ?? 0), \(edit["file"]?.string ?? ""): "
            text += "\(edit["message"]?.string ?? "")\n"
        }
        guard !files.isEmpty else { return text + "nothing to do\n" }
        let counts = files.map { DiffText($0["diff"]?.string ?? "").counts }
        let added = counts.reduce(0) { $0 + $1.added }
        let removed = counts.reduce(0) { $0 + $1.removed }
        text += "\(isDryRun ? "would change" : "changed") \(count(files.count, "file")), +\(added) -\(removed)"
        if !isDryRun, let id = result["transaction_id"]?.string { text += "; take it back with: tandem undo \(id)" }
        if !isDryRun, place.isForeign { text += "; this daemon is another user's: undo by id needs the user service" }
        return text + "\n"
    }
}

func count(_ count: Int, _ noun: String) -> String { "\(humanCount(count)) \(noun)\(count == 1 ? "" : "s")" }
