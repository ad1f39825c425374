import TandemJSON

/// Why an edit could not be carried out. The kinds are EDITS.md's; the message tells the planner how to mend the edit.
package struct EditFault: Error, Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case ambiguous, overlap, stale, exists
        case emptyFind = "empty_find"
        case noChange = "no_change"
        case notFound = "not_found"
        case anchorNotFound = "anchor_not_found"
        case binaryFile = "binary_file"
        case encodingUnsafe = "encoding_unsafe"
        case unsupportedLanguage = "unsupported_language"
        case invalidImport = "invalid_import"
        case invalidRegion = "invalid_region"
        case fileNotFound = "file_not_found"
        case notRegular = "not_regular"
        case hardLink = "hard_link"
        case symlink, forbidden
        case tooLarge = "too_large"
        case modelAnswer = "model_answer"
        case ioError = "io_error"
        case syntax
        case recoveryConflict = "recovery_conflict"
        case mergeConflict = "merge_conflict"
    }

    package var kind: Kind
    package var message: String
    /// 1-based line numbers the message speaks of: the candidates of an ambiguous edit, the nearest block.
    package var lines: [Int]

    package init(_ kind: Kind, _ message: String, lines: [Int] = []) {
        self.kind = kind
        self.message = message
        self.lines = lines
    }
}

/// How an edit's text was recognised, from the strictest tier down.
package enum MatchTier: String, Sendable, Comparable {
    case exact, eol
    case trailingSpace = "trailing_space"
    case indent, model

    private var rank: Int {
        switch self {
        case .exact: 0
        case .eol: 1
        case .trailingSpace: 2
        case .indent: 3
        case .model: 4
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// What became of one edit of a plan.
package struct EditOutcome: Sendable {
    package enum Status: String, Sendable {
        case applied, skipped, failed
        case alreadyApplied = "already_applied"
    }

    /// The edit's place in the plan.
    package var index: Int
    package var status: Status
    package var match: MatchTier?
    /// 1-based line of the snapshot where the edit begins.
    package var line: Int?
    package var message: String?
    package var fault: EditFault?
    /// Set when a model has to do this edit: a `model_edit`, or a rescue of a failed one in adaptive mode.
    package var request: ModelEditRequest?

    package init(
        index: Int, status: Status, match: MatchTier? = nil, line: Int? = nil, message: String? = nil,
        fault: EditFault? = nil, request: ModelEditRequest? = nil
    ) {
        self.index = index
        self.status = status
        self.match = match
        self.line = line
        self.message = message
        self.fault = fault
        self.request = request
    }

    package static func failed(_ index: Int, _ fault: EditFault) -> EditOutcome {
        EditOutcome(index: index, status: .failed, line: fault.lines.first, message: fault.message, fault: fault)
    }

    /// Writes one entry of a result's `edits`: `{index, file, type, status, match?, attempts, message?, line?}`.
    /// - Parameter attempts: model calls made for it, at least 1 for an edit that needed none.
    package func write(to writer: inout JSONWriter, edit: PlannedEdit, attempts: Int = 1) {
        writer.beginObject()
        writer.member("index", index)
        writer.member("file", edit.file)
        writer.member("type", edit.operation.name)
        writer.member("status", status.rawValue)
        writer.member("match", ifPresent: match?.rawValue)
        writer.member("attempts", attempts)
        writer.member("message", ifPresent: message)
        writer.member("line", ifPresent: line)
        writer.endObject()
    }
}
