import Glibc
import TandemBase
import TandemTestSupport
import Testing

/// The completion scripts in the shells that they are for.
@Suite struct ShellCompletionTests {
    private let home: TemporaryHome

    init() throws { home = try TemporaryHome() }

    /// Runs a script in a shell with `tandem` on its path; what it printed.
    private func run(_ shell: [String], _ script: String) async throws -> String {
        let binaries = try builtProduct("tandem").dropLast("/tandem".count)
        let file = try home.write("script", script)
        let log = try FileDescriptor.open(home.path + "/out", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        let child = try ChildProcess(
            shell + [file],
            environment: home.environment.merging(["TERM": "xterm", "PATH": "\(binaries):/usr/bin:/bin"]) { $1 },
            descriptors: [1: log.raw, 2: log.raw], folder: home.path)
        let status = await offPool { child.wait() }
        let output = try home.read("out")
        #expect(status == 0, "\(output)")
        return output
    }

    private func models() throws -> ScriptedDaemon {
        try ScriptedDaemon(home.socketPath) { message, peer in
            peer.result(
                message.id, #"{"models":[{"name":"big"},{"name":"$(echo>x)"},{"name":"small"}],"default":"big"}"#)
        }
    }

    @Test func bash() async throws {
        let daemon = try models()
        defer { daemon.stop() }
        let out = try await run(
            ["/bin/bash", "--norc"],
            """
            source <(tandem completion bash)
            try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _tandem; echo "${COMPREPLY[@]}"; }
            try tandem chat --re
            try tandem chat --reasoning ''
            try tandem co
            try tandem config e
            try tandem chat -m ''
            try tandem --socket x help hi
            """)
        #expect(out == "--reasoning\nlow medium high\nconfig completion\nedit\nbig small\nhistory\n")
    }

    @Test(.enabled(if: access("/usr/bin/fish", X_OK) == 0, "fish is not installed"))
    func fish() async throws {
        let daemon = try models()
        defer { daemon.stop() }
        let out = try await run(
            ["/usr/bin/fish", "--no-config"],
            """
            tandem completion fish | source
            function try; complete -C "$argv" | string replace -r '\\t.*' '' | string join ' '; end
            try 'tandem chat --re'
            try 'tandem chat --reasoning '
            try 'tandem co'
            try 'tandem config e'
            try 'tandem chat -m '
            """)
        #expect(out == "--reasoning\nhigh low medium\ncompletion config\nedit\nbig small\n")
    }

    /// zsh completes only on a terminal: one of its own, made by its module zpty.
    @Test(.enabled(if: access("/usr/bin/zsh", X_OK) == 0, "zsh is not installed"))
    func zsh() async throws {
        let daemon = try models()
        defer { daemon.stop() }
        let out = try await run(
            ["/usr/bin/zsh", "-f"],
            #"""
            mkdir -p functions
            tandem completion zsh >functions/_tandem
            cat >start <<'END'
            PROMPT=
            fpath=($PWD/functions $fpath)
            autoload -Uz compinit
            compinit -u -d $PWD/dump
            # Beside what it does, note what would be offered.
            compadd() {
                if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
                    local -a matches
                    builtin compadd -O matches "$@"
                    offered+=($matches)
                fi
                builtin compadd "$@"
            }
            finish() { print -r -- "<<${(j: :)${(ou)offered}}>>" }
            zle -N finish
            bindkey '^X' finish
            END
            zmodload zsh/zpty
            try() {
                local text
                zpty shell zsh -f -i
                zpty -w shell "source start; print read""y"
                zpty -r shell text '*ready*'
                zpty -w -n shell "$1"$'\t\C-X'
                zpty -r shell text '*<<*>>*'
                zpty -d shell
                [[ $text =~ '<<([^>]*)>>' ]]
                print -r -- $match[1]
            }
            try 'tandem chat --reas'
            try 'tandem chat --reasoning '
            try 'tandem co'
            try 'tandem config e'
            try 'tandem chat -m '
            """#)
        #expect(out == "--reasoning\nlow medium high\nconfig completion\nedit\nbig small\n")
    }
}
