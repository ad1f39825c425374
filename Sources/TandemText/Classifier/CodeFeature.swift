/// What speaks for or against a request being one for code. The raw value is its place among the features; its name
/// stands in the weight table, `words` in explanations.
package enum CodeFeature: Int, CaseIterable, Sendable {
    case bias
    case codeFence, codeLines, codeShare, operators, identifiers, calls, fileNames, paths, commands, inlineCode, markup
    case sqlKeywords, stackTrace, regexPieces, spreadsheetFormula
    case language, languageShort, ambiguousInCodeContext, ambiguousAlone, framework, tool, dataFormat, formatAlone
    case concept, conceptRepeated, codeObject, doubtfulObject, codeVerb, codeRequest, doubtfulRequest
    case codeRequestWithTechnology, doubtfulRequestWithTechnology, technologyRequest
    case explanation, howToWithTechnology, howToWithComputing, errorWithTechnology, computing, computingMuch, otherSense
    case textRequest, textOnTechnology, topic, topicBesideCode, topicMuch, mathematics, mathematicsOnly, mathSymbols,
        adviceOnTechnology, advice, role,
        nothingOfCode,
        hintsOnly
    case longProse, followUpToCode, afterCode, thanks

    package var words: String {
        switch self {
        case .bias: "prior"
        case .codeFence: "a fenced code block"
        case .codeLines: "lines that look like code"
        case .codeShare: "mostly code by lines"
        case .operators: "operators of programming languages"
        case .identifiers: "identifiers (camelCase, snake_case)"
        case .calls: "function calls"
        case .fileNames: "names of code or configuration files"
        case .paths: "file system paths"
        case .commands: "command line options"
        case .inlineCode: "inline code in backticks"
        case .markup: "markup tags"
        case .sqlKeywords: "SQL keywords in capitals"
        case .stackTrace: "a stack trace or an error's name"
        case .regexPieces: "pieces of regular expressions"
        case .spreadsheetFormula: "a spreadsheet formula"
        case .language: "a programming language by name"
        case .languageShort: "a programming language in a short prompt"
        case .ambiguousInCodeContext: "a language with an everyday name, in the company of code"
        case .ambiguousAlone: "a language's everyday name without code around it"
        case .framework: "a library, framework or database"
        case .tool: "a developer's tool or platform"
        case .dataFormat: "a data format"
        case .formatAlone: "a data format and nothing else of code"
        case .concept: "a term of programming"
        case .conceptRepeated: "several terms of programming"
        case .codeObject: "a word for code"
        case .doubtfulObject: "a word that may mean code (program, class, script)"
        case .codeVerb: "a programmer's verb"
        case .codeRequest: "asks for code"
        case .doubtfulRequest: "asks for something that may be code"
        case .codeRequestWithTechnology: "asks for code in a named technology"
        case .doubtfulRequestWithTechnology: "asks for something in a named technology"
        case .technologyRequest: "a request that names a technology"
        case .explanation: "asks to explain a technology"
        case .howToWithTechnology: "how to do something in a named technology"
        case .howToWithComputing: "how to do something with computers' things"
        case .errorWithTechnology: "a failure in a named technology"
        case .computing: "words of computing"
        case .computingMuch: "many words of computing"
        case .otherSense: "a code word in another sense (dress code)"
        case .textRequest: "asks for prose"
        case .textOnTechnology: "asks for prose about a technology"
        case .topic: "subjects far from code"
        case .topicBesideCode: "subjects far from code beside a request for it"
        case .topicMuch: "mostly about subjects far from code"
        case .mathematics: "mathematics"
        case .mathematicsOnly: "mathematics and no technology"
        case .mathSymbols: "mathematical notation"
        case .adviceOnTechnology: "advice or study about a technology"
        case .advice: "advice, comparison or study"
        case .role: "a role to play"
        case .nothingOfCode: "nothing of code"
        case .hintsOnly: "only general words that code shares with offices"
        case .longProse: "long prose"
        case .followUpToCode: "a short follow-up in a conversation about code"
        case .afterCode: "the conversation before was about code"
        case .thanks: "thanks or small talk"
        }
    }

    /// The lowest and highest weight the trainer may give: what is evidence for code by its nature never speaks
    /// against it, however a small training set falls out.
    package var speaksForCode: Bool? {
        switch self {
        case .bias, .computing, .ambiguousAlone, .doubtfulObject, .advice, .doubtfulRequest, .technologyRequest,
            .dataFormat, .explanation:
            nil
        case .otherSense, .textRequest, .textOnTechnology, .topic, .topicBesideCode, .topicMuch, .mathematics,
            .mathematicsOnly, .mathSymbols,
            .adviceOnTechnology, .role,
            .nothingOfCode, .hintsOnly, .longProse, .thanks, .formatAlone:
            false
        default: true
        }
    }
}

