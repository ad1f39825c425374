import Glibc
import TandemBase
import TandemService

exit(runTandemDaemon(arguments: Array(CommandLine.arguments.dropFirst()), environment: processEnvironment()))
