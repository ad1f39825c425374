extension LexiconTerms {
    /// Words of programming, query and markup syntax; they count only where syntax puts them.
    static let syntax: [(meaning: WordMeaning, terms: String)] = [
        (
            .codeExtension,
            """
            py, js, ts, jsx, tsx, mjs, cjs, rs, go, java, kt, swift, c, h, cc, cpp, cxx, hpp, cs, fs, vb, rb, php
            pl, pm, lua, sh, bash, zsh, ps1, bat, cmd, sql, html, htm, css, scss, less, vue, svelte, json, jsonl
            yaml, yml, toml, ini, cfg, conf, env, xml, xsl, xsd, wsdl, csproj, sln, gradle, cmake, mk, dockerfile
            tf, hcl, proto, graphql, ipynb, r, rmd, jl, m, mm, hs, ml, ex, exs, erl, clj, scala, asm, s, wasm, so
            dll, exe, jar, war, lock, gitignore, htaccess, service, log, sol, dart, gd, glsl, vert, frag, el, vim
            csv
            """
        ),
        (
            .markupTag,
            """
            a, b, p, br, hr, div, span, ul, ol, li, h1, h2, h3, h4, table, tr, td, th, tbody, thead, form, input
            button, label, select, option, script, style, link, meta, head, body, html, img, svg, g, path, nav
            header, footer, section, main, article, canvas, iframe, video, template, textarea, pre, code, dependency
            plugin, bean, configuration, string, view, text, project, target, router-view
            """
        ),
        (
            .lineKeyword,
            """
            def, class, import, from, return, const, let, var, public, private, protected, static, func, fn
            function, if, for, while, elif, else, switch, case, package, using, namespace, struct, enum, interface
            impl, trait, use, pub, void, int, float, double, char, bool, string, auto, try, catch, except, finally
            print, printf, echo, export, module, require, include, async, await, type, template, end, local, foreach
            unsigned, long, final, abstract, override, val, fun, begin, set, proc, data, throw, raise, with, match
            do
            """
        ),
        (
            .sqlKeyword,
            """
            select, from, where, join, insert, into, update, delete, create, alter, drop, table, group, order
            having, distinct, union, values, inner, left, right, outer, limit, with, over, partition
            """
        ),
        (
            .latexCommand,
            """
            frac, dfrac, tfrac, sum, prod, int, sqrt, alpha, beta, gamma, delta, theta, lambda, pi, sigma, omega
            epsilon, mathbb, mathbf, mathcal, mathrm, text, circ, cdot, times, leq, geq, le, ge, neq, infty, in
            subset, cup, cap, forall, exists, to, lim, log, ln, sin, cos, tan, left, right, begin, end, partial
            nabla, vec, hat, overline, binom, equiv, pmod, angle, triangle, ldots, dots, pm, div
            """
        ),
        (
            .latexMarkup,
            """
            documentclass, usepackage, hline, toprule, midrule, includegraphics, bibliography, newcommand, caption
            multicolumn, section, subsection, item, maketitle, centering, tabular, figure, itemize, enumerate
            minipage, tikzpicture, textbf, textit, cite, ref, label, lstlisting, verbatim
            """
        ),
        (
            .brand,
            """
            youtube, iphone, ipad, ebay, linkedin, paypal, openai, chatgpt, deepmind, mcdonald, mcdonalds, tiktok
            whatsapp, facebook, imessage, wechat, airbnb, doordash, spacex, icloud, ios, macos, macbook, playstation
            nasdaq, mrna, iq, phd, bsc, genai, blackrock, goldmansachs, mastercard, fedex, walmart, hubspot
            salesforce, wordpress, starcraft, minecraft, startup, usd, llm, llms, nato, covid, mckinsey
            """
        ),
    ]
}
