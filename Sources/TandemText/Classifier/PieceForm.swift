/// The form of one space-separated piece without the punctuation around it.
struct PieceForm {
    private(set) var isURL = false
    private(set) var isFlag = false
    private(set) var isPath = false
    private(set) var isFileName = false
    private(set) var isIdentifier = false
    private(set) var isCall = false
    private(set) var isErrorName = false
    /// Something in it that is neither ASCII letter nor digit.
    private(set) var hasBreaks = false

    init(_ piece: Span<UInt8>, lexicon: Lexicon) {
        var underscores = 0
        var humps = 0
        var humpsAfterDot = 0
        var lastDot = -1
        var slashes = 0
        var paren = -1
        var letters = 0
        var capitals = 0
        for index in piece.indices {
            let byte = piece[index]
            if byte.isLetter {
                letters += 1
                if byte.isUpper {
                    capitals += 1
                    if index > 0, piece[index - 1].isLower {
                        humps += 1
                        if lastDot > 0 { humpsAfterDot += 1 }
                    }
                }
                continue
            }
            if byte.isDigit { continue }
            hasBreaks = true
            switch byte {
            case UInt8(ascii: "_"):
                // "x_1" and "log_2" are mathematics.
                if index > 0, piece[index - 1].isWord, index + 2 < piece.count, piece[index + 2].isWord {
                    underscores += 1
                }
            case UInt8(ascii: "."): lastDot = index
            case UInt8(ascii: "/"): slashes += 1
            case UInt8(ascii: "("): if paren < 0 { paren = index }
            case UInt8(ascii: ":"):
                if index + 2 < piece.count, piece[index + 1] == UInt8(ascii: "/"), piece[index + 2] == UInt8(ascii: "/")
                {
                    isURL = true
                    return
                }
            default: break
            }
        }
        let first = piece[0]
        if first == UInt8(ascii: "-"), piece.count > 1 {
            let second = piece[1]
            isFlag =
                second.isLetter && piece.count <= 3 || second == UInt8(ascii: "-") && piece.count > 3 && letters > 1
            return
        }
        if letters > 1, slashes > 0 {
            isPath =
                first == UInt8(ascii: "/") && (slashes > 1 || lastDot > 0 || piece.count > 4)
                || first == UInt8(ascii: "~") || first == UInt8(ascii: ".") && piece.count > 3
                || first == UInt8(ascii: "@") || slashes > 2
        }
        if lastDot >= 0, lastDot + 1 < piece.count, piece.count - lastDot <= 12, paren < 0 {
            let name = lexicon.word(piece.extracting((lastDot + 1)..<piece.count))
            isFileName =
                name.meaning.contains(.codeExtension) && (lastDot == 0 || piece[lastDot - 1].isWord) && letters > 2
        }
        guard humps > 0 || underscores > 0 || paren > 0 else { return }
        if humps > 0, capitals < letters, !hasBreaks || underscores > 0 || paren > 0 || lastDot > 0 {
            let brand = lexicon.word(piece).meaning
            isIdentifier =
                !brand.contains(.brand) && (first.isLower || humps > 1 || paren > 0 || capitals * 3 <= letters)
            isErrorName = isIdentifier && (Self.ends(piece, with: "Error") || Self.ends(piece, with: "Exception"))
        }
        if underscores > 0, letters > 1 { isIdentifier = true }
        if paren > 1, letters > 2, piece[paren - 1].isWord || piece[paren - 1] == UInt8(ascii: "_"),
            !Self.isPluralOption(piece, at: paren)
        {
            let name = lexicon.word(piece.extracting(0..<paren)).meaning
            isCall =
                isIdentifier || lastDot > 0 && lastDot < paren
                || !name.contains(.mathematics) && Self.hasArguments(piece, from: paren + 1)
        } else if isIdentifier, humpsAfterDot > 0, slashes == 0 {
            // "CompletableFuture.allOf"
            isCall = true
        }
    }

    /// "()", "(1", "(a,b)", "(\"x\")", or open at the piece's end; "(warn/ban)" and "(USA)" are prose.
    private static func hasArguments(_ piece: Span<UInt8>, from start: Int) -> Bool {
        var isAcronym = piece.count - start > 1
        for index in start..<piece.count {
            if !piece[index].isUpper, piece[index] != UInt8(ascii: ")") { isAcronym = false }
            switch piece[index] {
            case UInt8(ascii: ")"): return index == start
            case UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "="), UInt8(ascii: "["),
                UInt8(ascii: "_"), UInt8(ascii: "("), UInt8(ascii: "*"), UInt8(ascii: "&"):
                return true
            default: continue
            }
        }
        return start < piece.count && !isAcronym
    }

    /// "name(s)", "class(es)".
    private static func isPluralOption(_ piece: Span<UInt8>, at paren: Int) -> Bool {
        let rest = piece.count - paren - 1
        return rest <= 3 && paren + 1 < piece.count
            && (piece[paren + 1] | 0x20 == UInt8(ascii: "s") || piece[paren + 1] | 0x20 == UInt8(ascii: "e"))
    }

    private static func ends(_ piece: Span<UInt8>, with suffix: StaticString) -> Bool {
        let count = suffix.utf8CodeUnitCount
        guard piece.count > count else { return false }
        return suffix.withUTF8Buffer { bytes in
            for offset in 0..<count where piece[piece.count - count + offset] != bytes[offset] { return false }
            return true
        }
    }
}
