import TandemService
import TandemTestSupport

/// Writes the text as the home's main file and loads it, with extra variables.
func load(
    _ text: String, in home: TemporaryHome, _ variables: [String: String] = [:]
) throws -> Configuration {
    try home.write(home.configPath, text)
    return try Configuration.load(environment: home.environment.merging(variables) { $1 })
}

/// The faults' lines, without the folder of the file.
func faults(
    _ text: String, in home: TemporaryHome, _ variables: [String: String] = [:]
) throws -> [String] {
    do {
        try home.write(home.configPath, text)
        _ = try Configuration.load(environment: home.environment.merging(variables) { $1 })
        return []
    } catch let error as ConfigurationFaults {
        return error.faults.map { shorten($0.description, home) }
    }
}

func shorten(_ line: String, _ home: TemporaryHome) -> String {
    let folder = home.config + "/tandem/"
    var rest = line[...]
    if rest.hasPrefix(folder) { rest = rest.dropFirst(folder.count) }
    return String(rest)
}

let groq = """
    [providers.groq]
    preset = "groq"
    [models.m]
    provider = "groq"
    model = "x"

    """
