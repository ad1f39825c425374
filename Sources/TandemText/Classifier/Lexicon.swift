/// What a word of a prompt can mean to the classifier. A word may mean several things ("shell" is a language and a
/// thing on a beach); the text around it decides.
struct WordMeaning: OptionSet, Hashable, Sendable {
    let rawValue: UInt32

    /// A programming, query, markup or configuration language by a name that means hardly anything else.
    static let language = WordMeaning(rawValue: 1 << 0)
    /// A language whose name is an everyday word: counts only in the company of code.
    static let ambiguousLanguage = WordMeaning(rawValue: 1 << 1)
    static let framework = WordMeaning(rawValue: 1 << 2)
    /// A command line tool, a service or a platform that is driven by commands and configuration.
    static let tool = WordMeaning(rawValue: 1 << 3)
    static let dataFormat = WordMeaning(rawValue: 1 << 4)
    /// A thing that only programmers speak of: "dataframe", "linked list".
    static let codeConcept = WordMeaning(rawValue: 1 << 5)
    /// What a request for code asks for: "function", "regex", "query".
    static let codeObject = WordMeaning(rawValue: 1 << 6)
    /// As above, by a word with another everyday sense: "program", "class", "script".
    static let doubtfulObject = WordMeaning(rawValue: 1 << 7)
    static let codeVerb = WordMeaning(rawValue: 1 << 8)
    static let requestVerb = WordMeaning(rawValue: 1 << 9)
    /// What a request for prose asks for: "poem", "essay", "proposal".
    static let textObject = WordMeaning(rawValue: 1 << 10)
    /// A subject far from code: cooking, law, medicine, marketing, play.
    static let generalTopic = WordMeaning(rawValue: 1 << 11)
    static let mathematics = WordMeaning(rawValue: 1 << 12)
    static let errorWord = WordMeaning(rawValue: 1 << 13)
    /// Study, comparison, career, choice: talk about a technology rather than work in it.
    static let advice = WordMeaning(rawValue: 1 << 14)
    /// Of computing, and of offices: "server", "column", "file".
    static let computing = WordMeaning(rawValue: 1 << 15)
    /// "in", "using": what stands before a language name.
    static let preposition = WordMeaning(rawValue: 1 << 16)
    /// "it", "faster", "instead": what a follow-up is made of.
    static let followUp = WordMeaning(rawValue: 1 << 17)
    /// Two words that take the code sense away: "dress code", "class action".
    static let otherSense = WordMeaning(rawValue: 1 << 18)
    static let howTo = WordMeaning(rawValue: 1 << 19)
    static let role = WordMeaning(rawValue: 1 << 20)
    static let codeExtension = WordMeaning(rawValue: 1 << 21)
    static let markupTag = WordMeaning(rawValue: 1 << 22)
    static let lineKeyword = WordMeaning(rawValue: 1 << 23)
    static let sqlKeyword = WordMeaning(rawValue: 1 << 24)
    static let latexCommand = WordMeaning(rawValue: 1 << 25)
    /// Written with inner capitals though no identifier: "YouTube".
    static let brand = WordMeaning(rawValue: 1 << 26)
    static let thanks = WordMeaning(rawValue: 1 << 27)
    /// A request to talk about something: "explain recursion" asks for prose, "explain this function" is about code.
    static let explainVerb = WordMeaning(rawValue: 1 << 28)
    /// LaTeX of a document, not of a formula: "tabular", "usepackage".
    static let latexMarkup = WordMeaning(rawValue: 1 << 29)

    /// Meanings that a plural keeps: "functions" is "function", but "pythons" are snakes.
    static let keptByPlural: WordMeaning = [
        .codeConcept, .codeObject, .doubtfulObject, .textObject, .generalTopic, .mathematics, .errorWord, .computing,
        .framework, .advice,
    ]
    static let technology: WordMeaning = [.language, .framework, .tool]
}

/// Words and pairs of words by the hash of their lower-case form: one probe a word, no allocation.
struct Lexicon: Sendable {
    private var keys: [UInt64]
    private var meanings: [WordMeaning]
    private let mask: Int

    static let shipped = Lexicon(LexiconTerms.all)

    /// - Parameter terms: for each meaning the terms, separated by commas or line ends; a term is one word or two.
    init(_ terms: [(meaning: WordMeaning, terms: String)]) {
        var found: [UInt64: WordMeaning] = [:]
        for entry in terms {
            for term in entry.terms.utf8.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") })
            {
                let words = term.split(separator: UInt8(ascii: " "))
                guard let first = words.first else { continue }
                var key = WordHash(first).value
                if words.count > 1 { key = WordHash.pair(key, WordHash(words[1]).value) }
                found[key, default: []].formUnion(entry.meaning)
            }
        }
        var capacity = 1024
        while capacity < found.count * 3 { capacity *= 2 }
        mask = capacity - 1
        keys = Array(repeating: 0, count: capacity)
        meanings = Array(repeating: [], count: capacity)
        for (key, meaning) in found {
            var slot = Int(truncatingIfNeeded: key) & mask
            while keys[slot] != 0 { slot = (slot + 1) & mask }
            keys[slot] = key
            meanings[slot] = meaning
        }
    }

    /// The meanings of a word, or of a pair, by its hash; empty when unknown.
    func meaning(_ key: UInt64) -> WordMeaning {
        var slot = Int(truncatingIfNeeded: key) & mask
        while keys[slot] != 0 {
            if keys[slot] == key { return meanings[slot] }
            slot = (slot + 1) & mask
        }
        return []
    }
}

/// FNV-1a over the lower-case form; ASCII, Latin-1 and Cyrillic capitals are folded.
struct WordHash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
    /// A lead byte of a two-byte scalar that has capitals, kept until its second byte says whether to fold.
    private var lead: UInt8 = 0

    init() {}

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { add(byte) }
    }

    mutating func add(_ byte: UInt8) {
        if lead != 0 {
            addPair(lead, byte)
            lead = 0
        } else if byte == 0xc3 || byte == 0xd0 {
            lead = byte
        } else {
            mix(byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
        }
    }

    private mutating func addPair(_ lead: UInt8, _ byte: UInt8) {
        switch (lead, byte) {
        case (0xc3, 0x80...0x9e) where byte != 0x97, (0xd0, 0x90...0x9f):
            mix(lead)
            mix(byte + 0x20)
        case (0xd0, 0xa0...0xaf):
            mix(0xd1)
            mix(byte - 0x20)
        default:
            mix(lead)
            mix(byte)
        }
    }

    private mutating func mix(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

    /// The key of two words that follow each other.
    static func pair(_ first: UInt64, _ second: UInt64) -> UInt64 {
        (first &* 0x9e37_79b9_7f4a_7c15) ^ second
    }
}
