extension Configuration {
    /// What `tandem config init` writes: everything commented out, so that it changes nothing until it is edited.
    /// A line that begins with "# " is prose; without its "#", every other line is configuration.
    package static let defaultConfigurationFile = """
        # Tandem's configuration (TOML); `tandem config check` names its faults.
        # Without any of this, providers are found by their environment variables (GROQ_API_KEY, OPENAI_API_KEY, …)
        # or by a local server that answers (Ollama, llama-server); the last resort is the `offline` provider.
        # Files in conf.d/*.toml beside this one are merged over it in name order.
        # Durations are "300ms", "2s", "5m", "1h", "30d"; rates are "count/duration"; sizes "8MiB".

        # The model of a request that names none: a name below, an alias, or provider/model.
        #default_model = "auto"

        # ---- Providers: who answers. The name is yours. ----

        #[providers.groq]
        # kind: openai | anthropic | gemini | runloop | llama | offline. A preset fills in kind, base_url and key:
        # openai groq deepseek openrouter together mistral cerebras fireworks gemini anthropic runloop
        # ollama lmstudio vllm llama-server
        #kind = "openai"
        #preset = "groq"
        #base_url = "https://api.groq.com/openai/v1"
        # Where the key is, never the key itself. Also: { credential = "groq" } (systemd LoadCredential),
        # { file = "~/.groq" } (mode 0600), { command = ["pass", "groq"] }
        #api_key = { env = "GROQ_API_KEY" }
        # TANDEM_GROQ_ENABLED=false in the environment wins.
        #enabled = true
        #connect_timeout = "2s"
        # No first piece of an answer after this long: the next candidate is asked.
        #first_token_timeout = "20s"
        # Between two pieces of a stream.
        #idle_timeout = "30s"
        #max_in_flight = 64
        # The provider's own quota, honoured before it says 429.
        #limit = { requests = "30/1m", tokens = "6000/1m" }

        # A command in a devbox that gets the prompt on its standard input.
        #[providers.runloop]
        #kind = "runloop"
        #devbox = { env = "RUNLOOP_DEVBOX_ID" }
        # Used to create a devbox when none is given.
        #blueprint = { env = "QWEN_OLLAMA_BLUEPRINT_ID" }
        #api_key = { env = "RUNLOOP_API_KEY" }
        #command = "ollama run qwen2.5-coder"

        # A llama.cpp server, started on demand, stopped when idle.
        #[providers.local]
        #kind = "llama"
        #command = ["llama-server", "--model", "{model_path}", "--port", "{port}"]
        #model_path = { env = "LANGUAGE_MODEL_PATH" }
        #idle_stop = "10m"

        # ---- Models: what clients ask for by name. ----

        #[models.llama-70b]
        #provider = "groq"
        #model = "llama-3.3-70b-versatile"

        #[models.deepseek-r1]
        #provider = "groq"
        #model = "deepseek-r1-distill-llama-70b"

        #[models.qwen-coder]
        #provider = "groq"
        #model = "qwen-2.5-coder-32b"
        # USD per million tokens.
        #price = { input = 0.79, output = 0.79, cached_input = 0.4 }
        #context = 131072
        # Asked in this order when the model fails.
        #fallbacks = ["llama-70b"]
        #aliases = ["gpt-4o", "gpt-4o-2024-08-06", "gpt-3.5-turbo"]
        # Merged under the request's own members.
        #limits = { temperature = 0.2 }

        # Reason, then code.
        #[models.r1sonqwen]
        #workflow = "chain"
        #reasoner = "deepseek-r1"
        #coder = "qwen-coder"
        #reasoning_cache = { ttl = "30m", entries = 100 }
        # low | medium | high
        #depth = "medium"
        #instructions = "Analyse the request, break it down, outline a strategy. Write no code."

        # Code or not; draft, check, polish.
        #[models.auto]
        #workflow = "route"
        #code = "qwen-coder"
        # The share of code requests that go to `code`; the rest is the other arm of an A/B test.
        #code_share = 1.0
        #general = "llama-70b"
        #polish = { model = "llama-70b", min_length = 50, max_tokens = 2000 }
        #attribution = false

        # A small router with a tool loop; code by the code model. DUAL_MODEL_MODE=false: the coder alone.
        #[models.expert]
        #workflow = "expert"
        #router = "llama-70b"
        #coder = "qwen-coder"
        #dual_model = true
        #tools = ["generate_code", "read_file", "list_files", "search"]
        #max_rounds = 8

        # Escalate on the model's own signal.
        #[models.assistant]
        #workflow = "escalate"
        #default = "llama-70b"
        #reasoning = "deepseek-r1"
        #signal = "[USE_REASONING_MODEL]"
        #enabled = true
        #notify_user = true

        # ---- Plans and edits. ----

        #[plan]
        #planner = "deepseek-r1"
        #executor = "qwen-coder"
        #verifier = "deepseek-r1"
        # adaptive | hybrid | sequential
        #mode = "adaptive"

        #[verifiers.pytest]
        #command = ["python3", "-m", "pytest", "-q"]
        #timeout = "2m"

        # ---- Limits, budgets, breakers, caches. ----

        # Per peer uid and `user`; "none" is no limit.
        #[limits]
        #user = "none"
        #global = "none"
        #reasoning_user = "2/300s"
        #reasoning_global = "none"
        #message_bytes = "32MiB"
        #write_stall = "30s"
        #outbound_bytes = "8MiB"

        #[budget]
        #daily_usd = 5.0
        #monthly_usd = 50.0

        # Per provider and model; any provider may override it: [providers.groq.breaker]
        #[breaker]
        #window = "5m"
        #error_rate = 0.5
        #min_samples = 5
        #open_for = "30m"
        #half_open_probes = 1

        # Exact repeats; only when temperature is 0 or cache = "use" was asked for.
        #[cache.responses]
        #enabled = false
        #ttl = "1h"
        #entries = 1000

        # ---- The daemon. ----

        #[daemon]
        #idle_exit = "10m"
        #drain_timeout = "5s"
        #retain = { history = "90d", transactions = "30d" }
        #state_dir = "~/.local/state/tandem"

        # Whether the history keeps prompts and answers.
        #[history]
        #content = false

        # Who may connect besides you and root, and where plans may be carried out. A daemon that runs as root takes
        # the rights of whoever asks, and ~ is then also that account's home.
        #[access]
        #users = []
        #groups = []
        #roots = ["~"]

        """
}
