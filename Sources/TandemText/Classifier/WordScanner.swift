/// Reads words in order and counts what they mean, and what is asked for: the object that follows a request verb in
/// the same sentence.
struct WordScanner {
    /// Words between a request verb and its object.
    private static let requestReach = 9
    /// Words at the beginning of a text in which prose is asked for without a verb: "a short story about…".
    private static let openingReach = 5

    private let lexicon: Lexicon
    private(set) var evidence: TextEvidence
    private var previousHash: UInt64 = 0
    private var previous: WordMeaning = []
    private var sinceRequest = Int.max / 2
    private var requestExplains = false
    private var sinceObject = Int.max / 2
    /// Of the sentence so far.
    private var asksHow = false
    private var namesTechnology = false
    private var pendingAmbiguous = false
    private var pendingAfterPreposition = false
    /// "C" and "R" by themselves are as often the letters of a list.
    private var pendingIsLetter = false
    /// The request that the previous word was the object of, should the next take its code sense away.
    private var justAsked: WritableKeyPath<TextEvidence, Int>?

    init(lexicon: Lexicon, evidence: TextEvidence) {
        self.lexicon = lexicon
        self.evidence = evidence
    }

    /// - Parameter verbFinal: the script is one whose languages put the verb last, so an object waits for its verb.
    mutating func word(_ meaning: WordMeaning, hash: UInt64, isSingleLetter: Bool = false, verbFinal: Bool = false) {
        var meaning = meaning
        let pair = lexicon.meaning(WordHash.pair(previousHash, hash))
        let asked = justAsked
        justAsked = nil
        previousHash = hash
        evidence.words += 1
        sinceRequest += 1
        sinceObject += 1
        if pair.contains(.otherSense) {
            // The pair means something else: neither word counts by itself.
            evidence.otherSenses += 1
            retract(previous)
            if let asked {
                evidence[keyPath: asked] -= 1
                sinceRequest = 1
            }
            previousHash = 0
            pendingAmbiguous = false
            meaning = meaning.intersection([.generalTopic, .textObject])
        } else {
            meaning.formUnion(pair)
        }
        settleAmbiguous(before: meaning)
        count(meaning)
        if meaning.contains(.howTo) { asksHow = true }
        if !meaning.isDisjoint(with: [.language, .framework, .tool, .codeConcept]) { namesTechnology = true }
        if meaning.contains(.ambiguousLanguage), !meaning.contains(.language) {
            pendingAmbiguous = true
            pendingAfterPreposition = previous.contains(.preposition)
            pendingIsLetter = isSingleLetter
        }
        follow(meaning, verbFinal: verbFinal)
        previous = meaning
    }

    mutating func sentenceEnd() {
        settleAmbiguous(before: [])
        settleHowTo()
        sinceRequest = Int.max / 2
        sinceObject = Int.max / 2
        previous = []
        previousHash = 0
    }

    mutating func finish() -> TextEvidence {
        settleAmbiguous(before: [])
        settleHowTo()
        return evidence
    }

    private mutating func settleHowTo() {
        if asksHow, namesTechnology { evidence.technologyHowTos += 1 }
        asksHow = false
        namesTechnology = false
    }

    private mutating func settleAmbiguous(before next: WordMeaning) {
        guard pendingAmbiguous else { return }
        pendingAmbiguous = false
        if !next.isDisjoint(with: [.codeObject, .doubtfulObject, .codeVerb, .codeConcept]) {
            evidence.ambiguousBeforeObject += 1
        } else if pendingAfterPreposition {
            evidence.ambiguousAfterPreposition += 1
        } else if !pendingIsLetter {
            evidence.ambiguousBare += 1
        }
    }

    private mutating func follow(_ meaning: WordMeaning, verbFinal: Bool) {
        if meaning.contains(.requestVerb) {
            if verbFinal, sinceObject < Self.requestReach {
                evidence.codeRequests += 1
                sinceObject = Int.max / 2
            } else if sinceRequest > Self.requestReach || !meaning.contains(.codeObject) {
                sinceRequest = 0
                requestExplains = meaning.contains(.explainVerb)
                return
            }
        }
        guard sinceRequest <= Self.requestReach else {
            if meaning.contains(.codeObject) { sinceObject = 0 }
            let opens = evidence.words <= Self.openingReach && evidence.codeRequests + evidence.objects == 0
            if opens, meaning.contains(.textObject) { ask(\.textRequests) }
            return
        }
        if meaning.contains(.textObject) {
            ask(\.textRequests)
        } else if meaning.contains(.codeObject) || meaning.contains(.codeConcept) && !requestExplains {
            ask(\.codeRequests)
        } else if meaning.contains(.doubtfulObject), !requestExplains {
            ask(\.doubtfulRequests)
        } else {
            if requestExplains, !meaning.isDisjoint(with: [.framework, .tool, .codeConcept]) {
                evidence.explanations += 1
            } else if !meaning.isDisjoint(with: .technology) {
                evidence.technologyRequests += 1
            }
            return
        }
        sinceRequest = Int.max / 2
    }

    private mutating func ask(_ kind: WritableKeyPath<TextEvidence, Int>) {
        evidence[keyPath: kind] += 1
        justAsked = kind
    }

    private mutating func count(_ meaning: WordMeaning) {
        guard !meaning.isEmpty else { return }
        tally(meaning, by: 1)
    }

    private mutating func retract(_ meaning: WordMeaning) {
        tally(meaning.subtracting([.generalTopic, .textObject, .followUp, .requestVerb, .thanks, .role]), by: -1)
    }

    private mutating func tally(_ meaning: WordMeaning, by amount: Int) {
        if meaning.contains(.language) {
            evidence.languages += amount
            // "in Python" is never the snake.
            if meaning.contains(.ambiguousLanguage), !previous.contains(.preposition) {
                evidence.languagesWithOtherSense += amount
            }
        }
        if meaning.contains(.framework) { evidence.frameworks += amount }
        if meaning.contains(.tool) { evidence.tools += amount }
        if meaning.contains(.dataFormat) { evidence.formats += amount }
        if meaning.contains(.codeConcept) { evidence.concepts += amount }
        if meaning.contains(.codeObject) {
            evidence.objects += amount
        } else if meaning.contains(.doubtfulObject) {
            evidence.doubtfulObjects += amount
        }
        if meaning.contains(.codeVerb) { evidence.codeVerbs += amount }
        if meaning.contains(.requestVerb) { evidence.requests += amount }
        if meaning.contains(.textObject) { evidence.textObjects += amount }
        if meaning.contains(.generalTopic) { evidence.topics += amount }
        if meaning.contains(.mathematics) { evidence.mathematics += amount }
        if meaning.contains(.errorWord) { evidence.errors += amount }
        if meaning.contains(.advice) { evidence.advice += amount }
        if meaning.contains(.computing) { evidence.computing += amount }
        if meaning.contains(.followUp) { evidence.followUps += amount }
        if meaning.contains(.howTo) { evidence.howTos += amount }
        if meaning.contains(.role) { evidence.roles += amount }
        if meaning.contains(.thanks) { evidence.thanks += amount }
    }
}
