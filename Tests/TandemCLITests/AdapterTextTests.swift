import TandemJSON
import Testing

@testable import tandem

@Suite struct AdapterTextTests {
    /// Applies an edit the way an editor does: positions count UTF-16 units.
    private func apply(_ edit: LSPTextEdit, to text: String) -> String {
        let lines = LSPDocument.lines(text)
        let last = lines[edit.endLine]
        let tail = String(last.utf16.dropFirst(edit.endCharacter)) ?? ""
        return lines[..<edit.startLine].joined() + edit.newText + tail
            + lines[min(edit.endLine + 1, lines.count)...].joined()
    }

    @Test func oneReplacementOfLinesMakesTheNewText() throws {
        let texts = [
            "", "\n", "a", "a\n", "a\nb", "a\nb\n", "b\n", "a\r\nb\r\n", "a\r\nb", "😀", "😀\nx", "a\n\n\nb\n",
            "a\nc\nb\n",
            "x\na\nb\n", "a\nb\nx",
        ]
        for old in texts {
            for new in texts {
                let edit = LSPTextEdit(from: old, to: new)
                guard let edit else {
                    #expect(Array(old.utf8) == Array(new.utf8))
                    continue
                }
                #expect(apply(edit, to: old) == new, "\(old.debugDescription) to \(new.debugDescription)")
            }
        }
        let small = try #require(LSPTextEdit(from: "a\nb\nc\n", to: "a\nB\nc\n"))
        #expect(small.startLine == 1 && small.endLine == 2 && small.endCharacter == 0 && small.newText == "B\n")
    }

    @Test(arguments: [
        ("file:///a%20b/%C3%A9.py", "/a b/é.py"), ("file:///a.py#L3:4", "/a.py"), ("file://localhost/x", "/x"),
        ("/plain", "/plain"), ("https://x/y", nil), ("file://host/x", nil), ("file:///%zz", nil), ("file:///%ff", nil),
    ])
    func filesOfURIs(uri: String, path: String?) { #expect(filePath(uri) == path) }

    @Test func pathsBelowAFolder() {
        #expect(relativePath("/a/b/c", below: "/a/b") == "c")
        #expect(relativePath("/a/b/c", below: "/a/b/") == "c")
        #expect(relativePath("/a/bc", below: "/a/b") == nil)
        #expect(relativePath("/a/b", below: "/a/b") == nil)
        #expect(relativePath("/a/b/../c", below: "/a/b") == nil)
    }

    @Test func slashCommands() throws {
        let command = try #require(ACPSlashCommand("/plan  make it so \n"))
        #expect(command.name == .plan && command.rest == "make it so")
        #expect(ACPSlashCommand("/undo")?.rest == "")
        #expect(ACPSlashCommand("/planning") == nil)
        #expect(ACPSlashCommand(" /plan") == nil)
        #expect(ACPSlashCommand("/usr/bin/x") == nil)
    }

    @Test func aSessionsNameSaysItsFolder() {
        AdapterActor.assumeIsolated {
            #expect(ACPSession.cwd(ofID: ACPSession.newID(cwd: "/home/a b/é")) == "/home/a b/é")
            for foreign in ["", "acp/", "acp/none", "01J", "acp/01M7W7E73DBGY6HKNTX4WYVA8Brelative"] {
                #expect(ACPSession.cwd(ofID: foreign) == nil)
            }
        }
    }
}
