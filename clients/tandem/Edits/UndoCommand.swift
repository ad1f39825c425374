import TandemBase
import TandemJSON

/// How far back `tandem undo` looks for a change that still holds.
let transactionsLookedAt = 200

/// The newest change that was neither undone nor is an undo itself; an undo that was undone undoes nothing.
func newestChange(in transactions: JSONValue?) -> String? {
    var undone: Set<String> = []
    for row in elements(of: transactions) where row["state"]?.string == "committed" {
        guard let id = row["transaction_id"]?.string, !undone.contains(id) else { continue }
        guard let earlier = row["undoes"]?.string else { return id }
        undone.insert(earlier)
    }
    return nil
}

extension Command {
    static let undo = Command(
        name: "undo", summary: "take back what apply or solve changed",
        operands: [
            Operand(
                name: "TRANSACTION",
                summary: "its id (default: the folder's newest that holds); see 'tandem transactions'")
        ],
        options: [
            .root, Option("dry-run", "n", nil, "show the diff and change nothing"),
            Option("yes", "y", nil, "change the tree without asking"), .json,
        ],
        details: """
            Files that were changed since are merged; where that is not possible nothing is changed, and the status is
            5. Said again it takes back the change before. An undo is a transaction, too: with its id it is undone.
            """,
        examples: [
            Example("tandem undo", "takes back the newest change of the current folder"),
            Example("tandem undo --dry-run 01J9Z…", "shows what that would do"),
        ]
    ) { (invocation) throws(Failure) in
        let isDryRun = invocation.has("dry-run")
        if !isDryRun, !invocation.has("yes"), !Question.canBeAsked {
            throw .usage(
                "stdin is not a terminal, so nobody can be asked: say --yes to change files, or --dry-run to look")
        }
        let client = try invocation.connect()
        let place = try EditPlace(invocation, client)
        if place.isForeign {
            throw Failure(
                "this daemon is another user's and kept nothing of your files: undo by id needs the user service")
        }
        var id = invocation.operands.first
        if id == nil {
            var params = JSONWriter()
            params.beginObject()
            params.member("limit", transactionsLookedAt)
            params.member("root", place.root)
            params.endObject()
            id = newestChange(in: try invocation.query("transactions", params.bytes)["transactions"])
        }
        guard let id else { throw Failure("nothing was changed below \(place.root) that could be taken back") }
        func call(_ isDryRun: Bool) throws(Failure) -> JSONValue {
            var params = JSONWriter()
            params.beginObject()
            params.member("transaction_id", id)
            if isDryRun { params.member("dry_run", true) }
            return try editCall(client, "undo", &params, invocation, label: "undoing")
        }
        let first = try call(isDryRun || !invocation.has("yes"))
        let files = elements(of: first["files"])
        let screen = invocation.has("json") ? Output.error : Output.standard
        if !invocation.has("json") || !isDryRun {
            for file in files { try DiffText(file["diff"]?.string ?? "").print(to: screen) }
        }
        var result = first
        if !isDryRun, !invocation.has("yes"), !files.isEmpty {
            guard try Question.ask("Change \(count(files.count, "file")) back?", "yn") == "y" else {
                Output.complain("nothing was changed\n")
                return .success
            }
            result = try call(false)
        }
        if invocation.has("json") { try invocation.printJSON(result) }
        if files.isEmpty {
            Output.complain("nothing to do\n")
        } else if let undone = result["transaction_id"]?.string {
            Output.complain("changed \(count(files.count, "file")) back; undo that with: tandem undo \(undone)\n")
        }
        return .success
    }

    static let transactions = Command(
        name: "transactions", summary: "list what apply, solve and undo changed, newest first",
        options: [
            Option("limit", "n", .integer(1...1000), "at most so many (default: 20)"),
            Option("root", "C", .text("PATH"), "only those of this folder"), .json,
        ],
        examples: [
            Example("tandem transactions -n 5", "lists the last five changes"),
            Example("tandem transactions -C . --json | jq .", "prints everything there is about those of this folder"),
        ]
    ) { (invocation) throws(Failure) in
        let client = try invocation.connect()
        var params = JSONWriter()
        params.beginObject()
        params.member("limit", invocation.integer("limit") ?? 20)
        if invocation.has("root") { params.member("root", try EditPlace(invocation, client).root) }
        params.endObject()
        let result = try invocation.query("transactions", params.bytes)
        if invocation.has("json") {
            try invocation.printJSON(result)
            return .success
        }
        var table = TextTable(["TIME (UTC)", "TRANSACTION", "STATE", "ROOT", "FILES"], uncut: [0, 1])
        for row in elements(of: result["transactions"]) {
            let files = elements(of: row["files"]).compactMap(\.string)
            let rest = files.count > 3 ? ", \(files.count - 3) more" : ""
            let undoes = row["undoes"]?.string.map { " (undoes \($0))" } ?? ""
            table.add([
                time(row["at"]?.string ?? ""), row["transaction_id"]?.string ?? "",
                (row["state"]?.string ?? "") + undoes,
                row["root"]?.string ?? "", files.prefix(3).joined(separator: ", ") + rest,
            ])
        }
        if table.isEmpty {
            Output.complain("tandem transactions: nothing was changed yet\n")
        } else {
            try table.print(to: .standard)
        }
        return .success
    }
}
