import TandemJSON

/// How answers word that they are none: reports of an error, refusals, parts left out. Each rule looks only where the
/// wording means that, so an answer about errors or refusals is not taken for one.
enum AnswerPhrases {
    /// Characters up to which prose may be nothing but an error report.
    private static let longestReport = 600
    /// Characters at the beginning in which a refusal stands.
    private static let refusalReach = 160

    // MARK: Error reports

    private static let reportStarts = [
        "error:", "error ", "[error]", "fatal:", "fatal error", "exception:", "exception in", "traceback (most",
        "internal server error",
        "bad gateway", "service unavailable", "gateway timeout", "too many requests", "unauthorized", "forbidden",
        "rate limit exceeded", "request failed", "connection refused", "connection reset", "cuda out of memory",
        "out of memory",
        "http error", "http/1.1 4", "http/1.1 5", "curl: (", "ollama: ", "bash: ", "sh: ", "an error occurred",
        "an unexpected error",
        "an internal error", "sorry, an error", "sorry, something went wrong", "something went wrong", "oops",
        "failed to generate", "failed to connect", "failed to load model", "failed to fetch", "failed to call",
        "failed to get a response",
        "could not connect to", "could not load model", "unable to connect to", "unable to load model",
        "model not found",
        "panic:", "segmentation fault", "timeout:", "timed out", "request timed out", "[failed]", "no response from",
        "{\"error\"",
    ]
    /// Behind "error " these begin a sentence about errors.
    private static let talkAfterError = [
        "handling", "messages", "message", "codes", "correction", "checking", "propagation", "bars", "types", "is",
        "are", "values",
        "in go", "boundaries", "boundary", "reporting", "objects", "recovery",
    ]

    /// Whether the prose is an error report and nothing else.
    static func isErrorReport(_ prose: String, hasBlock: Bool) -> Bool {
        for line in prose.split(separator: "\n") where line.trimmed.lowercased().hasPrefix("[error]") { return true }
        let text = prose.trimmed
        guard !hasBlock, text.count <= longestReport else { return false }
        let lower = text.lowercased()
        if lower.hasPrefix("{"), isErrorObject(text) { return true }
        // A status line: "502 Bad Gateway", "Error 503: …".
        let head = lower.drop { $0.isNumber || $0 == " " }
        let starts =
            lower.first.map(\.isNumber) == true && lower.prefix(while: \.isNumber).count == 3 ? String(head) : lower
        guard let start = reportStarts.first(where: { starts.hasPrefix($0) }) else { return false }
        guard start == "error " else { return true }
        let rest = starts.dropFirst(start.count)
        return !talkAfterError.contains { rest.hasPrefix($0) }
    }

    private static func isErrorObject(_ text: String) -> Bool {
        do throws(JSONError) {
            return try JSONDocument(Array(text.utf8)).root["error"] != nil
        } catch {
            return false
        }
    }

    // MARK: Refusals

    private static let refusals = [
        "i can't help", "i can't assist", "i can't provide", "i can't do that", "i can't fulfill", "i can't comply",
        "i can't create",
        "i can't write", "i can't generate", "i can't answer", "i can't support", "i can't share", "i can't give",
        "i cannot help", "i cannot assist", "i cannot provide", "i cannot do that", "i cannot fulfill",
        "i cannot comply",
        "i cannot create", "i cannot write", "i cannot generate", "i cannot answer", "i cannot support",
        "i cannot share", "i cannot give",
        "i am unable to", "i'm unable to", "i'm not able to", "i am not able to", "i won't be able to",
        "i will not be able to",
        "i won't help", "i won't provide", "i will not provide", "i must decline", "i have to decline",
        "i'm going to decline",
        "i refuse to", "can't assist with that", "cannot assist with that", "can't help with that",
        "cannot help with that",
        "not something i can help", "as an ai language model, i", "as an ai, i can", "against my guidelines",
        "no puedo ayudar", "no puedo proporcionar", "no puedo cumplir", "ich kann dir dabei nicht",
        "ich kann ihnen dabei nicht",
        "dabei kann ich nicht", "ich kann nicht helfen", "je ne peux pas", "non posso aiutar", "não posso ajudar",
        "не могу помочь", "не могу выполнить", "не могу предоставить", "我无法", "我不能", "無法協助", "お手伝いできません", "お答えできません",
        "도와드릴 수 없",
    ]
    private static let apologies = [
        "i'm sorry", "i am sorry", "sorry", "i apologize", "i'm afraid", "unfortunately", "as an ai", "lo siento",
        "es tut mir leid", "leider",
        "je suis désolé", "désolé", "mi dispiace", "desculpe", "извините", "к сожалению", "抱歉", "很抱歉", "对不起", "申し訳",
        "죄송",
        "i must decline", "i have to decline", "i refuse to", "i can", "i am un", "i'm un", "i'm not able",
        "i am not able", "i won't",
        "i will not", "that's not something", "我无法", "我不能", "no puedo", "non posso", "não posso", "je ne", "ich kann",
        "dabei kann", "не могу",
    ]

