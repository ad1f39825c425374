import TandemJSON

extension Command {
    static let feedback = Command(
        name: "feedback", summary: "say how good an answer was; it shows in 'tandem stats'",
        operands: [
            Operand(name: "REQUEST", isRequired: true, summary: "its request id, or last for the newest request"),
            Operand(
                name: "SCORE", isRequired: true,
                summary: "good, bad, or a number from -1 to 1 (behind -- when it is below 0)"),
        ],
        options: [Option("comment", "m", .text("TEXT"), "why")],
        examples: [
            Example("tandem feedback last good", "praises the last answer"),
            Example("tandem feedback -m 'wrong language' 01J9Z… bad", "says what was wrong"),
        ]
    ) { (invocation) throws(Failure) in
        let score = try score(invocation.operands[1])
        var request = invocation.operands[0]
        if request == "last" {
            guard let last = try invocation.query("history", Array(#"{"limit":1}"#.utf8))["requests"]?[0] else {
                throw Failure("there are no requests yet")
            }
            request = last["request_id"]?.string ?? ""
        }
        var params = JSONWriter()
        params.beginObject()
        params.member("request_id", request)
        params.member("score", score)
        params.member("comment", ifPresent: invocation.value("comment"))
        params.endObject()
        _ = try invocation.query("feedback", params.bytes)
        return .success
    }
}

private func score(_ text: String) throws(Failure) -> Double {
    switch text {
    case "good": return 1
    case "bad": return -1
    default:
        guard let number = Double(text), (-1...1).contains(number) else {
            throw .usage("SCORE '\(text)': expected good, bad or a number from -1 to 1")
        }
        return number
    }
}
