import TandemClient
import TandemJSON
import TandemProtocol

/// Why a command ends without success: the exit status and, unless it is quiet, one sentence.
struct Failure: Error {
    var code: ExitCode
    var message: String?
    /// What the daemon said.
    var cause: RPCError?

    init(_ code: ExitCode, _ message: String?) {
        self.code = code
        self.message = message
    }

    init(_ message: String) { self.init(.failure, message) }

    static func usage(_ message: String) -> Failure { Failure(.usage, message) }

    static let brokenPipe = Failure(.brokenPipe, nil)
    static let interrupted = Failure(.interrupted, nil)

    init(_ error: ClientError) {
        switch error {
        case .answered(let answer):
            self.init(Self.exitCode(of: answer.code), answer.message)
            cause = answer
        case .interrupted: self = .interrupted
        default: self.init(.failure, error.message)
        }
    }

    /// What became of each provider that was asked, one line each.
    var attempts: [String] {
        guard let member = cause?.data.first(where: { $0.name == "attempts" }),
            let list = try? JSONDocument(member.json).root
        else { return [] }
        return list.elements.map { attempt in
            let name = [attempt["provider"]?.string, attempt["model"]?.string].compactMap { $0 }.joined(separator: "/")
            let status = attempt["status"]?.int.map { " \($0)" } ?? ""
            return "\(name): \(attempt["kind"]?.string ?? "failed")\(status): \(attempt["message"]?.string ?? "")"
        }
    }

    static func exitCode(of code: ErrorCode) -> ExitCode {
        switch code {
        case .rateLimited, .budgetExceeded: .limit
        case .providersFailed: .provider
        case .planConflict: .planConflict
        case .cancelled: .interrupted
        default: .failure
        }
    }
}
