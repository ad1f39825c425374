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
            // The first conflict stands in the message too; all of them follow.
            if !conflicts.isEmpty, let end = answer.message.firstRange(of: Self.untouched) {
                message = String(answer.message[..<end.upperBound])
            }
        // By ^C, or because the only other thing that is watched besides has nobody left who reads it: stdout.
        case .interrupted: self = Interrupts.haveCome ? .interrupted : .brokenPipe
        default: self.init(.failure, error.message)
        }
    }

    /// What stands behind the sentence, one entry each: providers that were asked, edits that do not fit, faults of a
    /// plan. An entry may have several lines.
    var particulars: [String] { attempts + conflicts + problems }

    private static let untouched = "nothing was changed"

    private func list(_ name: String) -> [JSONValue] {
        guard let member = cause?.data.first(where: { $0.name == name }),
            let list = try? JSONDocument(member.json).root
        else { return [] }
        return Array(list.elements)
    }

    private var conflicts: [String] {
        guard cause?.code == .planConflict else { return [] }
        return list("edits").map { edit in
            let index = edit["index"]?.int.flatMap { $0 < 0 ? nil : "edit \($0), " } ?? ""
            let message = (edit["message"]?.string ?? "").split(separator: "\n", omittingEmptySubsequences: false)
            let kind = edit["kind"]?.string ?? "failed"
            return "\(index)\(edit["file"]?.string ?? ""): \(kind): " + message.joined(separator: "\n      ")
        }
    }

    private var problems: [String] {
        let problems = list("problems")
        // One alone stands in the message.
        guard problems.count > 1 else { return [] }
        return problems.map { "\($0["path"]?.string ?? "") \($0["message"]?.string ?? "")" }
    }

    private var attempts: [String] {
        list("attempts").map { attempt in
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
