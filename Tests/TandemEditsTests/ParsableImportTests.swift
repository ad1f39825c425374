import Foundation
import TandemEdits
import Testing

/// Python's own compiler on files that an import was added to: what it took before, it takes after.
struct ParsableImportTests {
    private static let hasPython = (try? run(["python3", "--version"], in: "/").code) == 0
    private static let imports = [
        "import re", "from m import x", "from __future__ import annotations", "from .l import y as z", "import a.b",
    ]
    private static let parts = [
        "# comment", "", "import os", "import sys, json", "from m import a", "from m import (\n    b,\n    c,\n)",
        "from m import (b, c)  # why", "from m import d, \\\n    e",
        "try:\n    import q\nexcept ImportError:\n    q = None",
        "if True:\n    import w", "import a; import b", "x = 1", "X = \"\"\"\nimport no\n\"\"\"",
        "class A:\n    import z",
        "def f():\n    from m import g\n    return g", "@d\ndef h(): pass", "if x: import y", "from m import *",
    ]

    private func file(_ random: inout SeededGenerator) -> String {
        var parts: [String] = []
        if Int.random(in: 0..<4, using: &random) == 0 { parts.append("#!/usr/bin/env python3") }
        if Int.random(in: 0..<4, using: &random) == 0 { parts.append("# -*- coding: utf-8 -*-") }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: parts.append("\"\"\"One line.\"\"\"")
        case 1: parts.append("\"\"\"First.\n\nimport not_me\n\"\"\"")
        default: break
        }
        if Int.random(in: 0..<4, using: &random) == 0 { parts.append("from __future__ import division") }
        for _ in 0..<Int.random(in: 0...6, using: &random) { parts.append(Self.parts.randomElement(using: &random)!) }
        let ending = Int.random(in: 0..<4, using: &random) == 0 ? "\r\n" : "\n"
        let text = parts.joined(separator: "\n") + (Bool.random(using: &random) && !parts.isEmpty ? "\n" : "")
        return text.replacingOccurrences(of: "\n", with: ending)
    }

    @Test(.enabled(if: hasPython, "no python3")) func whatWasPythonStaysPython() throws {
        var random = SeededGenerator(state: 7)
        let folder = ScratchFolder()
        var added = 0
        for index in 0..<600 {
            let before = file(&random)
            let line = Self.imports.randomElement(using: &random)!
            let result = resolve(before, addImport(line), path: "a.py")
            guard result.outcomes[0].status == .applied else { continue }
            folder.write("\(index).before", Array(before.utf8))
            folder.write("\(index).after", Array(result.text.utf8))
            added += 1
        }
        #expect(added > 400)
        let script = """
            import glob, os, sys, warnings
            warnings.simplefilter("ignore")
            bad = 0
            for name in glob.glob(sys.argv[1] + "/*.before"):
                texts = [open(name[:-7] + end, "rb").read() for end in (".before", ".after")]
                try: compile(texts[0], name, "exec")
                except SyntaxError: continue
                try: compile(texts[1], name, "exec")
                except SyntaxError as error:
                    bad += 1
                    print(error, repr(texts[0].decode()), "became", repr(texts[1].decode()))
            sys.exit(bad > 0)
            """
        let (code, output) = try run(["python3", "-c", script, folder.path], in: folder.path)
        #expect(code == 0, "\(output.prefix(4000))")
    }
}
