# bash completion for tandem, made by 'tandem completion bash'
_tandem() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == --socket ]]; then ((i++)); elif [[ $word != -* ]]; then command=$word; break; fi
    done
    case $command:$prev in
        chat:--model | chat:-m) COMPREPLY=($(compgen -W "$(tandem models --json 2>/dev/null | grep -o '"name":"[A-Za-z0-9._:/@+-]*"' | cut -d'"' -f4)" -- "$cur")); return ;;
        chat:--file | chat:-f) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        chat:--session | chat:-s) return ;;
        chat:--system) return ;;
        chat:--temperature | chat:-t) return ;;
        chat:--max-tokens) return ;;
        chat:--reasoning) COMPREPLY=($(compgen -W 'low medium high' -- "$cur")); return ;;
        chat:--cache) COMPREPLY=($(compgen -W 'use refresh bypass only' -- "$cur")); return ;;
        chat:--timeout) return ;;
        chat:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        plan:--root | plan:-C) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        plan:--file | plan:-f) return ;;
        plan:--model | plan:-m) COMPREPLY=($(compgen -W "$(tandem models --json 2>/dev/null | grep -o '"name":"[A-Za-z0-9._:/@+-]*"' | cut -d'"' -f4)" -- "$cur")); return ;;
        plan:--context-tokens) return ;;
        plan:--timeout) return ;;
        plan:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        apply:--root | apply:-C) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        apply:--mode) COMPREPLY=($(compgen -W 'adaptive hybrid sequential' -- "$cur")); return ;;
        apply:--verify) return ;;
        apply:--timeout) return ;;
        apply:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        solve:--root | solve:-C) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        solve:--file | solve:-f) return ;;
        solve:--model | solve:-m) COMPREPLY=($(compgen -W "$(tandem models --json 2>/dev/null | grep -o '"name":"[A-Za-z0-9._:/@+-]*"' | cut -d'"' -f4)" -- "$cur")); return ;;
        solve:--context-tokens) return ;;
        solve:--mode) COMPREPLY=($(compgen -W 'adaptive hybrid sequential' -- "$cur")); return ;;
        solve:--verify) return ;;
        solve:--timeout) return ;;
        solve:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        undo:--root | undo:-C) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        undo:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        transactions:--limit | transactions:-n) return ;;
        transactions:--root | transactions:-C) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        transactions:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        escalate:--request | escalate:-r) return ;;
        escalate:--model | escalate:-m) COMPREPLY=($(compgen -W "$(tandem models --json 2>/dev/null | grep -o '"name":"[A-Za-z0-9._:/@+-]*"' | cut -d'"' -f4)" -- "$cur")); return ;;
        escalate:--reasoning) COMPREPLY=($(compgen -W 'low medium high' -- "$cur")); return ;;
        escalate:--timeout) return ;;
        escalate:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        models:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        route:--model | route:-m) COMPREPLY=($(compgen -W "$(tandem models --json 2>/dev/null | grep -o '"name":"[A-Za-z0-9._:/@+-]*"' | cut -d'"' -f4)" -- "$cur")); return ;;
        route:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        status:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        top:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        stats:--since) return ;;
        stats:--until) return ;;
        stats:--by) COMPREPLY=($(compgen -W 'provider model workflow day user' -- "$cur")); return ;;
        stats:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        history:--limit | history:-n) return ;;
        history:--session | history:-s) return ;;
        history:--request) return ;;
        history:--before) return ;;
        history:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        feedback:--comment | feedback:-m) return ;;
        feedback:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        bench:--against | bench:-a) return ;;
        bench:--file | bench:-f) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        bench:--judge | bench:-j) COMPREPLY=($(compgen -W "$(tandem models --json 2>/dev/null | grep -o '"name":"[A-Za-z0-9._:/@+-]*"' | cut -d'"' -f4)" -- "$cur")); return ;;
        bench:--timeout) return ;;
        bench:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        providers:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        cache:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        call:--timeout) return ;;
        call:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        config:--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        config:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        doctor:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        logs:--lines | logs:-n) return ;;
        logs:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        completion:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        stdio:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        acp:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        lsp:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        mcp:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        http:--listen) return ;;
        http:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        version:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        help:--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    case $command in
        '') COMPREPLY=($(compgen -W 'chat plan apply solve undo transactions escalate models route status top stats history feedback bench providers cache call config doctor logs completion stdio acp lsp mcp http version help --help --version --socket' -- "$cur")) ;;
        chat) COMPREPLY=($(compgen -W '--model --file --session --continue --system --temperature --max-tokens --reasoning --cache --timeout --no-stream --json --jsonl --verbose --socket --help' -- "$cur")); return ;;
        plan) COMPREPLY=($(compgen -W '--root --file --model --context-tokens --timeout --json --jsonl --socket --help' -- "$cur")); return ;;
        apply) COMPREPLY=($(compgen -W '--root --dry-run --yes --interactive --mode --verify --skip --timeout --json --jsonl --socket --help' -- "$cur")); return ;;
        solve) COMPREPLY=($(compgen -W '--root --file --model --context-tokens --dry-run --yes --interactive --mode --verify --skip --timeout --json --jsonl --socket --help' -- "$cur")); return ;;
        undo) COMPREPLY=($(compgen -W '--root --dry-run --yes --json --socket --help' -- "$cur")); return ;;
        transactions) COMPREPLY=($(compgen -W '--limit --root --json --socket --help' -- "$cur")); return ;;
        escalate) COMPREPLY=($(compgen -W '--request --model --reasoning --timeout --no-stream --json --jsonl --verbose --socket --help' -- "$cur")); return ;;
        models) COMPREPLY=($(compgen -W '--json --socket --help' -- "$cur")); return ;;
        route) COMPREPLY=($(compgen -W '--model --json --socket --help' -- "$cur")); return ;;
        status) COMPREPLY=($(compgen -W '--json --socket --help' -- "$cur")); return ;;
        top) COMPREPLY=($(compgen -W '--socket --help' -- "$cur")); return ;;
        stats) COMPREPLY=($(compgen -W '--since --until --by --json --socket --help' -- "$cur")); return ;;
        history) COMPREPLY=($(compgen -W '--limit --session --request --before --json --socket --help' -- "$cur")); return ;;
        feedback) COMPREPLY=($(compgen -W '--comment --socket --help' -- "$cur")); return ;;
        bench) COMPREPLY=($(compgen -W 'workflow --against --file --judge --timeout --json --socket --help' -- "$cur")); return ;;
        providers) COMPREPLY=($(compgen -W 'enable disable reset --json --socket --help' -- "$cur")); return ;;
        cache) COMPREPLY=($(compgen -W 'clear --json --socket --help' -- "$cur")); return ;;
        call) COMPREPLY=($(compgen -W '--stream --timeout --socket --help' -- "$cur")); return ;;
        config) COMPREPLY=($(compgen -W 'check path show edit init --config --socket --help' -- "$cur")); return ;;
        doctor) COMPREPLY=($(compgen -W '--socket --help' -- "$cur")); return ;;
        logs) COMPREPLY=($(compgen -W '--follow --lines --socket --help' -- "$cur")); return ;;
        completion) COMPREPLY=($(compgen -W 'bash zsh fish --socket --help' -- "$cur")); return ;;
        stdio) COMPREPLY=($(compgen -W '--socket --help' -- "$cur")); return ;;
        acp) COMPREPLY=($(compgen -W '--socket --help' -- "$cur")); return ;;
        lsp) COMPREPLY=($(compgen -W '--socket --help' -- "$cur")); return ;;
        mcp) COMPREPLY=($(compgen -W '--socket --help' -- "$cur")); return ;;
        http) COMPREPLY=($(compgen -W '--listen --show-token --socket --help' -- "$cur")); return ;;
        version) COMPREPLY=($(compgen -W '--socket --help' -- "$cur")); return ;;
        help) COMPREPLY=($(compgen -W 'chat plan apply solve undo transactions escalate models route status top stats history feedback bench providers cache call config doctor logs completion stdio acp lsp mcp http version help --socket --help' -- "$cur")); return ;;
    esac
}
complete -o default -F _tandem tandem
