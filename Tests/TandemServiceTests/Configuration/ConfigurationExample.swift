import TandemService

enum ConfigurationExample {
    /// What is behind the "#" of every line that is not prose ("# …").
    static func uncomment(_ sample: String) -> String {
        sample.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("#") && !$0.hasPrefix("# ") ? $0.dropFirst() : $0 }
            .joined(separator: "\n")
    }

    /// The example block of the configuration's specification, word for word.
    static let text = ##"""
        default_model = "auto"

        [providers.groq]                      # name is yours
        kind = "openai"                       # openai | anthropic | gemini | runloop | llama | offline
        preset = "groq"                       # fills base_url, key variable; presets: openai groq deepseek openrouter together mistral cerebras fireworks gemini anthropic ollama lmstudio vllm llama-server runloop
        base_url = "https://api.groq.com/openai/v1"
        api_key = { env = "GROQ_API_KEY" }    # or { credential = "groq" } (systemd LoadCredential), { file = "~/.groq" } (must be 0600), { command = ["pass","groq"] }
        enabled = true                        # env TANDEM_GROQ_ENABLED=false wins, and so does setProvider
        connect_timeout = "2s"
        first_token_timeout = "20s"           # then the next candidate
        idle_timeout = "30s"                  # between two pieces of a stream
        max_in_flight = 64
        limit = { requests = "30/1m", tokens = "6000/1m" }   # the provider's own quota, honoured before it says 429

        [providers.runloop]                   # `ollama run` in a devbox, prompt on stdin, never through the shell
        kind = "runloop"
        devbox = { env = "RUNLOOP_DEVBOX_ID" }   # RUNLOOP_DEVOX_ID is read too
        blueprint = { env = "QWEN_OLLAMA_BLUEPRINT_ID" }  # used to create a devbox when none is given
        api_key = { env = "RUNLOOP_API_KEY" }
        command = "ollama run qwen2.5-coder"

        [providers.local]                     # a llama.cpp server, started on demand, stopped when idle
        kind = "llama"
        command = ["llama-server", "--model", "{model_path}", "--port", "{port}"]
        model_path = { env = "LANGUAGE_MODEL_PATH" }
        idle_stop = "10m"

        [models.qwen-coder]
        provider = "groq"
        model = "qwen-2.5-coder-32b"
        price = { input = 0.79, output = 0.79 }     # USD per million tokens; cached_input too
        context = 131072
        fallbacks = ["llama-70b"]
        aliases = ["gpt-4o", "gpt-4o-2024-08-06", "gpt-3.5-turbo"]
        limits = { temperature = 0.2 }              # defaults merged under the request's own members

        [models.r1sonqwen]                    # reason, then code
        workflow = "chain"
        reasoner = "deepseek-r1"
        coder = "qwen-coder"
        reasoning_cache = { ttl = "30m", entries = 100 }
        depth = "medium"                      # low | medium | high, or reasoning.depth in the request
        instructions = "…"                    # or reasoning.instructions in the request

        [models.auto]                         # code or not, draft or polish
        workflow = "route"
        code = "qwen-runloop"
        code_share = 0.5                      # A/B: the share of code requests that go to `code`; sticky per session
        general = "llama-70b"
        polish = { model = "llama-70b", min_length = 50, max_tokens = 2000 }
        attribution = false                   # true: "_Powered by Qwen (local) + Groq (polish)_" under the answer

        [models.expert]                       # a small router with a tool loop; code by the code model
        workflow = "expert"
        router = "phi-3-local"
        coder = "qwen-1.5b-local"
        dual_model = true                     # env DUAL_MODEL_MODE=false: the coder alone
        tools = ["generate_code", "read_file", "list_files", "search"]
        max_rounds = 8

        [models.assistant]                    # escalate on the model's own signal
        workflow = "escalate"
        default = "llama-70b"
        reasoning = "deepseek-r1"
        signal = "[USE_REASONING_MODEL]"
        enabled = true
        notify_user = true

        [plan]
        planner = "deepseek-v3"
        executor = "qwen-7b"
        verifier = "deepseek-v3"
        mode = "adaptive"

        [verifiers.pytest]
        command = ["python3", "-m", "pytest", "-q"]
        timeout = "2m"

        [limits]                              # per peer uid and `user`; what is shown here as reasoning_* are the defaults, the others default to "none"
        user = "60/1m"
        global = "600/1m"
        reasoning_user = "2/300s"
        reasoning_global = "none"
        message_bytes = "32MiB"

        [budget]                              # default: none
        daily_usd = 5.0
        monthly_usd = 50.0

        [breaker]                             # per provider and model; any provider may override it
        window = "5m"
        error_rate = 0.5
        min_samples = 5
        open_for = "30m"
        half_open_probes = 1

        [cache.responses]
        enabled = false                       # exact repeats; only when temperature is 0 or cache = "use" was asked for
        ttl = "1h"
        entries = 1000

        [daemon]
        idle_exit = "10m"
        retain = { history = "90d", transactions = "30d" }
        state_dir = "…"                       # STATE_DIRECTORY, else XDG_STATE_HOME/tandem

        [access]
        users = []
        groups = []
        roots = ["~"]                         # executePlan stays below these
        """##
}
