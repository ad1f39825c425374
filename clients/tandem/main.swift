import Glibc

exit(CommandLineRun.run(CommandLine.arguments).rawValue)
