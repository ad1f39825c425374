import Foundation
import TandemBase
import Testing

@testable import TandemEdits

/// Replays the commits of any git repository as plans: each hunk a replace, new and deleted files too.
///
/// `TANDEM_REPLAY_REPO=<git folder> [TANDEM_REPLAY_COMMITS=250] swift test -c release -Xswiftc -enable-testing
/// --scratch-path .build/replay --filter CommitReplay` prints the figures. With the variable the package has nothing but
/// what this needs.
struct CommitReplayTests {
    private static let repository = ProcessInfo.processInfo.environment["TANDEM_REPLAY_REPO"]
    private static let commits = ProcessInfo.processInfo.environment["TANDEM_REPLAY_COMMITS"] ?? "250"

    private struct Change {
        var path: String
        var old: [UInt8]?
        var new: [UInt8]?
    }

    /// Contents by name, from one process of git's for all of them.
    private final class Blobs {
        private let process = Process()
        private let names = Pipe()
        private let contents = Pipe()

        init(_ repository: String) throws {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/git")
            process.arguments = ["--git-dir", repository, "cat-file", "--batch"]
            process.standardInput = names
            process.standardOutput = contents
            try process.run()
        }

        deinit {
            try? names.fileHandleForWriting.close()
            process.waitUntilExit()
        }

        func content(_ name: String) throws -> [UInt8] {
            let output = contents.fileHandleForReading
            names.fileHandleForWriting.write(Data("\(name)\n".utf8))
            var header: [UInt8] = []
            while let byte = output.readData(ofLength: 1).first, byte != 0x0A { header.append(byte) }
            // "name blob bytes", or "name missing".
            let count = try #require(Int(String(decoding: header.split(separator: 0x20).last ?? [], as: UTF8.self)))
            return Array(output.readData(ofLength: count + 1).dropLast())
        }
    }

    /// One hunk with its context: where it truly stands, and what it turns into what.
    private struct Hunk {
        var line: Int
        var range: Range<Int>
        var find: [UInt8]
        var replace: [UInt8]
    }

    private struct Tally {
        var hunks = 0
        var applied = 0
        var ambiguous = 0
        var other = 0
        var wrong = 0
        var hinted = 0
        /// Of the ambiguous, by how many lines the hint was wrong.
        var misled: [Int: (right: Int, refused: Int, elsewhere: Int)] = [:]
        /// Damaged until it was, byte for byte, the text of another place.
        var elsewhere = 0

        func line(_ name: String) -> String {
            let share = hunks == 0 ? 0 : Double(applied) / Double(hunks) * 100
            return
                "\(name): \(hunks) hunks, \(applied) applied (\(String(format: "%.2f", share))%), \(ambiguous) ambiguous, "
                + "\(other) refused otherwise, \(hinted) of the ambiguous applied with line_hint, "
                + "\(elsewhere) quote another place exactly, \(wrong) WRONG"
        }

        /// What a planner gets that counts lines badly.
        var hints: String {
            misled.sorted { $0.key < $1.key }.map {
                "hints \($0.key) lines off: \($0.value.right) right, \($0.value.refused) refused, "
                    + "\($0.value.elsewhere) chose another of the places"
            }.joined(separator: "\n")
        }
    }

    private func git(_ arguments: [String]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/git")
        process.arguments = ["--git-dir", Self.repository ?? ""] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Array(bytes)
    }

