import CLinux
import Glibc
import TandemBase

/// From the program's arguments to its exit status.
enum CommandLineRun {
    static func run(_ arguments: [String]) -> ExitCode {
        cl_ignore_signal(SIGPIPE)
        keepStandardDescriptors()
        var rest = arguments.dropFirst()
        // The common options may stand before the command's name as well.
        var leading: [String] = []
        while let first = rest.first, first.hasPrefix("-"), first != "-" {
            rest = rest.dropFirst()
            switch first {
            case "--help", "-h": return finish(nil) { () throws(Failure) in try showHelp(rest.first) }
            case "--version", "-V": return finish(nil) { () throws(Failure) in try run(.version, []) }
            case "--socket":
                leading.append(first)
                if let value = rest.popFirst() { leading.append(value) }
            case let option where option.hasPrefix("--socket="): leading.append(option)
            default:
                let near = nearestName(to: first, among: ["--help", "--version", "--socket"])
                return finish(nil) { () throws(Failure) in
                    throw .usage("unknown option \(first)" + (near.map { ", did you mean \($0)?" } ?? ""))
                }
            }
        }
        guard let name = rest.popFirst() else {
            return finish(nil) { () throws(Failure) in
                if !leading.isEmpty { throw .usage("COMMAND is missing") }
                try Output.standard.write(Help.overview(CommandTable.all))
                return .success
            }
        }
        guard let command = CommandTable.command(named: name) else {
            return finish(nil) { () throws(Failure) in throw unknown(name) }
        }
        return finish(command) { () throws(Failure) in try run(command, leading + rest) }
    }

    /// Where this program was started without stdin, stdout or stderr, the next descriptor would take its place, and an
    /// answer would be written to the daemon. What is opened instead fails, as nothing would.
    private static func keepStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    static func unknown(_ name: String) -> Failure {
        let near = nearestName(to: name, among: CommandTable.all.map(\.name))
        return .usage("unknown command '\(name)'" + (near.map { ", did you mean '\($0)'?" } ?? ""))
    }

    private static func run(_ command: Command, _ arguments: [String]) throws(Failure) -> ExitCode {
        let invocation = try Invocation(command, arguments)
        if invocation.has("help") {
            try Output.standard.write(Help.page(command))
            return .success
        }
        return try command.run(invocation)
    }

    private static func showHelp(_ name: String?) throws(Failure) -> ExitCode {
        try run(.help, name.map { [$0] } ?? [])
    }

    /// Runs it and says what went wrong, one line on stderr; a wrong usage gets a hint on the next.
    private static func finish(_ command: Command?, _ body: () throws(Failure) -> ExitCode) -> ExitCode {
        let name = command.map { "tandem \($0.name)" } ?? "tandem"
        do throws(Failure) {
            return try body()
        } catch {
            if let message = error.message {
                var text = "\(name): \(message)\n"
                if error.code == .usage { text += "try '\(name) --help'\n" }
                text += error.particulars.map { "  \($0)\n" }.joined()
                Output.complain(text)
            }
            return error.code
        }
    }
}
