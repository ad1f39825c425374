import TandemBase
import TandemProtocol

/// Why a request got no result.
package enum ClientError: Error, Sendable {
    /// Nothing listens, and no daemon could be started. The text says what to do.
    case noDaemon(String)
    /// A socket is there, but this user may not connect to it.
    case refused(String)
    /// The daemon answered with an error.
    case answered(RPCError)
    /// The connection ended before the response. Where the request may have been delivered it must not be sent again
    /// without asking: the daemon may have carried it out.
    case connectionLost(mayHaveBeenDelivered: Bool)
    /// No response within the caller's deadline.
    case deadlineExceeded
    /// A watched descriptor became ready: the user pressed ^C, or nobody reads the output any more.
    case interrupted
    /// The daemon sent something that is not the protocol.
    case malformed(String)

    /// One sentence for a person, with what to do next.
    package var message: String {
        switch self {
        case .noDaemon(let text), .refused(let text): text
        case .answered(let error): error.message
        case .connectionLost(mayHaveBeenDelivered: true):
            "the connection to tandemd was lost; the request may have been carried out and was not sent again"
        case .connectionLost(mayHaveBeenDelivered: false):
            "the connection to tandemd was lost before the request was sent; try again"
        case .deadlineExceeded: "tandemd did not answer in time; see 'tandem doctor'"
        case .interrupted: "interrupted"
        case .malformed(let text):
            "tandemd sent \(text); are tandem and tandemd of the same version? See 'tandem doctor'"
        }
    }
}
