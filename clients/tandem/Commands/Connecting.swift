import Glibc
import TandemBase
import TandemClient
import TandemJSON

/// How long a question about the daemon itself may take.
let queryLimit = TimeSpan.seconds(10)

extension Option {
    static let json = Option("json", nil, nil, "print the result as JSON")
    static let verbose = Option("verbose", "v", nil, "say more on stderr")
}

extension Invocation {
    var socketSearch: SocketSearch { SocketSearch(option: value("socket")) }

    /// Connects, starting the daemon where needed. ^C and an output that nobody reads end every wait.
    func connect(startsDaemon: Bool = true) throws(Failure) -> Client {
        do {
            return try Client.connect(
                socketSearch, startsDaemon: startsDaemon,
                watched: [(Interrupts.watch(), Int16(POLLIN)), (STDOUT_FILENO, 0)])
        } catch {
            throw Failure(error)
        }
    }

    /// Asks one question.
    func query(_ method: String, _ params: [UInt8]? = nil) throws(Failure) -> JSONValue {
        let client = try connect()
        do {
            return try client.call(method, params: params, within: queryLimit)
        } catch {
            throw Failure(error)
        }
    }

    /// Prints a result as it is, one line.
    func printJSON(_ value: JSONValue) throws(Failure) {
        try Output.standard.write(foreign: value.raw + [UInt8(ascii: "\n")])
    }
}