/// A prompt as numbers, each from 0 to about 2.
package struct CodeFeatures: Sendable {
    package private(set) var values: [Double]

    package subscript(feature: CodeFeature) -> Double { values[feature.rawValue] }

    /// - Parameters:
    ///   - found: what the last user turn shows.
    ///   - previousWasCode: whether the conversation before it was about code.
    init(_ found: TextEvidence, previousWasCode: Bool) {
        values = Array(repeating: 0, count: CodeFeature.allCases.count)
        let words = Double(max(found.words, 1))
        let form = found.hasFormOfCode
        let ambiguous = found.ambiguousCounts
        let languages = found.languageCounts
        let technology = languages + found.frameworks + found.tools + (ambiguous > 0 ? 1 : 0) > 0

        set(.bias, 1)
        set(.codeFence, found.fences > 0 ? 1 : 0)
        set(.codeLines, saturated(found.codeLines))
        set(.codeShare, found.codeLines > 1 && found.codeLines * 3 > found.lines ? 1 : 0)
        set(.operators, saturated(found.operators))
        set(.identifiers, saturated(found.identifiers))
        set(.calls, saturated(found.calls))
        set(.fileNames, saturated(found.fileNames))
        set(.paths, saturated(found.paths))
        set(.commands, saturated(found.flags / 2 + found.commandLines))
        set(.inlineCode, saturated(found.inlineCode))
        set(.markup, saturated(found.tags))
        set(.sqlKeywords, saturated(found.sqlKeywords))
        set(.stackTrace, saturated(found.traceLines + found.errorNames))
        set(.regexPieces, saturated(found.regexPieces))
        set(.spreadsheetFormula, found.spreadsheetFormulas > 0 ? 1 : 0)

        set(.language, saturated(languages))
        set(.languageShort, languages > 0 && found.words < 25 ? 1 : 0)
        set(.ambiguousInCodeContext, saturated(ambiguous))
        set(.ambiguousAlone, ambiguous == 0 && found.ambiguousAfterPreposition > 0 ? 1 : 0)
        set(.framework, saturated(found.frameworks))
        set(.tool, saturated(found.tools))
        set(.dataFormat, found.formats > 0 ? 1 : 0)
        set(.formatAlone, found.formats > 0 && !technology && found.concepts == 0 && !form ? 1 : 0)
        set(.concept, saturated(found.concepts, per: words))
        set(.conceptRepeated, found.concepts > 2 ? 1 : 0)
        set(.codeObject, saturated(found.objects, per: words))
        set(.doubtfulObject, saturated(found.doubtfulObjects, per: words))
        set(.codeVerb, saturated(found.codeVerbs, per: words))
        set(.codeRequest, found.codeRequests > 0 ? 1 : 0)
        set(.doubtfulRequest, found.codeRequests == 0 && found.doubtfulRequests > 0 ? 1 : 0)
        set(.codeRequestWithTechnology, found.codeRequests > 0 && technology ? 1 : 0)
        set(.doubtfulRequestWithTechnology, found.doubtfulRequests > 0 && technology ? 1 : 0)
        set(.technologyRequest, found.technologyRequests > 0 && found.textRequests == 0 ? 1 : 0)
        set(
            .explanation,
            found.explanations > 0 && found.codeRequests + found.doubtfulRequests == 0 && !form ? 1 : 0)
        set(.howToWithTechnology, found.technologyHowTos > 0 || found.howTos > 0 && form ? 1 : 0)
        set(.howToWithComputing, found.howTos > 0 && found.computing > 1 && found.topics == 0 ? 1 : 0)
        set(.errorWithTechnology, found.errors > 0 && (technology || form || found.concepts > 0) ? 1 : 0)
        set(.computing, saturated(found.computing, per: words))
        set(.computingMuch, Double(found.computing) / words > 0.2 && found.computing > 2 ? 1 : 0)
        set(.otherSense, saturated(found.otherSenses, per: words))

        set(.textRequest, found.textRequests > 0 ? 1 : 0)
        let asksForProse = found.textRequests > 0 && found.codeRequests + found.doubtfulRequests == 0
        set(.textOnTechnology, asksForProse && technology && !form ? 1 : 0)
        let besideCode = form || found.codeRequests > 0 && found.textRequests == 0
        set(besideCode ? .topicBesideCode : .topic, saturated(found.topics, per: words))
        set(.topicMuch, Double(found.topics) / words > 0.12 ? 1 : 0)
        set(.mathematics, saturated(found.mathematics, per: words))
        set(.mathematicsOnly, found.mathematics + found.mathSymbols > 0 && !technology && !form ? 1 : 0)
        set(.mathSymbols, saturated(found.mathSymbols))
        set(
            .adviceOnTechnology,
            technology && !form && found.codeRequests + found.doubtfulRequests == 0
                ? saturated(found.advice, per: words) : 0)
        set(.advice, technology || form ? 0 : saturated(found.advice, per: words))
        set(.role, found.roles > 0 ? 1 : 0)
        let nothing = !technology && !form && found.objects + found.concepts + found.codeVerbs + found.formats == 0
        let hints = found.doubtfulObjects + found.computing
        set(.nothingOfCode, nothing && hints < 2 ? 1 : 0)
        set(.hintsOnly, nothing && hints >= 2 ? 1 : 0)
        set(.longProse, found.words > 80 && !form && !(found.codeRequests > 0 && technology) ? min(2, words / 200) : 0)

        let isShort = found.words < 30 && found.textRequests == 0 && found.topics == 0
        let isThanks = found.thanks > 0 && found.words < 8 && nothing && found.requests + found.followUps < 3
        set(.thanks, isThanks ? 1 : 0)
        let follows = previousWasCode && isShort && !isThanks && found.followUps + found.requests + found.errors > 0
        set(.followUpToCode, follows ? 1 : 0)
        set(.afterCode, previousWasCode && !isThanks ? 1 : 0)
    }

    private mutating func set(_ feature: CodeFeature, _ value: Double) { values[feature.rawValue] = value }
}

