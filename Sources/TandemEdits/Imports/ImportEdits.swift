import TandemBase
import TandemJSON

/// Resolves add_import edits: in the first contiguous top-level import region of a file, by the rules of its language.
enum ImportEdits {
    /// The imports of one file are carried out one after another on a copy, so that two names of one module merge;
    /// what changed comes back as changes of the snapshot, all of them with the first import that changed anything.
    static func resolve(_ lines: [[UInt8]], path: String, _ snapshot: inout Snapshot) -> [Result<Resolved, EditFault>] {
        var results: [Result<Resolved, EditFault>] = []
        var bytes = snapshot.text.bytes
        var firstChange: Int?
        for line in lines {
            do throws(EditFault) {
                try snapshot.checkEditable([line])
                let source = SourceLines(FileText(bytes))
                let language = try ImportLanguages.language(path: path, source: source)
                guard let entry = language.parse(String(decoding: line, as: UTF8.self).trimmingSpaces) else {
                    throw EditFault(
                        .invalidImport,
                        "import_line is not one complete \(language.name) import; write it as it stands in a file")
                }
                let site = language.site(in: source)
                switch language.change(for: entry, at: site, in: source) {
                case .already:
                    results.append(.success(Resolved(effect: .alreadyApplied, message: "it is imported already")))
                case .lines(let range, let new):
                    let changed = source.replacing(range, with: new)
                    try check(entry, language, isKnownIn: SourceLines(FileText(changed)))
                    bytes = changed
                    if firstChange == nil { firstChange = results.count }
                    results.append(.success(Resolved(effect: .change([]), line: range.lowerBound + 1)))
                }
            } catch {
                results.append(.failure(error))
            }
        }
        if let firstChange, case .success(var resolved) = results[firstChange] {
            let text = snapshot.text
            resolved.effect = .change(
                lineChanges(text, lines: 0..<text.lineCount, to: Array(bytes[text.bom...])))
            results[firstChange] = .success(resolved)
        }
        return results
    }

    /// What was added must be found again. It is not where the head of the file leaves a string, a comment or a bracket
    /// open, so that the place found lies within it.
    private static func check(
        _ entry: ImportEntry, _ language: any ImportLanguage, isKnownIn source: SourceLines
    ) throws(EditFault) {
        if case .already = language.change(for: entry, at: language.site(in: source), in: source) { return }
        throw EditFault(
            .syntax,
            "the head of the file leaves a string, a comment or a bracket open, so no place for an import is certain; "
                + "use replace with the exact place")
    }
}

/// A file's lines as text, for reading. Bytes that are not UTF-8 show as U+FFFD; such lines are never written back.
struct SourceLines {
    let text: FileText

    init(_ text: FileText) { self.text = text }

    var count: Int { text.lineCount }

    subscript(_ index: Int) -> String { String(decoding: text.line(index), as: UTF8.self) }

    /// Without blanks at both ends; empty behind the end.
    func trimmed(_ index: Int) -> String { index < count ? self[index].trimmingSpaces : "" }

    func isBlankLine(_ index: Int) -> Bool { text.line(index).allSatisfy(isBlank) }

    func isTopLevel(_ index: Int) -> Bool { text.line(index).first.map { !isBlank($0) } ?? false }

    func isWritable(_ range: Range<Int>) -> Bool { range.allSatisfy { isUTF8(Array(text.line($0))) } }

    /// The file with some lines given way to others, which take the neighbours' ending.
    func replacing(_ range: Range<Int>, with new: [String]) -> [UInt8] {
        let ending = text.endingForInsert(near: range.isEmpty ? range.lowerBound - 1 : range.lowerBound)
        var bytes = Array(text.bytes[..<text.start(range.lowerBound)])
        let tail = text.bytes[text.start(range.upperBound)...]
        if bytes.count > text.bom, bytes.last != 0x0A { bytes += ending }
        for (index, line) in new.enumerated() {
            bytes += line.utf8
            // Behind the last line of a file without a final ending none comes.
            let isEnd = index == new.count - 1 && tail.isEmpty && count > 0 && !text.endsWithNewline
            if !isEnd { bytes += ending }
        }
        return bytes + tail
    }
}

