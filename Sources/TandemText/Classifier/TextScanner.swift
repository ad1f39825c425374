/// Splits a text into space-separated pieces, counts those that have the form of code, and hands the words on.
struct TextScanner {
    /// Bytes of a longer text that are read: its beginning and its end, where the request stands.
    static let headBytes = 6 * 1024
    static let tailBytes = 2 * 1024

    private let lexicon: Lexicon
    private var words: WordScanner
    private var form = TextEvidence()
    private var previousWasTool = false

    private init(lexicon: Lexicon) {
        self.lexicon = lexicon
        words = WordScanner(lexicon: lexicon, evidence: TextEvidence())
    }

    static func scan(_ text: Span<UInt8>, lexicon: Lexicon) -> TextEvidence {
        var scanner = TextScanner(lexicon: lexicon)
        if text.count <= headBytes + tailBytes {
            scanner.read(text)
        } else {
            scanner.read(text.extracting(0..<headBytes))
            scanner.words.sentenceEnd()
            scanner.read(text.extracting((text.count - tailBytes)..<text.count))
        }
        return scanner.finish()
    }

    private mutating func finish() -> TextEvidence {
        var evidence = words.finish()
        evidence.takeForm(of: form)
        return evidence
    }

    private mutating func read(_ text: Span<UInt8>) {
        var lineStart = 0
        while lineStart < text.count {
            var lineEnd = lineStart
            while lineEnd < text.count, text[lineEnd] != UInt8(ascii: "\n") { lineEnd += 1 }
            readLine(text.extracting(lineStart..<lineEnd))
            lineStart = lineEnd + 1
        }
    }

    private mutating func readLine(_ line: Span<UInt8>) {
        var start = 0
        var end = line.count
        while start < end, line[start] <= 0x20 { start += 1 }
        while end > start, line[end - 1] <= 0x20 { end -= 1 }
        guard start < end else {
            words.sentenceEnd()
            return
        }
        let content = line.extracting(start..<end)
        LineForm.count(content, indented: start >= 2, lexicon: lexicon, into: &form)
        previousWasTool = false
        var index = 0
        while index < content.count {
            while index < content.count, content[index] <= 0x20 { index += 1 }
            let begin = index
            while index < content.count, content[index] > 0x20 { index += 1 }
            if begin < index { readPiece(content.extracting(begin..<index), isFirst: begin == 0) }
        }
    }

    private mutating func readPiece(_ piece: Span<UInt8>, isFirst: Bool) {
        var start = 0
        var end = piece.count
        while start < end, piece[start].isOpening { start += 1 }
        while end > start, piece[end - 1].isClosing { end -= 1 }
        let ends = piece[piece.count - 1]
        defer {
            if ends == UInt8(ascii: ".") || ends == UInt8(ascii: "!") || ends == UInt8(ascii: "?")
                || ends == UInt8(ascii: ":")
            {
                words.sentenceEnd()
            }
        }
        guard start < end else {
            previousWasTool = false
            return
        }
        let core = piece.extracting(start..<end)
        let kind = PieceForm(core, lexicon: lexicon)
        if kind.isURL {
            form.words += 1
            previousWasTool = false
            return
        }
        if kind.isFlag {
            form.flags += 1
            if previousWasTool { form.commandLines += 1 }
            previousWasTool = false
            return
        }
        if kind.isFileName { form.fileNames += 1 }
        if kind.isPath {
            form.paths += 1
            if previousWasTool { form.commandLines += 1 }
        }
        if kind.isIdentifier { form.identifiers += 1 }
        if kind.isErrorName { form.errorNames += 1 }
        if kind.isCall { form.calls += 1 }
        let whole = lexicon.word(core)
        previousWasTool = false
        if !whole.meaning.isEmpty || !kind.hasBreaks {
            say(whole.meaning, hash: whole.hash, length: core.count)
            previousWasTool = whole.meaning.contains(.tool)
        } else {
            readWords(core)
        }
    }

    private mutating func say(_ meaning: WordMeaning, hash: UInt64, length: Int) {
        words.word(meaning, hash: hash, isSingleLetter: length == 1)
    }