/// 0, 1, 1.6, 2 for none, one, two, three and more: the tenth hint says nothing new.
private func saturated(_ count: Int) -> Double {
    switch count {
    case ..<1: 0
    case 1: 1
    case 2: 1.6
    default: 2
    }
}

/// As above for words that long texts contain by accident: expected occurrences grow with the length.
private func saturated(_ count: Int, per words: Double) -> Double {
    guard count > 0 else { return 0 }
    let proseWordsPerHint = 60.0
    let expected = max(1, words / proseWordsPerHint)
    return min(2, 0.4 + 0.6 * Double(count) / expected)
}

extension TextEvidence {
    /// Something in it is written as only code is.
    var hasFormOfCode: Bool {
        if fences > 0 || codeLines > 0 || commandLines > 0 || sqlKeywords > 0 || traceLines + errorNames > 0 {
            return true
        }
        // A single mark in a long text is an accident.
        let proseWordsPerMark = 150
        let marks =
            operators + calls + fileNames + inlineCode + tags + regexPieces + spreadsheetFormulas
            + (identifiers > 1 ? identifiers : 0) + (flags > 1 ? flags : 0)
        return marks * proseWordsPerMark > words
    }

    /// Words besides a language's name that speak of code.
    private var company: Int {
        objects + doubtfulRequests + codeVerbs + concepts + frameworks + formats + errors + (hasFormOfCode ? 1 : 0)
    }

    /// Whether an earlier turn was about code, by what it plainly shows.
    var speaksOfCode: Bool {
        if hasFormOfCode { return true }
        guard textRequests == 0 else { return false }
        return codeRequests + codeVerbs + concepts > 0 || languageCounts + ambiguousCounts + frameworks + tools > 0
    }

    /// Languages by name: a snake among animals is none.
    var languageCounts: Int { topics == 0 || company > 0 ? languages : languages - languagesWithOtherSense }

    /// Everyday language names that stand where a language does.
    var ambiguousCounts: Int {
        let spokenOf = company + codeRequests + doubtfulObjects + computing > 0
        let elsewhere = otherSenses > 0 || topics > 1
        let counts = spokenOf ? !elsewhere : topics + otherSenses == 0
        return ambiguousBeforeObject + (counts ? ambiguousAfterPreposition : 0)
    }
}
