import CLinux
import Glibc
import TandemBase
import TandemEdits
import TandemJSON

/// The files a planner is shown: those that were named, then the others by relevance, within a number of tokens.
/// Binary, ignored and huge files are left out, and that is said. Blocks: not on the loop.
struct FileSelection: Sendable {
    /// Bytes of a file above which it is not shown.
    static let shownFileLimit = 256 << 10
    /// Files of a tree that are looked at; the rest of a larger one is left out.
    static let fileLimit = 20_000
    /// Bytes read to judge relevance, all files together.
    static let readLimit = 64 << 20
    /// git lists a tree in moments; a network file system that does not is given up.
    static let listTimeout = TimeSpan.seconds(20)

    struct Shown: Sendable {
        var path: String
        var text: String
        var tokens: Int
    }

    var shown: [Shown] = []
    /// What a person should know about the choice.
    var warnings: [String] = []

    /// - Parameters:
    ///   - wanted: paths or globs; empty lets relevance choose alone.
    ///   - budget: tokens.
    static func choose(_ problem: String, wanted: [String], tree: PlanTree, budget: Int) -> FileSelection {
        var selection = FileSelection()
        let paths: [String]
        switch tree {
        case .documents(let files): paths = files.keys.sorted()
        case .folder(let handle): paths = selection.list(handle.root.path)
        }
        let named = wanted.isEmpty ? [] : selection.match(wanted, paths)
        var left = budget
        for path in named { selection.show(path, tree, &left, isNamed: true) }
        guard wanted.isEmpty else { return selection }
        for path in selection.byRelevance(paths, Relevance(problem), tree) {
            guard left > 0 else { break }
            selection.show(path, tree, &left, isNamed: false)
        }
        return selection
    }

    // MARK: listing

    /// Every file that git would track: `.gitignore` is git's own business.
    private mutating func list(_ root: String) -> [String] {
        let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
        // A repository's own settings may name programs to run, as its monitor or to fetch what is missing; looking at
        // it must not.
        let looking = ["env", "GIT_ALLOW_PROTOCOL=none", "git", "-C", root, "-c", "core.fsmonitor=false"]
        if let inside = run(looking + arguments, root) {
            return bounded(inside)
        }
        // Not a repository: an empty one beside it lends its rules.
        if let lent = try? PrivateFolder(), run(["git", "init", "-q", "--bare", lent.path], root) != nil,
            let listed = run(["git", "--git-dir=\(lent.path)", "--work-tree=\(root)", "-C", root] + arguments, root)
        {
            return bounded(listed)
        }
        warnings.append("git is not on this host, so .gitignore was not read: name the files to show")
        return []
    }

    private func run(_ command: [String], _ folder: String) -> String? {
        let result = try? CommandRunner.run(
            command, in: folder, timeout: Self.listTimeout, outputLimit: Self.fileLimit * 256)
        guard let result, result.code == 0, !result.timedOut else { return nil }
        return result.output
    }

    private mutating func bounded(_ list: String) -> [String] {
        let paths = list.split(separator: "\0").map { String($0) }
        guard paths.count > Self.fileLimit else { return paths }
        warnings.append("the tree has \(paths.count) files; the first \(Self.fileLimit) were looked at")
        return Array(paths.prefix(Self.fileLimit))
    }

    private mutating func match(_ wanted: [String], _ paths: [String]) -> [String] {
        var found: [String] = []
        var seen: Set<String> = []
        for pattern in wanted {
            let exact = paths.contains(pattern) || !pattern.contains { "*?[".contains($0) }
            // As in git: a pattern's star does not stop at a slash.
            let hits = exact ? [pattern] : paths.filter { fnmatch(pattern, $0, 0) == 0 }
            if hits.isEmpty { warnings.append("no file matches \(pattern)") }
            for hit in hits where seen.insert(hit).inserted { found.append(hit) }
        }
        return found
    }

    // MARK: showing

