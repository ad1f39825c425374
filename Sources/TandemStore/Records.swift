import TandemBase

/// Tokens of one request or step; `estimated` when no provider counted them.
package struct TokenCounts: Hashable, Sendable {
    package var prompt = 0
    package var completion = 0
    package var reasoning = 0
    package var cached = 0
    package var estimated = false

    package init() {}
}

/// One line of the ledger: a request from its arrival to its end, and its upstream calls. No prompt, answer or key is
/// in it unless `history.content` is on, and then only in `prompt` and `answer`.
package struct RequestRecord: Sendable, Hashable {
    package var id: ULID
    package var uid: UInt32
    package var user = ""
    package var session: String?
    /// The protocol's method: "chat", "plan", …
    package var method: String
    /// The model as the client named it, or the default.
    package var model: String
    /// "direct", "chain", "route", …
    package var workflow: String
    /// The workflow's branch where it has several, for example the two sides of an A/B split.
    package var arm: String?
    /// "ok", "cancelled" or the `kind` of the error.
    package var outcome = "ok"
    package var errorCode: Int?
    package var errorMessage: String?
    package var finishReason: String?
    package var cached = false
    package var escalated = false
    package var polished = false
    package var fallback = false
    package var stream = false
    package var tokens = TokenCounts()
    /// nil where a step's price is unknown.
    package var costUSD: Double?
    /// What caches and free models spared; nil when unknown.
    package var savedUSD: Double?
    package var latencyMilliseconds = 0.0
    package var firstTokenMilliseconds: Double?
    package var answerBytes = 0
    package var hasCode = false
    /// JSON arrays and an object as they are; empty for none.
    package var qualityIssues: [UInt8] = []
    package var notices: [UInt8] = []
    package var metadata: [UInt8] = []
    /// UTF-8; empty unless `history.content` is on.
    package var prompt: [UInt8] = []
    package var answer: [UInt8] = []
    package var steps: [StepRecord] = []

    /// When it arrived: the identifier's time, so that the key and the time never disagree.
    package var startedAt: WallTime { id.time }

    package init(id: ULID, uid: UInt32, method: String, model: String, workflow: String) {
        self.id = id
        self.uid = uid
        self.method = method
        self.model = model
        self.workflow = workflow
    }
}

/// One upstream call of a request, failed attempts included.
package struct StepRecord: Sendable, Hashable {
    package var role: String
    package var provider: String
    package var model: String
    /// "ok" or anything else, which counts as an error in the statistics by provider.
    package var status = "ok"
    package var errorKind: String?
    package var errorMessage: String?
    package var httpStatus: Int?
    package var cached = false
    package var latencyMilliseconds = 0.0
    package var firstTokenMilliseconds: Double?
    package var tokens = TokenCounts()
    package var costUSD: Double?
    /// As the request's.
    package var savedUSD: Double?

    package init(role: String, provider: String, model: String) {
        self.role = role
        self.provider = provider
        self.model = model
    }
}

/// A message of a kept conversation.
package struct SessionTurn: Sendable, Hashable {
    /// Messages that a conversation keeps, here and in memory; older ones are forgotten.
    package static let limit = 1000

    /// One JSON object as the client or the model gave it.
    package var message: [UInt8]
    package var tokens: Int

    package init(message: [UInt8], tokens: Int) {
        self.message = message
        self.tokens = tokens
    }
}

/// What somebody thought of an answer; a later one replaces an earlier.
package struct FeedbackRecord: Sendable, Hashable {
    /// -1...1
    package var score: Double
    package var comment: String?
    package var givenAt: WallTime

    package init(score: Double, comment: String?, givenAt: WallTime) {
        self.score = score
        self.comment = comment
        self.givenAt = givenAt
    }
}

/// A record on its way to the writer: passing the reference on costs one retain instead of one per member.
final class BoxedRequest: Sendable {
    let record: RequestRecord
    init(_ record: consuming RequestRecord) { self.record = record }
}

/// What the store writes without an answer.
enum StoreWrite: Sendable {
    case request(BoxedRequest)
    case turns([SessionTurn], session: String, uid: UInt32, user: String, at: WallTime)
    case state([UInt8], key: String, at: WallTime)
    case cached(CachedRow, expires: WallTime, keep: Int)
    case clearCache(String)

    /// About what it holds in memory, in bytes.
    var size: Int {
        switch self {
        case .request(let box):
            recordSize + box.record.steps.count * stepSize + box.record.metadata.count + box.record.prompt.count
                + box.record.answer.count
        case .turns(let turns, _, _, _, _): turns.reduce(recordSize) { $0 + $1.message.count }
        case .state(let bytes, _, _): recordSize + bytes.count
        case .cached(let row, _, _): recordSize + row.value.count
        case .clearCache: recordSize
        }
    }
}

/// Bytes of a record without its contents.
private let recordSize = 600
/// Bytes of a step.
private let stepSize = 250
