// swift-tools-version: 6.2
import PackageDescription

// One settings array for every Swift target: Swift 6 mode, warnings are errors.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A Swift target under Sources/, with what it may import. The order of the list below is the map:
/// a target imports only what stands above it.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: strict)
}

func shim(_ name: String, links libraries: [String]) -> Target {
    .target(name: name, path: "Sources/\(name)", linkerSettings: libraries.map { .linkedLibrary($0) })
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], exclude: [String] = [])
    -> Target
{
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)Tests", exclude: exclude,
        resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "tandem",
    products: [
        .executable(name: "tandemd", targets: ["tandemd"]),
        .executable(name: "tandem", targets: ["tandem"]),
        .executable(name: "tandem-http", targets: ["tandem-http"]),
    ],
    targets: [
        shim("CLinux", links: []),
        shim("CSystemd", links: ["systemd"]),
        shim("CSQLite", links: ["sqlite3"]),
        shim("CCurl", links: ["curl"]),
        shim("CTOML", links: ["stdc++"]),
        shim("CCrypto", links: ["crypto"]),
        shim("CMicroHTTPD", links: ["microhttpd"]),
        // Opened when it is wanted, so that nothing is linked.
        shim("CEdit", links: []),

        library("TandemBase", ["CLinux"]),
        library("TandemJSON", ["TandemBase"]),
        library("TandemText", ["TandemJSON"]),
        library("TandemProtocol", ["TandemBase", "TandemJSON"]),
        library("TandemPolicy", ["TandemBase"]),
        library("TandemLoop", ["CLinux", "CSystemd", "TandemBase"]),
        library("TandemRPC", ["CLinux", "TandemBase", "TandemJSON", "TandemLoop", "TandemProtocol"]),
        library("TandemHTTP", ["CCurl", "CLinux", "TandemBase", "TandemLoop"]),
        library(
            "TandemProviders",
            [
                "CCrypto", "CLinux", "TandemBase", "TandemHTTP", "TandemJSON", "TandemLoop", "TandemPolicy",
                "TandemProtocol",
            ]),
        library(
            "TandemWorkflows",
            [
                "TandemBase", "TandemJSON", "TandemLoop", "TandemPolicy", "TandemProtocol", "TandemProviders",
                "TandemText",
            ]),
        library("TandemEdits", ["CCrypto", "CLinux", "TandemBase", "TandemJSON", "TandemProtocol"]),
        library("TandemStore", ["CLinux", "CSQLite", "TandemBase", "TandemEdits"]),
        library(
            "TandemService",
            [
                "CLinux", "CSystemd", "CTOML", "TandemBase", "TandemEdits", "TandemHTTP", "TandemJSON", "TandemLoop",
                "TandemPolicy", "TandemProtocol", "TandemProviders", "TandemRPC", "TandemStore", "TandemText",
                "TandemWorkflows",
            ]),
        library("TandemClient", ["CLinux", "TandemBase", "TandemJSON", "TandemProtocol"]),

        .executableTarget(
            name: "tandemd", dependencies: ["TandemBase", "TandemService"], path: "Sources/tandemd",
            swiftSettings: strict),
        .executableTarget(
            name: "tandem",
            dependencies: [
                "CEdit", "CLinux", "TandemBase", "TandemClient", "TandemJSON", "TandemProtocol", "TandemText",
            ],
            path: "clients/tandem", swiftSettings: strict),
        .executableTarget(
            name: "tandem-http",
            dependencies: ["CLinux", "CMicroHTTPD", "TandemBase", "TandemClient", "TandemJSON", "TandemProtocol"],
            path: "clients/tandem-http", swiftSettings: strict),

        // Feature vectors for the classifier's trainer (`make classifier`).
        .executableTarget(
            name: "classifier-features", dependencies: ["TandemJSON", "TandemText"],
            path: "tools/classifier/features", swiftSettings: strict),

        .target(
            name: "TandemTestSupport", dependencies: ["CLinux", "TandemBase", "TandemJSON", "TandemLoop"],
            path: "Tests/TandemTestSupport", swiftSettings: strict),
        tests("TandemBase", ["TandemBase", "TandemTestSupport"]),
        tests("TandemJSON", ["TandemJSON", "TandemTestSupport"]),
        tests("TandemText", ["TandemJSON", "TandemTestSupport", "TandemText"]),
        tests("TandemProtocol", ["TandemJSON", "TandemProtocol"]),
        tests("TandemPolicy", ["TandemPolicy", "TandemTestSupport"]),
        tests("TandemLoop", ["TandemLoop", "TandemTestSupport"]),
        tests("TandemRPC", ["TandemRPC", "TandemTestSupport"]),
        tests("TandemHTTP", ["TandemHTTP", "TandemTestSupport"]),
        tests("TandemProviders", ["TandemProviders", "TandemTestSupport"]),
        tests("TandemWorkflows", ["TandemWorkflows", "TandemTestSupport"]),
        tests(
            "TandemEdits",
            ["CLinux", "TandemBase", "TandemEdits", "TandemJSON", "TandemProtocol", "TandemTestSupport"]),
        tests("TandemStore", ["CLinux", "TandemBase", "TandemEdits", "TandemStore", "TandemTestSupport"]),
        tests("TandemService", ["TandemService", "TandemTestSupport"]),
        tests("TandemClient", ["TandemClient", "TandemTestSupport"]),
        tests("TandemCLI", ["tandem", "TandemTestSupport"], exclude: ["Golden"]),
        tests(
            "OpenAIAdapter",
            ["tandem-http", "TandemBase", "TandemClient", "TandemJSON", "TandemProtocol", "TandemTestSupport"]),
        tests(
            "Integration",
            [
                "tandem", "tandem-http", "tandemd", "TandemClient", "TandemEdits", "TandemJSON", "TandemStore",
                "TandemTestSupport",
            ]),
    ],
    cxxLanguageStandard: .cxx20
)

// Fuzzing needs flags that no other build may have: Fuzz/README.md. A fuzzer is a folder there and a line here.
if Context.environment["TANDEM_FUZZ"] != nil {
    let flags = ["-sanitize=fuzzer,address"]
    for target in package.targets where target.type == .regular && target.name.hasPrefix("Tandem") {
        target.swiftSettings = strict + [.unsafeFlags(flags)]
    }
    let fuzzers = [
        ("configuration", "TandemService"), ("edits", "TandemEdits"), ("framing", "TandemProtocol"),
        ("json", "TandemJSON"),
        ("sse", "TandemHTTP"),
    ]
    for (folder, target) in fuzzers {
        package.targets.append(
            .executableTarget(
                name: "fuzz-\(folder)", dependencies: [.byName(name: target)], path: "Fuzz/\(folder)",
                exclude: ["corpus", "dictionary"],
                swiftSettings: strict + [.unsafeFlags(flags)],
                linkerSettings: [.unsafeFlags(flags + ["-use-ld=lld"])]))
    }
}

// Replaying commits (Tests/TandemEditsTests/CommitReplayTests.swift) wants an optimised build, and of little.
if Context.environment["TANDEM_REPLAY_REPO"] != nil {
    let needed = [
        "CLinux", "CCrypto", "CSystemd", "TandemBase", "TandemJSON", "TandemProtocol", "TandemLoop", "TandemEdits",
        "TandemTestSupport", "TandemEditsTests",
    ]
    package.products = []
    package.targets.removeAll { !needed.contains($0.name) }
}
