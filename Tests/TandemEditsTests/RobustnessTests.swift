import TandemEdits
import Testing

/// Files put together at random from what headers are made of: whatever comes out, an import goes in once, and nothing
/// else of the file changes.
struct RobustnessTests {
    private static let material: [(path: String, imports: [String], lines: [String])] = [
        (
            "a.py", ["import re", "from m import x", "from __future__ import annotations", "from .l import y as z"],
            [
                "#!/usr/bin/python", "# comment", "\"\"\"Doc.\"\"\"", "\"\"\"Doc", "\"\"\"", "import os", "import sys",
                "from m import a", "from m import (", "    b,", ")", "try:", "    import re", "x = 1", "", "if x:",
                "from m import a, \\", "    c", "'", "from m import *", "import", "from", "import a; import b", "(",
            ]
        ),
        (
            "a.js", ["import { x } from 'm'", "import d from \"m\";", "import * as n from 'm'", "import 's'"],
            [
                "#!/usr/bin/env node", "'use strict'", "// c", "/*", "*/", "/* c */", "import { a } from 'm';",
                "import d from 'e'", "import {", "  b,", "} from 'm'", "const { q } = require('m')", "foo()", "",
                "import", "import {} from 'm'", "import { a, } from 'm'", "module.exports = 1", "`", "const {",
                "import x",
            ]
        ),
        (
            "a.go", ["import \"fmt\"", "x \"a.b/c\""],
            [
                "package a", "// c", "/*", "*/", "import \"os\"", "import (", "\t\"io\"", "\t\"x.y/z\"", ")", "",
                "import \"C\"", "func f() {", "}", "import", "import ()", "import (\"a\")",
            ]
        ),
        (
            "a.rs", ["use std::io;", "use crate::a::{b, c};", "pub use x;"],
            [
                "#![allow(x)]", "#![", ")]", "//! d", "// c", "/*", "*/", "use std::fmt;", "use a::{", "    b,", "};",
                "#[cfg(x)]", "mod m;", "", "fn f() {}", "use", "use {", "pub(crate) use z;", "use }",
            ]
        ),
        (
            "a.swift", ["import A", "@testable import B", "import struct C.D"],
            [
                "// swift-tools-version: 6", "// c", "/*", "*/", "import Z", "@testable import Y", "#if X", "#endif",
                "", "let x",
            ]
        ),
        (
            "A.java", ["import a.B;", "import static a.B.c;"],
            [
                "package p;", "// c", "/*", "*/", "import a.A;", "import static z.Z.z;", "", "class A {}", "import",
                "import ;",
            ]
        ),
        (
            "a.h", ["#include <a.h>", "#include \"b.h\""],
            [
                "#ifndef A", "#define A", "#pragma once", "// c", "/*", "*/", "#include <z.h>", "#include \"y.h\"",
                "#if 1",
                "#endif", "", "int x;", "#include", "#", "#define X \\",
            ]
        ),
        (
            "a.rb", ["require 'a'", "require_relative \"b\""],
            [
                "#!/usr/bin/ruby", "# frozen_string_literal: true", "# c", "=begin", "=end", "require 'z'", "", "x",
                "require",
            ]
        ),
        (
            "a.php", ["use A\\B;", "use function A\\f;", "use const A\\C as D;"],
            [
                "<?php", "<?php // x", "/**", "*/", "declare(strict_types=1);", "namespace N;", "use Z\\Z;",
                "use Z\\{A, B};",
                "use Z\\{", "A,", "};", "", "class X {", "use T;", "}", "use", "# c",
            ]
        ),
    ]

    @Test(arguments: RobustnessTests.material.indices)
    func importsGoIntoAnythingOnce(index: Int) {
        let (path, imports, lines) = Self.material[index]
        var generator = SeededGenerator(state: UInt64(index))
        for _ in 0..<400 {
            let ending = ["\n", "\r\n"].randomElement(using: &generator)!
            var file = (0..<Int.random(in: 0...9, using: &generator)).map { _ in lines.randomElement(using: &generator)!
            }
            .joined(separator: ending)
            if Bool.random(using: &generator), !file.isEmpty { file += ending }
            let line = imports.randomElement(using: &generator)!
            let first = resolve(file, addImport(line), path: path)
            guard first.outcomes[0].status == .applied else { continue }
            let second = resolve(first.text, addImport(line), path: path)
            #expect(
                second.text == first.text, "\(line) into \(file.debugDescription) gave \(first.text.debugDescription)")
            // Every line but one that took a name is still there.
            var rest: [Substring: Int] = [:]
            for line in first.text.split(separator: ending) { rest[line, default: 0] += 1 }
            var missing = 0
            for line in file.split(separator: ending) {
                if rest[line, default: 0] > 0 { rest[line, default: 0] -= 1 } else { missing += 1 }
            }
            #expect(missing <= 2, "\(line) into \(file.debugDescription) gave \(first.text.debugDescription)")
        }
    }

    @Test func planReadersSurviveAnything() {
        let seed = Array(
            """
            <think>x</think>```text id=1
            a
            ```
            ```edit
            {"file":"a","type":"replace","find":{"block":"1"},"replace":"b\\"c",}
            ```
            {"edits":[{"file":"b","type":"delete"},{"file":"c","type":"create","content":"[{]}"}]}
            """.utf8)
        var generator = SeededGenerator(state: 99)
        for _ in 0..<600 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) where bytes.count > 1 {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes.remove(at: at)
                case 1: bytes.insert(Array("`{}[]\"\\,\n<>".utf8).randomElement(using: &generator)!, at: at)
                default: bytes = Array(bytes[..<max(1, at)])
                }
            }
            var whole = PlanReader()
            _ = whole.feed(bytes)
            let one = whole.finish().outcome
            var pieces = PlanReader()
            for byte in bytes { _ = pieces.feed([byte]) }
            let other = pieces.finish().outcome
            #expect(one.plan == other.plan)
            #expect(one.problems == other.problems)
            #expect(one.isComplete == other.isComplete)
        }
    }

    @Test func editsSurviveAnything() {
        var generator = SeededGenerator(state: 17)
        for _ in 0..<300 {
            let text = randomText(&generator, lines: 12, endings: ["\n", "\r\n", "\r", ""])
            func piece() -> [UInt8] {
                let lines = randomText(&generator, lines: 3, endings: ["\n", "\r\n"])
                return Bool.random(using: &generator)
                    ? lines : Array(text.prefix(Int.random(in: 0...20, using: &generator)))
            }
            let operations: [EditOperation] = [
                .replace(Replacement(find: piece(), replace: piece(), expected: .all)),
                .replace(Replacement(find: piece(), replace: piece(), lineHint: 2)), .addLine(piece(), .after(piece())),
                .addLine(piece(), .before(piece())), .addLine(piece(), .start), .addLine(piece(), .end),
                .removeLine(piece()), .modelEdit(action: "x", region: nil),
            ]
            for mode in EditMode.allCases {
                let items = operations.enumerated().map { FileResolver.Item(index: $0.offset, operation: $0.element) }
                let answers = [7: piece()]
                let result = FileResolver.resolve(path: "a", bytes: text, items: items, mode: mode, answers: answers)
                #expect(result.outcomes.count <= operations.count)
            }
        }
    }
}
