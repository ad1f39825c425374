/// The methods of PROTOCOL.md, section 4, by the names they have on the wire.
package enum Method: String, CaseIterable, Hashable, Sendable {
    case chat, plan, executePlan, solve, undo, escalate, route
    case cancel, feedback, models, status, stats, history, sessions, deleteSession, transactions
    case setProvider, clearCache, reload, subscribe, ping
    case discover = "rpc.discover"
    case cancelRequest = "$/cancelRequest"

    /// Whether it is only ever sent without an id.
    package var isNotification: Bool { self == .cancelRequest }
}

/// What there is to know about a method: the source of its parameter check and of its entry in rpc.discover.
package struct MethodDescription: Sendable {
    package let method: Method
    /// One sentence.
    package let summary: String
    package let params: ObjectSchema
    /// Nil for notifications.
    package let result: Schema?
    /// What it may answer besides invalid_params and internal, which all may.
    package let errors: [ErrorCode]
}
