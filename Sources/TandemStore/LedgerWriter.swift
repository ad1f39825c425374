import TandemBase

/// Bytes one kept prompt, answer or metadata object may have; a longer one is left out of its record.
private let contentLimit = 8 << 20

/// Writes into the ledger with statements that are prepared once: a request with a step costs a few microseconds.
final class LedgerWriter {
    let database: Database
    private let request: Statement
    private let step: Statement
    private let contents: Statement

    init(_ database: Database) throws(SQLiteError) {
        self.database = database
        request = try database.statement("INSERT INTO requests VALUES (?\(String(repeating: ",?", count: 30)))")
        step = try database.statement("INSERT INTO steps VALUES (?\(String(repeating: ",?", count: 18)))")
        contents = try database.statement("INSERT INTO request_contents VALUES (?,?,?,?)")
    }

    /// Inside a transaction.
    func insert(_ write: StoreWrite) throws(SQLiteError) {
        switch write {
        case .request(let box): try insert(box.record)
        case .turns(let turns, let session, let uid, let user, let time):
            try Sessions.append(turns, to: session, uid: uid, user: user, at: time, in: database)
        case .state(let value, let key, let time):
            try Keepsakes.save(state: value, key: key, at: time, in: database)
        case .cached(let row, let expires, let keep):
            try CachedAnswers.save(row, expires: expires, keep: keep, in: database)
        case .clearCache(let name): try CachedAnswers.clear(name, in: database)
        }
    }

    private func insert(_ record: RequestRecord) throws(SQLiteError) {
        request.bind(record.id)
        request.bind(record.startedAt)
        request.bind(Int64(record.uid))
        request.bind(record.user)
        request.bind(record.session)
        request.bind(record.method)
        request.bind(record.model)
        request.bind(record.workflow)
        request.bind(record.arm)
        request.bind(record.outcome)
        request.bind(record.errorCode)
        request.bind(record.errorMessage)
        request.bind(record.finishReason)
        request.bind(record.cached)
        request.bind(record.escalated)
        request.bind(record.polished)
        request.bind(record.fallback)
        request.bind(record.stream)
        request.bind(record.tokens)
        request.bind(record.costUSD)
        request.bind(record.savedUSD)
        request.bind(record.latencyMilliseconds)
        request.bind(record.firstTokenMilliseconds)
        request.bind(record.answerBytes)
        request.bind(record.hasCode)
        request.bind(text: record.qualityIssues)
        request.bind(text: record.notices)
        try request.run()
        for index in record.steps.indices { try insert(record.steps[index], index, of: record.id) }
        if !record.metadata.isEmpty || !record.prompt.isEmpty || !record.answer.isEmpty {
            contents.bind(record.id)
            for text in [record.metadata, record.prompt, record.answer] {
                contents.bind(text: text.count <= contentLimit ? text : nil)
            }
            try contents.run()
        }
    }

    private func insert(_ record: StepRecord, _ index: Int, of id: ULID) throws(SQLiteError) {
        step.bind(id)
        step.bind(index)
        step.bind(record.role)
        step.bind(record.provider)
        step.bind(record.model)
        step.bind(record.status)
        step.bind(record.errorKind)
        step.bind(record.errorMessage)
        step.bind(record.httpStatus)
        step.bind(record.cached)
        step.bind(record.latencyMilliseconds)
        step.bind(record.firstTokenMilliseconds)
        step.bind(record.tokens)
        step.bind(record.costUSD)
        step.bind(record.savedUSD)
        try step.run()
    }
}

extension Statement {
    fileprivate func bind(_ tokens: TokenCounts) {
        bind(tokens.prompt)
        bind(tokens.completion)
        bind(tokens.reasoning)
        bind(tokens.cached)
        bind(tokens.estimated)
    }
}
