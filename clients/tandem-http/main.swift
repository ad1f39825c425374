import Glibc

do throws(StartFailure) {
    exit(try run(CommandLine.arguments))
} catch {
    say("tandem-http: \(error.message)\n", STDERR_FILENO)
    exit(error.status)
}