/// One import as it is asked for or as it stands in a file.
struct ImportEntry {
    /// What it makes known, each name by module, name, alias and kind.
    var identities: Set<String>
    /// Groups stand in this order.
    var group: Int
    /// Keys a group may be sorted by; the first one that the group is sorted by counts.
    var sortKeys: [String]
    /// The statement, as it is written when it gets a line of its own.
    var text: String
    /// Statements alike in this stand together (Java's first package name).
    var affinity = ""
}

struct ImportStatement {
    var lines: Range<Int>
    var entry: ImportEntry
}

/// The first import region of a file, or where one would go.
struct ImportSite {
    var statements: [ImportStatement] = []
    /// The line before which the first import goes.
    var insertAt = 0
}

enum ImportChange {
    case already
    case lines(Range<Int>, [String])
}

/// The rules of one language.
protocol ImportLanguage: Sendable {
    var name: String { get }
    /// A blank line goes between groups.
    var separatesGroups: Bool { get }
    /// Reads one whole import statement; nil for anything else.
    func parse(_ text: String) -> ImportEntry?
    func site(in source: SourceLines) -> ImportSite
    func change(for entry: ImportEntry, at site: ImportSite, in source: SourceLines) -> ImportChange
}

extension ImportLanguage {
    func change(for entry: ImportEntry, at site: ImportSite, in source: SourceLines) -> ImportChange {
        placed(entry, site, source)
    }

    /// Gives the import a line of its own: in its group, sorted where the group is; else beside the nearest group;
    /// else where the language wants its first import.
    func placed(_ entry: ImportEntry, _ site: ImportSite, _ source: SourceLines, indent: String = "") -> ImportChange {
        let known = site.statements.reduce(into: Set<String>()) { $0.formUnion($1.entry.identities) }
        if entry.identities.isSubset(of: known) { return .already }
        let line = indent + entry.text
        let members = Self.members(of: entry, site, source)
        if let last = members.last {
            let position = Self.sortedPosition(of: entry, members) ?? last.lines.upperBound
            return .lines(position..<position, [line])
        }
        let blank = separatesGroups ? [""] : []
        if let before = site.statements.last(where: { $0.entry.group < entry.group }) {
            return .lines(before.lines.upperBound..<before.lines.upperBound, blank + [line])
        }
        if let after = site.statements.first {
            return .lines(after.lines.lowerBound..<after.lines.lowerBound, [line] + blank)
        }
        let at = site.insertAt
        let above = at > 0 && !source.isBlankLine(at - 1) ? [""] : []
        let below = at < source.count && !source.isBlankLine(at) ? [""] : []
        return .lines(at..<at, above + [line] + below)
    }

    /// The run of statements the import belongs to: its group, in the last block (no blank line within) that has it.
    private static func members(of entry: ImportEntry, _ site: ImportSite, _ source: SourceLines) -> [ImportStatement] {
        var members = site.statements.filter { $0.entry.group == entry.group }
        let alike = members.filter { $0.entry.affinity == entry.affinity }
        if !alike.isEmpty { members = alike }
        var run: [ImportStatement] = []
        for member in members.reversed() {
            if let next = run.last,
                (member.lines.upperBound..<next.lines.lowerBound).contains(where: { source.isBlankLine($0) })
            {
                break
            }
            run.append(member)
        }
        return run.reversed()
    }

    private static func sortedPosition(of entry: ImportEntry, _ members: [ImportStatement]) -> Int? {
        for (index, key) in entry.sortKeys.enumerated() {
            let keys = members.map { $0.entry.sortKeys[min(index, $0.entry.sortKeys.count - 1)] }
            guard zip(keys, keys.dropFirst()).allSatisfy({ $0 <= $1 }) else { continue }
            let next = keys.firstIndex { $0 > key }
            return next.map { members[$0].lines.lowerBound } ?? members.last?.lines.upperBound
        }
        return nil
    }
}

/// Sort keys in the orders found in the wild: as written, and ignoring case.
func sortKeys(_ text: String) -> [String] { [text, text.lowercased()] }
