#compdef tandem
# zsh completion for tandem, made by 'tandem completion zsh'
_tandem_models() { local -a models; models=(${(f)"$(tandem models --json 2>/dev/null | grep -o '"name":"[A-Za-z0-9._:/@+-]*"' | cut -d'"' -f4)"}); compadd -a models }
_tandem() {
    local context state line
    _arguments -C '(-h --help)'{-h,--help}'[show help]' '--socket[where tandemd listens]:path:_files' '(-)1:command:->command' '(-)*::argument:->argument'
    case $state in
    command)
        local -a commands=(
            'chat:ask a model or a two-model workflow'
            'plan:have a planner model write an edit plan; changes nothing'
            'apply:carry an edit plan out, all or nothing'
            'solve:plan and apply in one go'
            'undo:take back what apply or solve changed'
            'transactions:list what apply, solve and undo changed, newest first'
            'escalate:ask the reasoning model, under its own limits'
            'models:list the models and workflows that can be asked'
            'route:say which models a prompt would use, and why; sends nothing'
            'status:show what the daemon is doing: providers, caches, memory'
            'top:watch the daemon at work; q leaves'
            'stats:add the ledger up: requests, tokens, cost, latency'
            'history:list earlier requests, newest first'
            'feedback:say how good an answer was; it shows in '\''tandem stats'\'''
            'bench:run two models over the same prompts and compare them'
            'providers:list the providers; switch one on or off, or reset its breaker'
            'cache:show the caches, or empty them'
            'call:call any method of the daemon, for scripts'
            'config:check, find, show, edit or begin the configuration'
            'doctor:look for what is wrong and say what to do'
            'logs:show the daemon'\''s log'
            'completion:print completions for a shell'
            'stdio:speak raw JSON-RPC on stdin and stdout, for editors'
            'acp:speak the Agent Client Protocol, for Zed, JetBrains, Emacs and Neovim'
            'lsp:be a language server whose code actions fix, explain and change code'
            'mcp:serve the Model Context Protocol on stdin and stdout'
            'http:serve an OpenAI-compatible endpoint'
            'version:show the versions of tandem and of the protocol'
            'help:show help for a command'
        )
        _describe command commands ;;
    argument)
        case $words[1] in
        chat) _arguments -s \
            '(-m --model)'{-m,--model}'[the model or workflow to ask (default\: the configured one)]:model:_tandem_models' \
            '*'{-f,--file}'[attach a text file or an image; may be repeated]:file:_files' \
            '(-s --session)'{-s,--session}'[go on with a conversation kept by the daemon, or begin it]:session: ' \
            '(-c --continue)'{-c,--continue}'[go on with the last conversation]' \
            '--system[the system message]:text: ' \
            '(-t --temperature)'{-t,--temperature}'[0 for the likeliest words, up to 2 for wilder ones]:number: ' \
            '--max-tokens[the longest answer, in tokens]:n: ' \
            '--reasoning[how far the reasoning goes]:value:(low medium high)' \
            '--cache[what to do with cached answers]:value:(use refresh bypass only)' \
            '--timeout[give up after this long, for example 90s]:duration: ' \
            '--no-stream[print the answer when it is complete]' \
            '--json[print the result as JSON]' \
            '--jsonl[print the events and the result as JSON, one a line]' \
            '(-v --verbose)'{-v,--verbose}'[tell models, tokens, cost and time on stderr even when it is no terminal]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '*:text: ' ;;
        plan) _arguments -s \
            '(-C --root)'{-C,--root}'[the folder to work on (default\: the current one)]:file:_files' \
            '*'{-f,--file}'[show the planner these files, paths or globs below the root; may be repeated]:glob: ' \
            '(-m --model)'{-m,--model}'[the planner (default\: the configured one)]:model:_tandem_models' \
            '--context-tokens[how much of the files the planner is shown at most]:n: ' \
            '--timeout[give up after this long, for example 90s]:duration: ' \
            '--json[print the result as JSON]' \
            '--jsonl[print the events and the result as JSON, one a line]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '*:text: ' ;;
        apply) _arguments -s \
            '(-C --root)'{-C,--root}'[the folder to work on (default\: the current one)]:file:_files' \
            '(-n --dry-run)'{-n,--dry-run}'[show the diff and change nothing]' \
            '(-y --yes)'{-y,--yes}'[change the tree without asking]' \
            '(-i --interactive)'{-i,--interactive}'[ask for each file\: yes, no, all the rest, quit]' \
            '--mode[how far models help (default\: adaptive)]:value:(adaptive hybrid sequential)' \
            '--verify[none, syntax (default), model, or a verifier of the configuration]:name: ' \
            '--skip[apply what can be applied and report the rest, instead of all or nothing]' \
            '--timeout[give up after this long, for example 90s]:duration: ' \
            '--json[print the result as JSON]' \
            '--jsonl[print the events and the result as JSON, one a line]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        solve) _arguments -s \
            '(-C --root)'{-C,--root}'[the folder to work on (default\: the current one)]:file:_files' \
            '*'{-f,--file}'[show the planner these files, paths or globs below the root; may be repeated]:glob: ' \
            '(-m --model)'{-m,--model}'[the planner (default\: the configured one)]:model:_tandem_models' \
            '--context-tokens[how much of the files the planner is shown at most]:n: ' \
            '(-n --dry-run)'{-n,--dry-run}'[show the diff and change nothing]' \
            '(-y --yes)'{-y,--yes}'[change the tree without asking]' \
            '(-i --interactive)'{-i,--interactive}'[ask for each file\: yes, no, all the rest, quit]' \
            '--mode[how far models help (default\: adaptive)]:value:(adaptive hybrid sequential)' \
            '--verify[none, syntax (default), model, or a verifier of the configuration]:name: ' \
            '--skip[apply what can be applied and report the rest, instead of all or nothing]' \
            '--timeout[give up after this long, for example 90s]:duration: ' \
            '--json[print the result as JSON]' \
            '--jsonl[print the events and the result as JSON, one a line]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '*:text: ' ;;
        undo) _arguments -s \
            '(-C --root)'{-C,--root}'[the folder to work on (default\: the current one)]:file:_files' \
            '(-n --dry-run)'{-n,--dry-run}'[show the diff and change nothing]' \
            '(-y --yes)'{-y,--yes}'[change the tree without asking]' \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        transactions) _arguments -s \
            '(-n --limit)'{-n,--limit}'[at most so many (default\: 20)]:n: ' \
            '(-C --root)'{-C,--root}'[only those of this folder]:file:_files' \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        escalate) _arguments -s \
            '(-r --request)'{-r,--request}'[take up an earlier chat by its request id; last for the newest one]:id: ' \
            '(-m --model)'{-m,--model}'[the escalating workflow (default\: the configured one)]:model:_tandem_models' \
            '--reasoning[how far the reasoning goes]:value:(low medium high)' \
            '--timeout[give up after this long, for example 90s]:duration: ' \
            '--no-stream[print the answer when it is complete]' \
            '--json[print the result as JSON]' \
            '--jsonl[print the events and the result as JSON, one a line]' \
            '(-v --verbose)'{-v,--verbose}'[tell models, tokens, cost and time on stderr even when it is no terminal]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '*:text: ' ;;
        models) _arguments -s \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        route) _arguments -s \
            '(-m --model)'{-m,--model}'[as if this model were asked]:model:_tandem_models' \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        status) _arguments -s \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        top) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        stats) _arguments -s \
            '--since[only from this time on\: 24h, 7d, or 2026-11-20T08\:00\:00Z]:time: ' \
            '--until[only before this time]:time: ' \
            '--by[what a line stands for (default\: model)]:value:(provider model workflow day user)' \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        history) _arguments -s \
            '(-n --limit)'{-n,--limit}'[at most so many (default\: 20)]:n: ' \
            '(-s --session)'{-s,--session}'[only those of this conversation]:session: ' \
            '--request[only this request, with its steps]:id: ' \
            '--before[only those before this request]:id: ' \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        feedback) _arguments -s \
            '(-m --comment)'{-m,--comment}'[why]:text: ' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        bench) _arguments -s \
            '(-a --against)'{-a,--against}'[the workflow or model to compare it with]:name: ' \
            '(-f --file)'{-f,--file}'[the prompts\: JSON lines with prompt, text or messages]:file:_files' \
            '(-j --judge)'{-j,--judge}'[have this model say which of two answers is better]:model:_tandem_models' \
            '--timeout[give up after this long, for example 90s]:duration: ' \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '1:value:(workflow)' ;;
        providers) _arguments -s \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '1:value:(enable disable reset)' ;;
        cache) _arguments -s \
            '--json[print the result as JSON]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '1:value:(clear)' ;;
        call) _arguments -s \
            '--stream[ask for events and print them too, one a line, before the result]' \
            '--timeout[give up after this long (default\: never)]:duration: ' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        config) _arguments -s \
            '--config[this file instead of the usual one]:file:_files' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '1:value:(check path show edit init)' ;;
        doctor) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        logs) _arguments -s \
            '(-f --follow)'{-f,--follow}'[go on as the log grows]' \
            '(-n --lines)'{-n,--lines}'[the last so many lines (default\: 100)]:n: ' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        completion) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '1:value:(bash zsh fish)' ;;
        stdio) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        acp) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        lsp) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        mcp) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        http) _arguments -s \
            '--listen[HOST\:PORT or the path of a Unix socket (default\: 127.0.0.1\:4141)]:address: ' \
            '--show-token[print the bearer token that TCP clients have to send]' \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        version) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' ;;
        help) _arguments -s \
            '--socket[where tandemd listens (default\: $TANDEM_SOCKET, else it is searched for)]:file:_files' \
            '(-h --help)'{-h,--help}'[show this help]' \
            '1:value:(chat plan apply solve undo transactions escalate models route status top stats history feedback bench providers cache call config doctor logs completion stdio acp lsp mcp http version help)' ;;
        esac ;;
    esac
}
_tandem "$@"
