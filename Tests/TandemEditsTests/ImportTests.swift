import TandemEdits
import Testing

/// Adds imports to a file of that name, and again, which must change nothing.
private func imported(_ path: String, _ file: String, _ lines: String...) -> String {
    func add(_ text: String) -> (text: String, outcomes: [EditOutcome]) {
        let items = lines.enumerated().map { FileResolver.Item(index: $0.offset, operation: addImport($0.element)) }
        let result = FileResolver.resolve(path: path, bytes: Array(text.utf8), items: items, mode: .hybrid)
        return (String(decoding: result.bytes, as: UTF8.self), result.outcomes)
    }
    let first = add(file)
    for outcome in first.outcomes where outcome.status == .failed { return "\(outcome.message ?? "")" }
    let second = add(first.text)
    #expect(second.text == first.text, "a second time changes nothing")
    #expect(second.outcomes.allSatisfy { $0.status == .alreadyApplied })
    return first.text
}

struct PythonImportTests {
    @Test func joinsTheGroupInOrder() {
        let file = "import os\nimport sys\n\nimport flask\n\nfrom . import a\n\nx = 1\n"
        #expect(imported("m.py", file, "import re") == file.replacing("os\n", with: "os\nimport re\n"))
        #expect(
            imported("m.py", file, "import requests") == file.replacing("flask\n", with: "flask\nimport requests\n"))
        #expect(
            imported("m.py", file, "from .b import c")
                == file.replacing("import a\n", with: "import a\nfrom .b import c\n"))
        #expect(
            imported("m.py", file, "from __future__ import annotations") == "from __future__ import annotations\n\n"
                + file)
        #expect(imported("m.py", file, "from a import b as c  # why").contains("from a import b as c  # why\n"))
    }

    @Test func unsortedGroupsAreAppendedTo() {
        #expect(imported("m.py", "import sys\nimport os\n", "import re") == "import sys\nimport os\nimport re\n")
    }

    @Test func mergesIntoASingleLine() {
        #expect(imported("m.py", "from m import a\n", "from m import b") == "from m import a, b\n")
        #expect(imported("m.py", "from m import b  # noqa\n", "from m import a") == "from m import a, b  # noqa\n")
        #expect(imported("m.py", "from m import (a, c)\n", "from m import b as x") == "from m import (a, b as x, c)\n")
        #expect(
            imported("m.py", "from m import (\n    a,\n)\n", "from m import b")
                == "from m import (\n    a,\n)\nfrom m import b\n")
        #expect(
            imported("m.py", "import os\r\n", "import re", "from m import a", "from m import b")
                == "import os\r\nimport re\r\n\r\nfrom m import a, b\r\n")
    }

    @Test func knowsAliasAndKind() {
        let file = "import os\nfrom m import a as b\n"
        #expect(imported("m.py", file, "import os as o").contains("import os as o\n"))
        #expect(
            imported("m.py", file, "from m import a").contains("from m import a as b, a\n")
                || imported("m.py", file, "from m import a").contains("a, a as b"))
        #expect(imported("m.py", file, "from m import a as b") == file)
    }

    @Test func startsBehindTheHeader() {
        #expect(imported("m.py", "x = 1\n", "import os") == "import os\n\nx = 1\n")
        #expect(imported("m.py", "", "import os") == "import os\n")
        #expect(imported("m.py", "\u{FEFF}x = 1\n", "import os") == "\u{FEFF}import os\n\nx = 1\n")
        let header = "#!/usr/bin/env python3\n# coding: utf-8\n\"\"\"Doc.\n\nimport fake\n\"\"\"\n"
        #expect(imported("m.py", header + "\nx = 1\n", "import os") == header + "\nimport os\n\nx = 1\n")
        #expect(imported("tool", header + "x = 1\n", "import os") == header + "\nimport os\n\nx = 1\n")
    }

    @Test func neverIntoStringsConditionalsOrFunctions() {
        let file =
            "try:\n    import json\nexcept ImportError:\n    import simplejson as json\n\ndef f():\n    import os\n"
        #expect(imported("m.py", file, "import os") == "import os\n\n" + file)
        let text = "X = \"\"\"\nimport os\n\"\"\"\nimport sys\n"
        #expect(imported("m.py", text, "import os") == "X = \"\"\"\nimport os\n\"\"\"\nimport os\nimport sys\n")
        let guarded = "import a\n\nif TYPE_CHECKING:\n    import b\n"
        #expect(imported("m.py", guarded, "import b") == "import a\nimport b\n\nif TYPE_CHECKING:\n    import b\n")
    }

    @Test func refusesWhatIsNoImport() {
        #expect(imported("m.py", "x\n", "print(1)").contains("not one complete Python import"))
        #expect(resolve("x\n", addImport("import a"), path: "a.xyz").outcomes[0].fault?.kind == .unsupportedLanguage)
    }
}

