import TandemClient

/// Lines on stderr where TANDEM_LOG is set; editors show every byte of it as an error.
struct AdapterLog: Sendable {
    /// What the lines begin with, for example "tandem stdio".
    let name: String
    let isEnabled = environmentValue("TANDEM_LOG") != nil

    func write(_ text: @autoclosure () -> String) {
        if isEnabled { Output.complain("\(name): \(text())\n") }
    }
}