    /// Whether an answer begins by refusing.
    static func isRefusal(_ prose: String) -> Bool {
        let start = String(prose.trimmed.prefix(refusalReach)).lowercased().map { $0 == "’" ? "'" : $0 }
        let text = String(start)
        guard apologies.contains(where: { text.hasPrefix($0) }) else { return false }
        return refusals.contains { text.contains($0) }
    }

    // MARK: Parts left out

    private static let commentMarks = [
        "//", "#", "--", "/*", "*", "<!--", ";", "%", "{/*", "'", "\"\"\"", "(*", "REM ",
    ]
    private static let parts = [
        "code", "function", "file", "class", "implementation", "program", "script", "method", "methods", "logic",
        "component", "module",
        "body", "functions", "config", "configuration", "styles", "html", "query", "imports", "tests", "document",
        "page",
    ]
    private static let kept = [
        "unchanged", "remains the same", "remain the same", "stays the same", "stay the same", "as before",
        "is the same", "goes here",
        "go here", "here", "omitted", "as is", "same as above", "not shown", "stays unchanged", "as it was", "follows",
        "continues",
    ]
    private static let comments = [
        "existing code", "your existing", "previous code", "remaining code", "other code", "your code here",
        "your code goes",
        "unchanged", "same as before", "same as above", "as before", "omitted for brevity", "omitted",
        "implementation here",
        "implementation goes here", "logic here", "code here", "code goes here", "other methods", "other functions",
        "other imports",
        "and so on", "etc.", "remainder of", "more code", "similar for the other", "similarly for",
    ]

    /// Whether a comment stands for code that is left out. A bare `...` is Python's Ellipsis or JavaScript's spread.
    static func elides(code: String) -> Bool {
        for line in code.split(separator: "\n") {
            guard let comment = comment(in: line.trimmed) else { continue }
            let text = comment.lowercased()
            let bare = text.trimmed
            if bare == "..." || bare == "…" { return true }
            let dotted = bare.hasPrefix("...") || bare.hasPrefix("…") || bare.hasSuffix("...") || bare.hasSuffix("…")
            if restIsKept(text, alone: true) { return true }
            if comments.contains(where: { text.contains($0) }), dotted || bare.count < 60 && standsAlone(bare) {
                return true
            }
            if dotted, parts.contains(where: { text.contains($0) }) { return true }
        }
        return false
    }

    /// "The rest of the code remains unchanged."
    static func elides(prose: String) -> Bool {
        prose.lowercased().split(whereSeparator: { "\n.!".contains($0) }).contains {
            restIsKept(String($0), alone: false)
        }
    }

    /// The text of a line that is nothing but a comment.
    private static func comment(in line: String) -> Substring? {
        guard let mark = commentMarks.first(where: { line.hasPrefix($0) }) else { return nil }
        var text = line.dropFirst(mark.count)
        while let last = text.last, "*/->})#".contains(last) { text.removeLast() }
        return text
    }

    /// A remark on what is kept, not a sentence in which the words occur.
    private static func standsAlone(_ comment: String) -> Bool {
        let starts = [
            "existing", "your", "previous", "remaining", "other", "unchanged", "same", "omitted", "implementation",
            "logic", "code", "rest",
            "the rest", "(", "[", "<", "add", "put", "insert", "more", "keep", "as before", "remainder", "similar",
            "etc", "and so on",
        ]
        return starts.contains { comment.hasPrefix($0) }
    }

    private static func restIsKept(_ text: String, alone: Bool) -> Bool {
        guard let rest = text.range(after: "rest of ") ?? text.range(after: "remaining ") else { return false }
        var words = rest.split(whereSeparator: { !$0.isLetter && $0 != "'" })
        while let first = words.first, ["the", "your", "my", "this", "of"].contains(first) { words.removeFirst() }
        let near = words.prefix(3)
        guard near.contains(where: { word in parts.contains { $0 == word } }) else { return false }
        let after = near.joined(separator: " ") + " " + words.dropFirst(3).joined(separator: " ")
        return kept.contains { after.contains($0) } || alone && words.count <= 3
    }
}

extension StringProtocol {
    /// Without the blanks around it.
    package var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// What follows the first occurrence of a text.
    fileprivate func range(after needle: String) -> SubSequence? {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(needle) { return rest.dropFirst(needle.count) }
            rest.removeFirst()
        }
        return nil
    }

    fileprivate func contains(_ needle: String) -> Bool { range(after: needle) != nil }
}
