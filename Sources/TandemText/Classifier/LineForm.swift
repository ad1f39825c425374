/// What a line looks like: code, a stack trace, markup, a command.
enum LineForm {
    /// Adds what the line shows to the counts.
    /// - Parameter line: without the blanks around it; not empty.
    static func count(_ line: Span<UInt8>, indented: Bool, lexicon: Lexicon, into evidence: inout TextEvidence) {
        evidence.lines += 1
        if starts(line, "```") || starts(line, "~~~") { evidence.fences += 1 }
        if isTrace(line) { evidence.traceLines += 1 }
        if isQuery(line) { evidence.sqlKeywords += 2 }
        let marks = symbols(line, lexicon: lexicon, into: &evidence)
        if isCode(line, marks: marks, indented: indented, lexicon: lexicon) { evidence.codeLines += 1 }
    }

    private struct Marks {
        var brackets = false
        var equals = false
        var semicolonEnd = false
        var blockEnd = false
        var colonEnd = false
    }

    private static func isTrace(_ line: Span<UInt8>) -> Bool {
        starts(line, "Traceback (most") || starts(line, "File \"") || starts(line, "Exception in thread")
            || starts(line, "npm ERR!") || starts(line, "thread '") || starts(line, "goroutine ")
            || starts(line, "panic: ") || starts(line, "Caused by: ") || starts(line, "error[E")
            || starts(line, "fatal: ")
            || starts(line, "Segmentation fault") || starts(line, "error: ")
            || starts(line, "at ") && line[line.count - 1] == UInt8(ascii: ")") && contains(line, UInt8(ascii: ":"))
    }

    /// SQL in small letters.
    private static func isQuery(_ line: Span<UInt8>) -> Bool {
        starts(line, "select ") && (find(line, " from ") || find(line, ".") && find(line, ","))
            || starts(line, "insert into ") || starts(line, "create table ") || starts(line, "alter table ")
    }

    private static func isCode(_ line: Span<UInt8>, marks: Marks, indented: Bool, lexicon: Lexicon) -> Bool {
        if line[0] == UInt8(ascii: "("), line.count > 4, line[1].isLower, line[line.count - 1] == UInt8(ascii: ")"),
            isLisp(line)
        {
            return true
        }
        if line[line.count - 1] == UInt8(ascii: "}"), marks.brackets, hasBlock(line) { return true }
        if marks.semicolonEnd && (marks.brackets || marks.equals || line.count < 40) || marks.blockEnd { return true }
        if starts(line, "#include") || starts(line, "#!/") || starts(line, "//") || starts(line, "/*")
            || starts(line, ">>> ")
            || starts(line, "$ ") && line.count > 4 || starts(line, "</") || starts(line, "<?")
            || starts(line, "@Override")
        {
            return true
        }
        if isSection(line) || isAssignment(line) { return true }
        var end = 0
        while end < line.count, line[end].isLetter { end += 1 }
        guard end > 0 else { return false }
        let after = end < line.count ? line[end] : 0
        if after == UInt8(ascii: "(") && line[line.count - 1] == UInt8(ascii: ")") && marks.brackets { return true }
        let head = lexicon.word(line.extracting(0..<end)).meaning
        guard head.contains(.lineKeyword) else { return indented && marks.equals && marks.brackets }
        if marks.colonEnd && line.count < 90 && line[0].isLower {
            return marks.brackets || marks.equals || line.count < 45
        }
        return (marks.brackets && marks.equals) || marks.equals && line[0].isLower
            || line[0].isLower && marks.brackets && line[line.count - 1] == UInt8(ascii: ")")
            || starts(line, "import ") && line.count < 70 && !contains(line, UInt8(ascii: ","))
            || starts(line, "from ") && find(line, " import ")
            || starts(line, "using ") && marks.semicolonEnd
    }

    /// "[Service]", "[mysqld]": of a configuration file.
    private static func isSection(_ line: Span<UInt8>) -> Bool {
        guard line.count > 4, line[0] == UInt8(ascii: "["), line[line.count - 1] == UInt8(ascii: "]") else {
            return false
        }
        for index in 1..<(line.count - 1) where !line[index].isLetter { return false }
        return true
    }

