import CLinux
import Glibc
import TandemBase
import TandemClient

private let randomBytes = 32
/// Shorter ones could be guessed.
private let shortestToken = 16

/// The token that TCP clients have to send: made at the first start, kept for this user alone.
enum BearerToken {
    /// Reads the token, making it where there is none.
    static func load() throws(StartFailure) -> Secret {
        guard let folder = stateFolder() else {
            throw StartFailure(message: "there is no HOME to keep the bearer token in: set HOME or XDG_STATE_HOME")
        }
        makePrivateFolder(folder)
        let path = folder + "/http-token"
        if let token = try read(path) { return token }
        try make(path)
        guard let token = try read(path) else { throw StartFailure(message: "\(path) is gone again: start once more") }
        return token
    }

    private static func read(_ path: String) throws(StartFailure) -> Secret? {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
        } catch {
            if error.code == ENOENT { return nil }
            throw StartFailure(message: "the bearer token cannot be read: \(error)")
        }
        var status = stat()
        guard fstat(file.raw, &status) == 0, status.st_mode & 0o077 == 0, status.st_uid == getuid() else {
            throw StartFailure(message: "\(path) is not yours alone: remove it, and a new token is made")
        }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = Glibc.read(file.raw, &buffer, buffer.count)
        let text = String(decoding: buffer[..<max(0, count)], as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard let token = text.first, token.utf8.count >= shortestToken else {
            throw StartFailure(message: "\(path) holds no token: remove it, and a new one is made")
        }
        return Secret(String(token))
    }

    /// Written aside and linked, so that nobody ever reads half a token; where another process was faster, its token
    /// stays.
    private static func make(_ path: String) throws(StartFailure) {
        var random = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        var line = Array("tandem-".utf8)
        for _ in 0..<randomBytes {
            let byte = UInt8.random(in: .min ... .max, using: &random)
            line += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        line.append(UInt8(ascii: "\n"))
        let aside = path + ".\(getpid())"
        do throws(SystemError) {
            let file = try FileDescriptor.open(aside, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            defer { unlink(aside) }
            guard write(file.raw, line, line.count) == line.count, link(aside, path) == 0 || cl_errno() == EEXIST else {
                throw SystemError("write", path)
            }
        } catch {
            throw StartFailure(message: "the bearer token cannot be kept: \(error)")
        }
    }

    /// Whether an Authorization header carries the token. Takes as long for every token of the right length.
    static func matches(_ authorization: String?, _ token: Secret) -> Bool {
        guard let authorization, let blank = authorization.firstIndex(of: " "),
            authorization[..<blank].lowercased() == "bearer"
        else { return false }
        let given = Array(authorization[blank...].drop { $0 == " " }.utf8)
        return token.reveal { token in
            given.count == token.utf8.count && zip(given, token.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
        }
    }
}