struct ScriptImportTests {
    @Test func mergesNamedImports() {
        #expect(
            imported("a.js", "import { a } from 'm';\n", "import { b } from \"m\"") == "import { a, b } from 'm';\n")
        #expect(imported("a.js", "import d from 'm'\n", "import { b } from 'm';") == "import d, { b } from 'm'\n")
        #expect(imported("a.js", "import {a} from \"m\";\n", "import d from 'm'") == "import d, {a} from \"m\";\n")
        let multi = "import {\n  a,\n  c,\n} from 'm';\n"
        #expect(imported("a.ts", multi, "import { d } from 'm'") == "import {\n  a,\n  c,\n  d,\n} from 'm';\n")
        let star = "import * as m from 'm';\n"
        #expect(imported("a.js", star, "import { b } from 'm'") == star + "import { b } from 'm';\n")
    }

    @Test func keepsTypesApart() {
        let file = "import { a } from 'm';\n"
        #expect(imported("a.ts", file, "import type { T } from 'm';") == file + "import type { T } from 'm';\n")
        #expect(
            imported("a.ts", "import type { T } from 'm';\n", "import type { S } from 'm'")
                == "import type { S, T } from 'm';\n")
    }

    @Test func commonJSGetsRequire() {
        let file = "'use strict';\n\nconst fs = require(\"fs\");\n\nmodule.exports = {};\n"
        #expect(imported("a.js", file, "import { x } from 'm';").contains("const { x } = require(\"m\");\n"))
        #expect(imported("a.cjs", "x()\n", "import m from 'm'") == "const m = require('m')\n\nx()\n")
        #expect(
            imported("a.js", "const { a } = require('m')\n", "import { b } from 'm'")
                == "const { a, b } = require('m')\n")
    }

    @Test func followsStyleAndHeader() {
        let file = "#!/usr/bin/env node\n'use strict'\n\nconsole.log('x')\n"
        #expect(
            imported("a.mjs", file, "import a from \"a\";")
                == "#!/usr/bin/env node\n'use strict'\n\nimport a from 'a'\n\nconsole.log('x')\n")
        let directive = "'use client'\nimport b from './b'\n"
        #expect(
            imported("a.tsx", directive, "import a from 'a';")
                == "'use client'\nimport a from 'a'\nimport b from './b'\n")
        #expect(
            imported("a.js", "/// <reference path=\"x\" />\nfoo();\n", "import 'm'").hasPrefix(
                "/// <reference path=\"x\" />\n\nimport \"m\";\n\nfoo"))
    }
}