    /// "numbers = [1, 2]", "user_name = 'x'": of a value that only code writes so.
    private static func isAssignment(_ line: Span<UInt8>) -> Bool {
        var end = 0
        while end < line.count, line[end].isLetter || line[end].isDigit || line[end] == UInt8(ascii: "_") { end += 1 }
        guard end > 1, end + 3 < line.count, at(line, end, " = ") else { return false }
        switch line[end + 3] {
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""), UInt8(ascii: "'"): return true
        default: return false
        }
    }

    /// "(defun square (x) (* x x))".
    private static func isLisp(_ line: Span<UInt8>) -> Bool {
        starts(line, "(def") || starts(line, "(let") || starts(line, "(lambda") || starts(line, "(set")
            || starts(line, "(require") || starts(line, "(use-package") || find(line, " (") && find(line, "))")
    }

    /// "{ color: red }", "{ return 1; }".
    private static func hasBlock(_ line: Span<UInt8>) -> Bool {
        find(line, "{ ")
            && (contains(line, UInt8(ascii: ":")) || contains(line, UInt8(ascii: ";"))
                || contains(line, UInt8(ascii: "(")))
    }

    /// Counts operators, tags, inline code, patterns and formulas in one pass over the bytes.
    private static func symbols(_ line: Span<UInt8>, lexicon: Lexicon, into evidence: inout TextEvidence) -> Marks {
        var marks = Marks()
        let last = line.count - 1
        marks.semicolonEnd = line[last] == UInt8(ascii: ";")
        marks.blockEnd = line[last] == UInt8(ascii: "{") || line[0] == UInt8(ascii: "}")
        marks.colonEnd = line[last] == UInt8(ascii: ":")
        var backtick = -1
        var index = 0
        var sqlInLine = 0
        while index <= last {
            let byte = line[index]
            let next = index < last ? line[index + 1] : 0
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
                marks.brackets = true
                if byte == UInt8(ascii: "{"), next == byte || next == 0x20 && index > 0 { evidence.operators += 1 }
                if byte == UInt8(ascii: "["),
                    next == UInt8(ascii: "^") || next == UInt8(ascii: "a") && at(line, index, "[a-z")
                {
                    evidence.regexPieces += 1
                }
                if byte == UInt8(ascii: "("), next == UInt8(ascii: "?"), index + 2 <= last,
                    line[index + 2] == UInt8(ascii: ":") || line[index + 2] == UInt8(ascii: "=")
                {
                    evidence.regexPieces += 1
                }
            case UInt8(ascii: "="):
                marks.equals = true
                if next == UInt8(ascii: "=") || next == UInt8(ascii: ">") || next == UInt8(ascii: "\"")
                    || next == UInt8(ascii: "'")
                {
                    evidence.operators += 1
                    index += 1
                } else if next.isUpper, isFormula(line, at: index) {
                    evidence.spreadsheetFormulas += 1
                }
            case UInt8(ascii: "!"), UInt8(ascii: "+"), UInt8(ascii: "|"), UInt8(ascii: "&"):
                if next == UInt8(ascii: "=") || next == byte && byte != UInt8(ascii: "!") {
                    if !isNameOfLanguage(line, at: index) { evidence.operators += 1 }
                    index += 1
                }
            case UInt8(ascii: "-"), UInt8(ascii: ":"):
                if next == (byte == UInt8(ascii: ":") ? byte : UInt8(ascii: ">")) {
                    // An arrow between blanks is as often prose or chemistry.
                    if byte == next || index > 0 && line[index - 1] > 0x20 { evidence.operators += 1 }
                    index += 1
                } else if byte == UInt8(ascii: ":"), next == UInt8(ascii: "=") {
                    evidence.operators += 1
                }
            case UInt8(ascii: "<"):
                if isTag(line, at: index, lexicon: lexicon) { evidence.tags += 1 }
            case UInt8(ascii: "`"):
                if next == byte {
                    index += 1
                } else if backtick >= 0 {
                    evidence.inlineCode += 1
                    backtick = -1
                } else {
                    backtick = index
                }
            case UInt8(ascii: "\\"):
                index += backslash(line, at: index, lexicon: lexicon, into: &evidence)
            case 0xe2:
                // U+2200-22FF, mathematical operators.
                if next == 0x88 || next == 0x89 || next == 0x8a { evidence.mathSymbols += 1 }
            case 0xf0:
                // U+1D400-1D7FF, mathematical letters.
                if next == 0x9d { evidence.mathSymbols += 1 }
            case UInt8(ascii: "$"):
                if index == 0 || line[index - 1] == 0x20, next.isLetter || next == UInt8(ascii: "\\"),
                    closesMath(line, after: index)
                {
                    evidence.mathSymbols += 1
                }
            default:
                if byte.isUpper, index == 0 || !line[index - 1].isWord, next.isUpper {
                    sqlInLine += sql(line, at: index, lexicon: lexicon)
                }
            }
            index += 1
        }
        if sqlInLine > 1 || sqlInLine == 1 && evidence.sqlKeywords > 0 { evidence.sqlKeywords += sqlInLine }
        return marks
    }

    /// The plus signs of "C++" and "g++".
    private static func isNameOfLanguage(_ line: Span<UInt8>, at plus: Int) -> Bool {
        guard plus > 0, line[plus] == UInt8(ascii: "+"), plus == 1 || !line[plus - 2].isWord else { return false }
        let letter = line[plus - 1] | 0x20
        return letter == UInt8(ascii: "c") || letter == UInt8(ascii: "g")
    }

    /// An upper-case SQL keyword.
    private static func sql(_ line: Span<UInt8>, at start: Int, lexicon: Lexicon) -> Int {
        var end = start
        while end < line.count, line[end].isUpper { end += 1 }
        guard end - start > 3, end == line.count || !line[end].isWord else { return 0 }
        return lexicon.word(line.extracting(start..<end)).meaning.contains(.sqlKeyword) ? 1 : 0
    }

    private static func isTag(_ line: Span<UInt8>, at start: Int, lexicon: Lexicon) -> Bool {
        var begin = start + 1
        if begin < line.count, line[begin] == UInt8(ascii: "/") { begin += 1 }
        var end = begin
        while end < line.count, line[end].isLetter || line[end].isDigit || line[end] == UInt8(ascii: "-") { end += 1 }
        guard end > begin, end < line.count else { return false }
        let after = line[end]
        guard after == UInt8(ascii: ">") || after == 0x20 || after == UInt8(ascii: "/") else { return false }
        return lexicon.word(line.extracting(begin..<end)).meaning.contains(.markupTag)
    }

    /// "=SUM(A1:B2)".
    private static func isFormula(_ line: Span<UInt8>, at equals: Int) -> Bool {
        var end = equals + 1
        while end < line.count, line[end].isUpper { end += 1 }
        return end - equals > 2 && end < line.count && line[end] == UInt8(ascii: "(")
    }

    /// A LaTeX command, or an escape of a regular expression. Returns the bytes to skip.
    private static func backslash(
        _ line: Span<UInt8>, at start: Int, lexicon: Lexicon, into evidence: inout TextEvidence
    ) -> Int {
        var end = start + 1
        while end < line.count, line[end].isLetter { end += 1 }
        let length = end - start - 1
        if length > 1 {
            // "\begin{tabular}" is markup, "\begin{align}" a formula.
            var nameEnd = end
            if end < line.count, line[end] == UInt8(ascii: "{") {
                nameEnd += 1
                while nameEnd < line.count, line[nameEnd].isLetter { nameEnd += 1 }
            }
            let command = lexicon.word(line.extracting((start + 1)..<end)).meaning
            let isEnvironment = at(line, start, "\\begin{") || at(line, start, "\\end{")
            let name = isEnvironment ? lexicon.word(line.extracting((end + 1)..<nameEnd)).meaning : command
            if name.contains(.latexMarkup) {
                evidence.tags += 1
                return length
            }
            if command.contains(.latexCommand) {
                evidence.mathSymbols += 1
                return length
            }
        }
        guard length == 1, end < line.count else { return 0 }
        switch (line[start + 1], line[end]) {
        case (UInt8(ascii: "d"), _), (UInt8(ascii: "w"), _), (UInt8(ascii: "s"), UInt8(ascii: "+")),
            (UInt8(ascii: "s"), UInt8(ascii: "*")):
            evidence.regexPieces += 1
        default: break
        }
        return 0
    }

    /// "$x^2$": closed on the same line with something of a formula between.
    private static func closesMath(_ line: Span<UInt8>, after start: Int) -> Bool {
        var index = start + 1
        while index < line.count, index < start + 60 {
            if line[index] == UInt8(ascii: "$") { return true }
            index += 1
        }
        return false
    }

    static func starts(_ line: Span<UInt8>, _ prefix: StaticString) -> Bool { at(line, 0, prefix) }

    private static func at(_ line: Span<UInt8>, _ position: Int, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard line.count - position >= count else { return false }
        return text.withUTF8Buffer { bytes in
            for offset in 0..<count where line[position + offset] != bytes[offset] { return false }
            return true
        }
    }

    private static func contains(_ line: Span<UInt8>, _ byte: UInt8) -> Bool {
        for index in line.indices where line[index] == byte { return true }
        return false
    }

    private static func find(_ line: Span<UInt8>, _ text: StaticString) -> Bool {
        for index in line.indices where at(line, index, text) { return true }
        return false
    }
}
