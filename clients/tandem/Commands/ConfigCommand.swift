import Glibc
import TandemBase
import TandemClient

extension Command {
    static let config = Command(
        name: "config", summary: "check, find, show, edit or begin the configuration",
        operands: [
            Operand(
                name: "ACTION", values: .choice(["check", "path", "show", "edit", "init"]), isRequired: true,
                summary: "what to do: check prints every fault, init writes a sample to start from")
        ],
        options: [Option("config", nil, .file, "this file instead of the usual one")],
        examples: [
            Example("tandem config init", "writes a commented tandem.toml where there is none"),
            Example("tandem config edit", "opens it in $VISUAL or $EDITOR and checks it afterwards"),
            Example("tandem config check", "prints all faults with line and column; exit status 1 if there are any"),
        ]
    ) { (invocation) throws(Failure) in
        let flags = invocation.value("config").map { ["--config", $0] } ?? []
        switch invocation.operands[0] {
        case "check": try Programs.becomeDaemon(["--check-config"] + flags)
        case "path": try Output.standard.write(configPath(invocation) + "\n")
        case "show":
            let path = configPath(invocation)
            let files = configFiles(path)
            guard !files.isEmpty else {
                throw Failure("there is no \(path): the built-in defaults are in use; 'tandem config init' writes one")
            }
            for file in files {
                if files != [path] { try Output.standard.write("# \(file)\n") }
                try Output.standard.write(foreign: try readFile(file))
            }
        case "edit":
            let path = configPath(invocation)
            if access(path, F_OK) != 0 { try writeSample(to: path) }
            let editor = environmentValue("VISUAL") ?? environmentValue("EDITOR") ?? "vi"
            // The variable may hold arguments; the path is never looked at by the shell, which knows what ^C in an
            // editor means.
            let script = """
                \(editor) "$1" || {
                    echo "tandem config: the editor ended with status $?: set VISUAL or EDITOR to another" >&2
                    exit 1
                }
                shift
                exec "$@"
                """
            Programs.become(
                ["/bin/sh", "-c", script, "sh", path, siblingBinary("tandemd") ?? "tandemd", "--check-config"] + flags)
            throw Failure("there is no /bin/sh")
        default:
            let path = configPath(invocation)
            guard access(path, F_OK) != 0 else {
                throw Failure("\(path) is there already: 'tandem config edit' opens it")
            }
            try writeSample(to: path)
            try Output.standard.write("wrote \(path)\n")
        }
        return .success
    }
}

/// CONFIG.md: `--config`, `$TANDEM_CONFIG`, the user's file where it or something in its conf.d exists, /etc's where
/// that does; else where the user's would be.
func configPath(_ invocation: Invocation) -> String {
    if let named = invocation.value("config") ?? environmentValue("TANDEM_CONFIG") { return named }
    let folder = folderVariable("XDG_CONFIG_HOME") ?? environmentValue("HOME").map { $0 + "/.config" }
    let system = "/etc/tandem/tandem.toml"
    guard let user = folder.map({ $0 + "/tandem/tandem.toml" }) else { return system }
    return configFiles(user).isEmpty && !configFiles(system).isEmpty ? system : user
}

/// The main file, where it exists, and those in conf.d beside it.
func configFiles(_ path: String) -> [String] {
    (access(path, F_OK) == 0 ? [path] : []) + configurationFragments(beside: path)
}

private func writeSample(to path: String) throws(Failure) {
    guard let sample = Programs.output(of: [siblingBinary("tandemd") ?? "tandemd", "--print-sample-config"]),
        !sample.isEmpty
    else { throw Failure("tandemd, which has the sample, could not be asked: install it beside this program") }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { makePrivateFolder(String(path[..<slash])) }
    replacePrivateFile(path, sample + "\n")
    guard access(path, F_OK) == 0 else { throw Failure("cannot write \(path): look at the folder's permissions") }
}