struct CompiledImportTests {
    @Test func go() {
        let file = "// Package a.\npackage a\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\n\t\"x.org/y\"\n)\n\nfunc f() {}\n"
        #expect(imported("a.go", file, "import \"io\"") == file.replacing("\t\"os\"", with: "\t\"io\"\n\t\"os\""))
        #expect(
            imported("a.go", file, "z \"x.org/z\"")
                == file.replacing("x.org/y\"\n", with: "x.org/y\"\n\tz \"x.org/z\"\n"))
        #expect(
            imported("a.go", "package a\n\nimport \"os\"\n", "\"fmt\"")
                == "package a\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n")
        #expect(
            imported("a.go", "package a\n\nfunc f() {}\n", "import \"os\"")
                == "package a\n\nimport \"os\"\n\nfunc f() {}\n")
        let c = "package a\n\n// #include <x.h>\nimport \"C\"\n\nimport (\n\t\"os\"\n)\n"
        #expect(imported("a.go", c, "import \"fmt\"") == c.replacing("\t\"os\"", with: "\t\"fmt\"\n\t\"os\""))
        #expect(
            imported("a.go", "package a\n\nimport \"C\"\n", "import \"fmt\"")
                == "package a\n\nimport \"C\"\n\nimport \"fmt\"\n")
    }

    @Test func rust() {
        let file =
            "//! Doc.\n#![allow(x)]\n\nuse std::fmt;\nuse std::{io, fs};\n\nuse serde::Serialize;\n\nuse crate::a;\n\nfn f() {}\n"
        #expect(imported("a.rs", file, "use std::io;") == file)
        #expect(
            imported("a.rs", file, "use regex::Regex;")
                == file.replacing("use serde", with: "use regex::Regex;\nuse serde"))
        #expect(
            imported("a.rs", file, "use crate::b;") == file.replacing("crate::a;\n", with: "crate::a;\nuse crate::b;\n")
        )
        #expect(
            imported("a.rs", "//! Doc.\n\nfn f() {}\n", "use std::io;") == "//! Doc.\n\nuse std::io;\n\nfn f() {}\n")
        #expect(
            imported("a.rs", "use std::{\n    a,\n    b,\n};\nfn f() {}\n", "use std::a;").hasPrefix(
                "use std::{\n    a,"))
    }

    @Test func swift() {
        let file = "// Copyright.\n\nimport B\n@testable import D\n\n#if os(Linux)\nimport Glibc\n#endif\n"
        #expect(imported("a.swift", file, "import C") == file.replacing("import B\n", with: "import B\nimport C\n"))
        #expect(
            imported("a.swift", file, "@testable import C")
                == file.replacing("@testable", with: "@testable import C\n@testable"))
        #expect(
            imported("a.swift", file, "import Glibc") == file.replacing("import B\n", with: "import B\nimport Glibc\n"))
        #expect(
            imported("Package.swift", "// swift-tools-version: 6.0\nlet x = 1\n", "import P")
                == "// swift-tools-version: 6.0\n\nimport P\n\nlet x = 1\n")
        #expect(
            imported("a.swift", "/// Doc.\nlet x = 1\n", "import struct P.S")
                == "import struct P.S\n\n/// Doc.\nlet x = 1\n")
    }

    @Test func javaAndKotlin() {
        let file = "package a.b;\n\nimport java.util.List;\nimport org.x.Y;\n\nimport static org.z.Z.z;\n\nclass A {}\n"
        #expect(
            imported("A.java", file, "import java.util.Map;")
                == file.replacing("List;\n", with: "List;\nimport java.util.Map;\n"))
        #expect(
            imported("A.java", file, "import static org.z.Z.a").contains(
                "import static org.z.Z.a;\nimport static org.z.Z.z;"))
        #expect(imported("A.java", file, "import java.lang.String;") == file)
        #expect(imported("A.java", file, "import a.b.C;") == file)
        #expect(
            imported("A.kt", "package a\n\nclass A\n", "import x.y as z") == "package a\n\nimport x.y as z\n\nclass A\n"
        )
    }

    @Test func cAndCpp() {
        let file =
            "/* Head. */\n\n#ifndef A_H\n#define A_H\n\n#include <a.h>\n#include <c.h>\n\n#include \"d.h\"\n\n#ifdef X\n#include <x.h>\n#endif\n#endif\n"
        #expect(imported("a.h", file, "#include <b.h>") == file.replacing("<a.h>\n", with: "<a.h>\n#include <b.h>\n"))
        #expect(
            imported("a.h", file, "#include \"a.h\"")
                == file.replacing("#include \"d.h\"", with: "#include \"a.h\"\n#include \"d.h\""))
        #expect(imported("a.h", file, "#include <x.h>") == file.replacing("<c.h>\n", with: "<c.h>\n#include <x.h>\n"))
        #expect(
            imported("a.hpp", "#pragma once\nint x;\n", "#include <b>") == "#pragma once\n\n#include <b>\n\nint x;\n")
        #expect(
            imported("a.c", "#define _GNU_SOURCE 1\nint x;\n", "#include <b.h>")
                == "#define _GNU_SOURCE 1\n\n#include <b.h>\n\nint x;\n")
    }

    @Test func rubyAndPHP() {
        let ruby =
            "#!/usr/bin/env ruby\n# frozen_string_literal: true\n\nrequire 'json'\nrequire_relative 'b'\n\nif x\n  require 'y'\nend\n"
        #expect(
            imported("a.rb", ruby, "require \"set\"") == ruby.replacing("'json'\n", with: "'json'\nrequire 'set'\n"))
        #expect(
            imported("a.rb", ruby, "require_relative 'a'")
                == ruby.replacing("require_relative", with: "require_relative 'a'\nrequire_relative"))
        #expect(
            imported("a.rb", "# frozen_string_literal: true\nx\n", "require 'y'")
                == "# frozen_string_literal: true\n\nrequire 'y'\n\nx\n")
        let php =
            "<?php\n/** Doc. */\n\ndeclare(strict_types=1);\n\nnamespace A\\B;\n\nuse C\\D;\nuse function C\\f;\n\nclass X { use T; }\n"
        #expect(imported("a.php", php, "use C\\E;") == php.replacing("C\\D;\n", with: "C\\D;\nuse C\\E;\n"))
        #expect(imported("a.php", php, "use const C\\G;") == php.replacing("C\\f;\n", with: "C\\f;\nuse const C\\G;\n"))
        #expect(
            imported("a.php", "<?php\n\nnamespace A;\n\nclass X {}\n", "use C\\E;")
                == "<?php\n\nnamespace A;\n\nuse C\\E;\n\nclass X {}\n")
    }
}
