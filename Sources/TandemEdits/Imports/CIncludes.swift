import TandemBase

/// C and C++: after the include guard or `#pragma once`; `<a.h>` and `"a.h"` are two groups.
struct CIncludes: ImportLanguage {
    let name: String
    let separatesGroups = true

    func parse(_ text: String) -> ImportEntry? {
        guard let rest = Self.directive("include", text) else { return nil }
        let target = CStyle.withoutComment(rest).trimmingSpaces
        let closing: Character? = target.first == "<" ? ">" : target.first == "\"" ? "\"" : nil
        guard let closing, target.count > 2, let end = target.dropFirst().firstIndex(of: closing) else { return nil }
        let behind = String(target[target.index(after: end)...]).trimmingSpaces
        guard behind.isEmpty || behind.hasPrefix("/*") else { return nil }
        let include = String(target[...end])
        return ImportEntry(
            identities: [include], group: closing == ">" ? 0 : 1,
            sortKeys: sortKeys(String(include.dropFirst().dropLast())),
            text: "#include " + include)
    }

    func site(in source: SourceLines) -> ImportSite {
        var at = CStyle.nextCode(source, 0)
        var insertAt = CStyle.headerEnd(source)
        if let guarded = Self.directive("ifndef", source.trimmed(at)) ?? Self.ifNotDefined(source.trimmed(at)) {
            let next = CStyle.nextCode(source, at + 1)
            if let defined = Self.directive("define", source.trimmed(next)),
                words(defined).first == words(guarded).first
            {
                at = next + 1
                insertAt = at
            }
        }
        let code = CStyle.nextCode(source, at)
        if Self.directive("pragma", source.trimmed(code)).map({ words($0).first == "once" }) == true {
            at = code + 1
            insertAt = at
        }
        var site = ImportSite(insertAt: insertAt)
        // Feature macros and pragmas may stand before the includes.
        var first = CStyle.nextCode(source, at)
        while first < source.count,
            Self.directive("define", source.trimmed(first)) ?? Self.directive("pragma", source.trimmed(first)) != nil,
            !source.trimmed(first).hasSuffix("\\")
        {
            first = CStyle.nextCode(source, first + 1)
        }
        guard first < source.count, parse(source.trimmed(first)) != nil else {
            if first > at { site.insertAt = Self.behindFeatureMacros(source, at, insertAt) }
            return site
        }
        site.statements = collectStatements(
            source, from: first, skip: { CStyle.commentEnd(source, $0) },
            statement: { index in
                self.parse(source.trimmed(index)).map { ImportStatement(lines: index..<index + 1, entry: $0) }
            })
        return site
    }

    /// `_GNU_SOURCE` and its like work only before the first include.
    private static func behindFeatureMacros(_ source: SourceLines, _ start: Int, _ fallback: Int) -> Int {
        var insertAt = fallback
        var at = CStyle.nextCode(source, start)
        while let macro = directive("define", source.trimmed(at)), macro.hasPrefix("_") {
            insertAt = at + 1
            at = CStyle.nextCode(source, at + 1)
        }
        return insertAt
    }

    /// What stands behind `#name`; nil for any other line.
    private static func directive(_ name: String, _ line: String) -> String? {
        guard line.hasPrefix("#") else { return nil }
        let body = String(line.dropFirst()).trimmingSpaces
        guard body.hasPrefix(name), let next = body.dropFirst(name.count).first, " \t<\"".contains(next) else {
            return nil
        }
        return String(body.dropFirst(name.count)).trimmingSpaces
    }

    private static func ifNotDefined(_ line: String) -> String? {
        guard let condition = directive("if", line), condition.hasPrefix("!defined") else { return nil }
        return String(condition.dropFirst(8).filter { $0 != "(" && $0 != ")" }).trimmingSpaces
    }
}