    private mutating func show(_ path: String, _ tree: PlanTree, _ left: inout Int, isNamed: Bool) {
        let image: EditRoot.Image?
        do throws(EditFault) {
            image = try tree.read(path)
        } catch {
            if isNamed { warnings.append("\(path) was left out: \(error.message)") }
            return
        }
        guard let image else {
            if isNamed { warnings.append("\(path) was left out: there is no such file") }
            return
        }
        guard image.bytes.count <= Self.shownFileLimit else {
            warnings.append("\(path) was left out: it is larger than \(Self.shownFileLimit >> 10) KiB")
            return
        }
        guard !image.bytes.contains(0), isUTF8(image.bytes) else {
            if isNamed { warnings.append("\(path) was left out: it is not text") }
            return
        }
        let text = Self.numbered(image.bytes)
        let tokens = (text.utf8.count + path.utf8.count + 16) / 4
        guard tokens <= left else {
            if isNamed { warnings.append("\(path) was left out: it does not fit into context_tokens") }
            return
        }
        left -= tokens
        shown.append(Shown(path: path, text: text, tokens: tokens))
    }

    private static func numbered(_ bytes: [UInt8]) -> String {
        let text = FileText(bytes)
        let width = String(text.lineCount).utf8.count
        var output = ""
        for line in 0..<text.lineCount {
            let number = String(line + 1)
            output += String(repeating: " ", count: width - number.utf8.count) + number + "| "
            output += String(decoding: text.line(line), as: UTF8.self) + "\n"
        }
        return output
    }

    // MARK: relevance

    private mutating func byRelevance(_ paths: [String], _ relevance: Relevance, _ tree: PlanTree) -> [String] {
        var scored: [(path: String, score: Double)] = []
        var read = 0
        for path in paths {
            var score = relevance.score(ofPath: path)
            if read < Self.readLimit, let image = try? tree.read(path), image.bytes.count <= Self.shownFileLimit {
                read += image.bytes.count
                guard !image.bytes.prefix(8192).contains(0) else { continue }
                score += relevance.score(ofContent: image.bytes)
            }
            scored.append((path, score))
        }
        return scored.sorted { ($1.score, $0.path) < ($0.score, $1.path) }.map(\.path)
    }
}

/// How much a file has to do with a problem: the problem's words, looked for in its path and its text.
struct Relevance: Sendable {
    /// Words that are looked for.
    private static let wordLimit = 40
    /// A word in a path says more than one in a text; in a text, more than a few times says nothing new.
    private static let pathWeight = 5.0
    private static let countedOccurrences = 5

    private static let common: Set<String> = [
        "the", "and", "for", "that", "this", "with", "when", "not", "are", "but", "from", "have", "has", "should",
        "would", "could", "can", "will", "fix", "bug", "add", "make", "please", "code", "file", "function", "error",
        "use", "using", "into", "its", "does", "was", "which", "there", "all", "any", "new", "change",
    ]

    private let words: [[UInt8]]

    init(_ problem: String) {
        var seen: Set<String> = []
        var words: [[UInt8]] = []
        let pieces = problem.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        for piece in pieces where piece.utf8.count >= 3 && words.count < Self.wordLimit {
            let lower = piece.lowercased()
            guard !Self.common.contains(lower), seen.insert(lower).inserted else { continue }
            words.append(Array(piece.utf8))
        }
        self.words = words
    }

    func score(ofPath path: String) -> Double {
        let lower = path.lowercased()
        return words.reduce(0) { score, word in
            score + (lower.contains(String(decoding: word, as: UTF8.self).lowercased()) ? Self.pathWeight : 0)
        }
    }

    func score(ofContent bytes: [UInt8]) -> Double {
        words.reduce(0) { $0 + Double(occurrences(of: $1, in: bytes)) / Double(Self.countedOccurrences) }
    }

    private func occurrences(of word: [UInt8], in bytes: [UInt8]) -> Int {
        var count = 0
        var start = 0
        bytes.withUnsafeBytes { bytes in
            word.withUnsafeBytes { word in
                while count < Self.countedOccurrences, start < bytes.count {
                    let hit = cl_find(bytes.baseAddress! + start, bytes.count - start, word.baseAddress, word.count)
                    guard hit >= 0 else { return }
                    count += 1
                    start += Int(hit) + word.count
                }
            }
        }
        return count
    }
}