    /// The words of a piece that punctuation or a change of script divides.
    private mutating func readWords(_ piece: Span<UInt8>) {
        var index = 0
        while index < piece.count {
            let byte = piece[index]
            if byte >= 0xe3, byte <= 0xed, index + 2 < piece.count {
                index += readIdeographs(piece.extracting(index..<piece.count))
                continue
            }
            guard byte.isWord else {
                // Full-width punctuation is outside the ranges above; ASCII punctuation breaks a pair only.
                index += 1
                continue
            }
            let begin = index
            while index < piece.count, piece[index].isWord || piece[index] == UInt8(ascii: "'") {
                if piece[index] >= 0xe3, piece[index] <= 0xed { break }
                // A scalar's continuation bytes belong to its lead byte.
                index += 1
                while index < piece.count, piece[index] & 0xc0 == 0x80 { index += 1 }
            }
            while index < piece.count, piece[index] == UInt8(ascii: "+") || piece[index] == UInt8(ascii: "#") {
                index += 1
            }
            let word = piece.extracting(begin..<index)
            let found = lexicon.word(word)
            say(found.meaning, hash: found.hash, length: word.count)
        }
    }

    /// Chinese, Japanese and Korean are written without spaces: the longest known word at each position.
    /// Returns the number of bytes read.
    private mutating func readIdeographs(_ text: Span<UInt8>) -> Int {
        let longestWord = 8
        var hash = WordHash()
        var bytes = 0
        var best: (meaning: WordMeaning, hash: UInt64, bytes: Int)?
        for _ in 0..<longestWord {
            guard bytes + 2 < text.count, text[bytes] >= 0xe3, text[bytes] <= 0xed else { break }
            for offset in 0..<3 { hash.add(text[bytes + offset]) }
            bytes += 3
            let meaning = lexicon.meaning(hash.value)
            if !meaning.isEmpty { best = (meaning, hash.value, bytes) }
        }
        guard let best else {
            if text[0] == 0xe3, text[1] == 0x80, text[2] == 0x82 { words.sentenceEnd() }
            return 3
        }
        words.word(best.meaning, hash: best.hash, verbFinal: true)
        return best.bytes
    }
}

extension TextEvidence {
    /// Takes over the counts of form; those of words stay.
    fileprivate mutating func takeForm(of form: TextEvidence) {
        words += form.words
        lines = form.lines
        codeLines = form.codeLines
        fences = form.fences
        operators = form.operators
        identifiers = form.identifiers
        calls = form.calls
        fileNames = form.fileNames
        paths = form.paths
        flags = form.flags
        commandLines = form.commandLines
        inlineCode = form.inlineCode
        tags = form.tags
        sqlKeywords = form.sqlKeywords
        traceLines = form.traceLines
        errorNames = form.errorNames
        regexPieces = form.regexPieces
        spreadsheetFormulas = form.spreadsheetFormulas
        mathSymbols = form.mathSymbols
    }
}

extension Lexicon {
    /// A word's meaning and hash; plurals and Cyrillic endings lead to their stem.
    func word(_ word: Span<UInt8>) -> (meaning: WordMeaning, hash: UInt64) {
        var hash = WordHash()
        for index in word.indices { hash.add(word[index]) }
        var meaning = meaning(hash.value)
        if !meaning.isEmpty || word.count < 4 { return (meaning, hash.value) }
        if word[word.count - 1] | 0x20 == UInt8(ascii: "s") {
            var stem = WordHash()
            for index in 0..<(word.count - 1) { stem.add(word[index]) }
            meaning = self.meaning(stem.value).intersection(.keptByPlural)
            if !meaning.isEmpty { return (meaning, stem.value) }
        } else if word[0] == 0xd0 || word[0] == 0xd1 {
            for ending in 1...3 where word.count > 2 * ending + 4 {
                var stem = WordHash()
                for index in 0..<(word.count - 2 * ending) { stem.add(word[index]) }
                meaning = self.meaning(stem.value)
                if !meaning.isEmpty { return (meaning, stem.value) }
            }
        }
        return ([], hash.value)
    }
}

extension UInt8 {
    var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7a }
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    var isUpper: Bool { self >= 0x41 && self <= 0x5a }
    var isLower: Bool { self >= 0x61 && self <= 0x7a }
    /// Of a word: ASCII letters and digits, and every scalar beyond ASCII.
    var isWord: Bool { isLetter || isDigit || self >= 0x80 }

    var isOpening: Bool {
        switch self {
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""), UInt8(ascii: "'"),
            UInt8(ascii: "`"), UInt8(ascii: "<"), UInt8(ascii: "*"), UInt8(ascii: ","):
            true
        default: false
        }
    }

    var isClosing: Bool {
        switch self {
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "\""), UInt8(ascii: "'"),
            UInt8(ascii: "`"), UInt8(ascii: ">"), UInt8(ascii: "*"), UInt8(ascii: ","), UInt8(ascii: "."),
            UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "!"), UInt8(ascii: "?"):
            true
        default: false
        }
    }
}
