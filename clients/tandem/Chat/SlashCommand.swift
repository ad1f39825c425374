import TandemBase

/// What an interactive chat understands besides messages. A line is a command when its first word is a slash and
/// letters: paths such as /etc/hosts are part of a message.
enum SlashCommand: String, CaseIterable {
    case help, model, new, quit

    var usage: String { self == .model ? "/model [NAME]" : "/" + rawValue }

    var effect: String {
        switch self {
        case .help: "show this list"
        case .model: "ask this one from now on; without a name list them"
        case .new: "begin a new conversation"
        case .quit: "leave, as ^D does"
        }
    }

    static var list: String {
        let width = allCases.map(\.usage.count).max() ?? 0
        return allCases.map { command in
            "  \(command.usage)\(String(repeating: " ", count: width - command.usage.count))  \(command.effect)\n"
        }.joined()
    }

    enum Reading: Equatable {
        case message
        case command(SlashCommand, argument: String)
        case unknown(String)
    }

    static func read(_ line: String) -> Reading {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard let word = parts.first, word.hasPrefix("/"), word.count > 1,
            word.dropFirst().allSatisfy({ $0.isASCII && $0.isLetter })
        else { return .message }
        let name = String(word.dropFirst())
        guard let command = SlashCommand(rawValue: name) else {
            let near = nearestName(to: name, among: allCases.map(\.rawValue))
            return .unknown(
                "unknown command /\(name)" + (near.map { ", did you mean /\($0)?" } ?? ": /help lists them"))
        }
        return .command(command, argument: parts.count > 1 ? String(parts[1]).trimmingSpaces : "")
    }
}
