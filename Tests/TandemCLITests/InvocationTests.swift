import TandemBase
import Testing

@testable import tandem

private let sample = Command(
    name: "sample", summary: "a command for tests",
    operands: [Operand(name: "ACTION", values: .choice(["start", "stop"]), isRequired: true), Operand(name: "NAME")],
    options: [
        Option("verbose", "v", nil, "more"), Option("all", "a", nil, "all"), Option("file", "f", .file, "a file"),
        Option("count", "n", .integer(1...10), "how many"), Option("heat", nil, .number(0...2), "how hot"),
        Option("wait", nil, .duration, "how long"), Option("mode", nil, .choice(["fast", "slow"]), "which"),
    ]
) { (_) throws(Failure) in .success }

private func parse(_ arguments: String...) throws -> Invocation { try Invocation(sample, arguments) }

private func complaint(_ arguments: String...) -> String? {
    do throws(Failure) {
        _ = try Invocation(sample, arguments)
        return nil
    } catch {
        return error.code == .usage ? error.message : "not a usage error"
    }
}

@Suite struct InvocationTests {
    @Test func optionsStandAnywhere() throws {
        let invocation = try parse("-v", "start", "--file=a", "x", "-f", "b")
        #expect(invocation.operands == ["start", "x"])
        #expect(invocation.has("verbose") && !invocation.has("all"))
        #expect(invocation.values("file") == ["a", "b"] && invocation.value("file") == "b")
    }

    @Test func shortOptionsBundle() throws {
        let invocation = try parse("start", "-vaf", "x=y", "-n3")
        #expect(invocation.has("verbose") && invocation.has("all"))
        #expect(invocation.value("file") == "x=y" && invocation.integer("count") == 3)
    }

    @Test func twoDashesEndOptions() throws {
        #expect(try parse("start", "--", "--file").operands == ["start", "--file"])
        #expect(try parse("start", "-").operands == ["start", "-"])
    }

    @Test func valuesAreRead() throws {
        let invocation = try parse("stop", "--heat", "0.5", "--wait", "90s", "--mode=slow")
        #expect(invocation.number("heat") == 0.5 && invocation.duration("wait") == .seconds(90))
        #expect(invocation.value("mode") == "slow")
    }

    @Test func wrongUsageIsNamed() {
        #expect(complaint("start", "--vrebose") == "unknown option --vrebose, did you mean --verbose?")
        #expect(complaint("start", "-q") == "unknown option -q")
        #expect(complaint("start", "--file") == "option --file needs a value")
        #expect(complaint("start", "-f") == "option -f needs a value")
        #expect(complaint("start", "--all=yes") == "option --all takes no value")
        #expect(complaint("start", "--count", "11") == "--count '11': expected a whole number from 1 to 10")
        #expect(complaint("start", "--count", "two") == "--count 'two': expected a whole number from 1 to 10")
        #expect(complaint("start", "--heat", "nan") == "--heat 'nan': expected a number from 0 to 2")
        #expect(complaint("start", "--wait", "5") == "--wait '5': expected a duration such as 30s or 5m")
        #expect(complaint("start", "--mode", "fsat") == "--mode 'fsat': expected fast or slow, did you mean fast?")
        #expect(complaint("start", "--file=") == "--file '': expected a value that is not empty")
        #expect(complaint() == "ACTION is missing (start, stop)")
        #expect(complaint("strat") == "unknown action 'strat': expected start or stop, did you mean start?")
        #expect(complaint("start", "a", "b") == "one argument too many: 'b'")
    }

    @Test func helpIsNeverAWrongUsage() {
        #expect(complaint("--help") == nil)
    }

    /// What scripts, completions and the manual rely on.
    @Test func theTableIsConsistent() {
        for command in CommandTable.all {
            #expect(!command.examples.isEmpty, "\(command.name) has no example")
            #expect(command.summary.count <= 70 && !command.summary.hasSuffix("."))
            let names = command.allOptions.map(\.name)
            #expect(Set(names).count == names.count, "\(command.name) has an option twice")
            let shorts = command.allOptions.compactMap(\.short)
            #expect(Set(shorts).count == shorts.count, "\(command.name) has a letter twice")
            for operand in command.operands.dropLast() { #expect(!operand.repeats) }
            for example in command.examples { #expect(example.command.contains("tandem \(command.name)")) }
        }
        #expect(Set(CommandTable.all.map(\.name)).count == CommandTable.all.count)
    }
}
