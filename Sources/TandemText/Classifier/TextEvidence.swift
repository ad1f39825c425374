/// What a scan found in one text: plain counts, no judgement.
struct TextEvidence: Sendable {
    // Form.
    var words = 0
    var lines = 0
    var codeLines = 0
    var fences = 0
    var operators = 0
    var identifiers = 0
    var calls = 0
    var fileNames = 0
    var paths = 0
    var flags = 0
    var commandLines = 0
    var inlineCode = 0
    var tags = 0
    var sqlKeywords = 0
    var traceLines = 0
    var errorNames = 0
    var regexPieces = 0
    var spreadsheetFormulas = 0
    var mathSymbols = 0

    // Words, by meaning.
    var languages = 0
    /// Those of them that are an animal's name or another thing's too, though rarely.
    var languagesWithOtherSense = 0
    var ambiguousBare = 0
    var ambiguousAfterPreposition = 0
    var ambiguousBeforeObject = 0
    var frameworks = 0
    var tools = 0
    var formats = 0
    var concepts = 0
    var objects = 0
    var doubtfulObjects = 0
    var codeVerbs = 0
    var requests = 0
    var textObjects = 0
    var topics = 0
    var mathematics = 0
    var errors = 0
    var advice = 0
    var computing = 0
    var followUps = 0
    var otherSenses = 0
    var howTos = 0
    var roles = 0
    var thanks = 0

    // Requests and what they ask for, first object first.
    var codeRequests = 0
    var doubtfulRequests = 0
    var textRequests = 0
    var technologyRequests = 0
    /// Sentences that ask how to do something and name a technology or a term of programming.
    var technologyHowTos = 0
    /// Technologies and terms to be explained.
    var explanations = 0
}
