import Glibc
import TandemTestSupport

/// A virtual environment with an SDK from PyPI.
struct PythonSDK {
    let environment: String

    /// Nil where the environment variable does not name one; the scripts that make one set it.
    init?(variable: String) {
        guard let value = getenv(variable) else { return nil }
        environment = String(cString: value)
    }

    /// Runs Python; its exit status and what it wrote.
    func run(_ arguments: [String]) throws -> (status: Int32?, output: String) {
        let home = try TemporaryHome()
        let output = try home.write("out", "")
        let file = open(output, O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        let child = try ChildProcess(
            [environment + "/bin/python"] + arguments, environment: home.environment,
            descriptors: [1: file, 2: file])
        return (child.wait(), try home.read("out"))
    }
}
