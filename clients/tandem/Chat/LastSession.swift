import TandemBase
import TandemClient

private func lastSessionPath() -> String? { stateFolder().map { $0 + "/cli-last-session" } }

/// The conversation that this call belongs to: named, the last one, or a new one that `--continue` can go on with.
func sessionName(_ invocation: Invocation) throws(Failure) -> String {
    if let named = invocation.value("session") {
        if invocation.has("continue") { throw .usage("--session and --continue exclude each other") }
        return named
    }
    guard invocation.has("continue") else {
        return newSessionName()
    }
    guard let path = lastSessionPath(), let bytes = try? readFile(path) else {
        throw Failure("there is no conversation to continue yet: leave -c out")
    }
    let name = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    guard !name.isEmpty else { throw Failure("there is no conversation to continue yet: leave -c out") }
    return name
}

func newSessionName() -> String {
    var random = SystemRandomNumberGenerator()
    return ULID(time: .now(), random: &random).description
}

func rememberSession(_ name: String) {
    guard let folder = stateFolder(), let path = lastSessionPath() else { return }
    makePrivateFolder(folder)
    replacePrivateFile(path, name + "\n")
}