    private func changes(of commit: String, _ blobs: Blobs) throws -> [Change] {
        let raw = try git(["diff-tree", "-r", "-z", "--no-renames", "--raw", "\(commit)^", commit])
        let fields = raw.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        var changes: [Change] = []
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            let info = fields[index].split(separator: " ").map(String.init)
            let modes = [info[0].dropFirst().description, info[1]]
            guard modes.allSatisfy({ ["000000", "100644", "100755"].contains($0) }) else { continue }
            let old = modes[0] == "000000" ? nil : try blobs.content(info[2])
            let new = modes[1] == "000000" ? nil : try blobs.content(info[3])
            if old == new || old?.contains(0) == true || new?.contains(0) == true { continue }
            changes.append(Change(path: fields[index + 1], old: old, new: new))
        }
        return changes
    }

    /// What turns one content into another, compared once for all its hunks.
    private struct Comparison {
        let old: [UInt8]
        let new: [UInt8]
        private let oldLines: RawLines
        private let newLines: RawLines
        private let changes: [(left: Range<Int>, right: Range<Int>)]

        init(_ old: [UInt8], _ new: [UInt8]) {
            (self.old, self.new) = (old, new)
            (oldLines, newLines) = (rawLines(old), rawLines(new))
            changes = LineDiff(oldLines, newLines).changes
        }

        func hunks(context: Int) -> [Hunk] {
            var groups: [[(left: Range<Int>, right: Range<Int>)]] = []
            for change in changes {
                if let last = groups.last?.last, change.left.lowerBound - last.left.upperBound < max(1, 2 * context) {
                    groups[groups.count - 1].append(change)
                } else {
                    groups.append([change])
                }
            }
            return groups.compactMap { group in
                guard let first = group.first, let last = group.last else { return nil }
                let before = min(context, first.left.lowerBound)
                let after = min(context, oldLines.count - last.left.upperBound)
                let left = first.left.lowerBound - before..<last.left.upperBound + after
                let right = first.right.lowerBound - before..<last.right.upperBound + after
                if left.isEmpty { return nil }
                return Hunk(
                    line: left.lowerBound + 1, range: start(left.lowerBound)..<start(left.upperBound),
                    find: Array(oldLines[left].joined()), replace: Array(newLines[right].joined()))
            }
        }

        private func start(_ line: Int) -> Int { line < oldLines.count ? oldLines[line].startIndex : old.count }
    }

    private func resolve(_ path: String, _ old: [UInt8], _ edits: [Replacement]) -> FileResolution {
        let items = edits.enumerated().map { FileResolver.Item(index: $0.offset, operation: .replace($0.element)) }
        return FileResolver.resolve(path: path, bytes: old, items: items, mode: .hybrid)
    }

    @Test(.enabled(if: repository != nil))
    func everyHunkLandsWhereItWasOrNowhere() throws {
        let log = String(decoding: try git(["log", "--no-merges", "-n", Self.commits, "--format=%H"]), as: UTF8.self)
        var tallies: [Int: Tally] = [:]
        var damaged: [String: Tally] = [:]
        var whole = (commits: 0, committed: 0, refused: 0, wrong: 0)
        let blobs = try Blobs(Self.repository ?? "")
        for commit in log.split(separator: "\n").map(String.init) {
            let changes = try changes(of: commit, blobs)
            for change in changes {
                guard let old = change.old, let new = change.new else { continue }
                let comparison = Comparison(old, new)
                for context in [0, 1, 3, 10] {
                    count(change.path, comparison, context, &tallies[context, default: Tally()])
                }
                for (name, damage) in Self.damages {
                    countDamaged(change.path, comparison, damage, &damaged[name, default: Tally()])
                }
            }
            try replayWhole(changes, &whole)
        }
        for context in tallies.keys.sorted() { print(tallies[context]!.line("\(context) lines of context")) }
        print("with 3 lines of context, of the ambiguous:\n\(tallies[3]?.hints ?? "")")
        for name in damaged.keys.sorted() { print(damaged[name]!.line("damaged: \(name)")) }
        print("whole commits as transactions: \(whole)")
        #expect(tallies.values.allSatisfy { $0.wrong == 0 })
        #expect(damaged.values.allSatisfy { $0.wrong == 0 })
        #expect(whole.wrong == 0)
        let three = try #require(tallies[3])
        #expect(Double(three.applied) >= 0.96 * Double(three.hunks))
        #expect(three.other == 0)
    }

    private func count(_ path: String, _ comparison: Comparison, _ context: Int, _ tally: inout Tally) {
        let (old, new) = (comparison.old, comparison.new)
        let hunks = comparison.hunks(context: context)
        var all: [Replacement] = []
        for hunk in hunks {
            let edit = Replacement(find: hunk.find, replace: hunk.replace)
            let result = resolve(path, old, [edit])
            let expected = Array(old[..<hunk.range.lowerBound]) + hunk.replace + old[hunk.range.upperBound...]
            tally.hunks += 1
            if result.outcomes[0].status == .applied {
                tally.applied += 1
                if result.bytes != expected { tally.wrong += 1 }
                all.append(edit)
                continue
            }
            if result.bytes != old { tally.wrong += 1 }
            if result.outcomes[0].fault?.kind == .ambiguous { tally.ambiguous += 1 } else { tally.other += 1 }
            var hinted = edit
            hinted.lineHint = hunk.line
            let second = resolve(path, old, [hinted])
            if second.outcomes[0].status == .applied {
                tally.hinted += 1
                if second.bytes != expected { tally.wrong += 1 }
            }
            for distance in [1, 3, 5, 10] {
                for line in [hunk.line - distance, hunk.line + distance] {
                    hinted.lineHint = line
                    let guess = resolve(path, old, [hinted])
                    var found = tally.misled[distance] ?? (0, 0, 0)
                    if guess.outcomes[0].status != .applied {
                        found.refused += 1
                    } else if guess.bytes == expected {
                        found.right += 1
                    } else {
                        found.elsewhere += 1
                    }
                    tally.misled[distance] = found
                }
            }
        }
        let together = resolve(path, old, all)
        if context > 0, all.count == hunks.count, !together.hasFailures, together.bytes != new { tally.wrong += 1 }
        if all.count == hunks.count, together.hasFailures { tally.wrong += 1 }
    }

    /// Where a text stands, if once.
    private func only(_ find: [UInt8], in text: [UInt8]) -> Range<Int>? {
        let offsets = PatternSearch.occurrences(of: find, in: text)
        return offsets.count == 1 ? offsets[0]..<offsets[0] + find.count : nil
    }

    private typealias Damage = @Sendable (ArraySlice<UInt8>) -> [UInt8]

    /// What models do to lines they quote.
    private static let damages: [(String, Damage)] = [
        ("trailing blanks added", { Array($0.trimmingNewline + Array("  ".utf8) + $0.newline) }),
        ("trailing blanks lost", { Array($0.trimmingNewline.trimmingTrailingBlanks) + $0.newline }),
        ("indent deeper", { $0.trimmingNewline.isEmpty ? Array($0) : Array("    ".utf8) + $0 }),
        ("indent lost", { Array($0.drop(while: { $0 == 0x20 || $0 == 0x09 })) }),
        ("CRLF", { Array($0.trimmingNewline + [0x0D, 0x0A]) }),
        (
            "tabs for spaces",
            { line in
                let spaces = line.prefix { $0 == 0x20 }.count
                return [UInt8](repeating: 9, count: spaces / 4) + [UInt8](repeating: 32, count: spaces % 4)
                    + line.dropFirst(spaces)
            }
        ),
        (
            "first letter's case",
            { $0.first.map { $0 >= 0x61 && $0 <= 0x7A } == true ? [$0.first! - 32] + $0.dropFirst() : Array($0) }
        ),
    ]

    private func countDamaged(
        _ path: String, _ comparison: Comparison, _ damage: Damage, _ tally: inout Tally
    ) {
        let old = comparison.old
        for hunk in comparison.hunks(context: 3) {
            let find = rawLines(hunk.find).flatMap(damage)
            let replace = rawLines(hunk.replace).flatMap(damage)
            if find == replace { continue }
            let result = resolve(path, old, [Replacement(find: find, replace: replace)])
            tally.hunks += 1
            switch result.outcomes[0].status {
            case .applied:
                tally.applied += 1
                let isSame = result.outcomes[0].line == hunk.line
                if !isSame, let place = only(find, in: old) {
                    let expected = old[..<place.lowerBound] + replace + old[place.upperBound...]
                    if result.bytes == Array(expected) { tally.elsewhere += 1 } else { tally.wrong += 1 }
                    continue
                }
                let around =
                    result.bytes.starts(with: old[..<hunk.range.lowerBound])
                    && result.bytes.reversed().starts(with: old[hunk.range.upperBound...].reversed())
                if !isSame || !around { tally.wrong += 1 }
            case .alreadyApplied: tally.other += 1
            default:
                if result.outcomes[0].fault?.kind == .ambiguous { tally.ambiguous += 1 } else { tally.other += 1 }
                if result.bytes != old { tally.wrong += 1 }
            }
        }
    }

    /// The commit as one plan with three lines of context, on a real tree, through the transaction.
    private func replayWhole(
        _ changes: [Change], _ whole: inout (commits: Int, committed: Int, refused: Int, wrong: Int)
    ) throws {
        let folder = ScratchFolder()
        var edits: [PlannedEdit] = []
        for change in changes {
            if let old = change.old { folder.write(change.path, old) }
            switch (change.old, change.new) {
            case (let old?, let new?):
                edits += Comparison(old, new).hunks(context: 3).map {
                    PlannedEdit(change.path, .replace(Replacement(find: $0.find, replace: $0.replace)))
                }
            case (nil, let new?): edits.append(PlannedEdit(change.path, .create(new)))
            case (_?, nil): edits.append(PlannedEdit(change.path, .delete))
            case (nil, nil): break
            }
        }
        // An empty file cannot be quoted.
        if edits.isEmpty || changes.contains(where: { $0.old == [] && $0.new != nil }) { return }
        let root = try EditRoot(folder.path)
        whole.commits += 1
        var fileChanges: [FileChange] = []
        var failed = false
        for file in PlanFile.group(edits, mode: .hybrid) {
            let resolution = file.resolve(
                try root.read(file.path), base: nil, mode: .hybrid)
            failed = failed || resolution.outcomes.contains { $0.status == .failed }
            fileChanges += resolution.changes
        }
        var expected: [String: [UInt8]] = [:]
        if !failed {
            let journal = MemoryJournal()
            var generator = SystemRandomNumberGenerator()
            let id = ULID(time: WallTime(milliseconds: 1), random: &generator)
            try journal.begin(TransactionRecord(id: id, root: folder.path, time: WallTime(milliseconds: 1)))
            let outcome = TransactionEngine(journal: journal).commit(id, root: root, changes: fileChanges)
            if !outcome.isCommitted { whole.wrong += 1 }
            whole.committed += 1
        } else {
            whole.refused += 1
        }
        for change in changes { expected[change.path] = failed ? change.old : change.new }
        if folder.files() != expected { whole.wrong += 1 }
    }
}

extension ArraySlice<UInt8> {
    fileprivate var trimmingNewline: ArraySlice<UInt8> {
        guard last == 0x0A else { return self }
        return dropLast().last == 0x0D ? dropLast(2) : dropLast()
    }

    fileprivate var newline: ArraySlice<UInt8> { self[trimmingNewline.endIndex...] }
}
