/// The classifier's vocabulary, by meaning. It is knowledge of the field, not of any prompt set: names of languages,
/// libraries and tools, and how people word requests. Terms of one or two words; plurals need no entry.
enum LexiconTerms {
    static let all: [(meaning: WordMeaning, terms: String)] = technology + requests + subjects + syntax + otherLanguages

    private static let technology: [(meaning: WordMeaning, terms: String)] = [
        (
            .language,
            """
            python, python2, python3, javascript, typescript, c++, c#, f#, cpp, csharp, golang, kotlin, haskell
            erlang, elixir, clojure, ocaml, fortran, cobol, matlab, octave, perl, raku, php, sql, mysql, postgresql
            postgres, sqlite, plsql, tsql, t-sql, html, html5, css, css3, scss, sass, bash, zsh, powershell, vba
            vbs, vbscript, vb.net, graphql, cypher, sparql, promql, logql, kql, jq, awk, sed, lua, luau, gdscript
            glsl, hlsl, wgsl, cuda, opencl, opengl, verilog, systemverilog, vhdl, solidity, vyper, prolog, datalog
            lisp, elisp, nasm, masm, cmake, makefile, dockerfile, hcl, jinja, jinja2, handlebars, xaml, xslt, xpath
            xquery, jsonpath, regex, regexp, dax, abap, apex, autohotkey, applescript, autoit, asm, x86-64, x86
            wasm, webassembly, nodejs, node.js, js, ts, py, objective-c, objectivec, dplyr, ggplot, rstudio, vbnet
            asp.net, .net, dotnet, emacs-lisp, openscad, processing.js, jcl, codeql, soql, ksql, nosql, mermaid
            graphviz, plantuml, pinescript, mql4, mql5, renpy, rscript, jsx, tsx, svg, micropython, cython
            shellscript, psql, gawk, purescript, reasonml, coffeescript, actionscript, pyspark, sparksql, cocotb
            pseudocode, mongosh, pl/sql, visual basic, power query, power fx, pine script, transact sql, emacs lisp
            common lisp, objective c, google sheets, apps script, batch file, shell script, bash script
            shell command, bash command, java script, assembly language, assembly code, regular expression, r shiny
            ptyhon, pyhton, phyton, javscript, javasript, bigquery, lua script
            """
        ),
        (
            .ambiguousLanguage,
            """
            java, rust, swift, ruby, scala, dart, julia, scheme, racket, crystal, nim, zig, elm, ada, pascal, delphi
            basic, assembly, shell, go, c, r, d, j, sas, stata, spss, apl, eiffel, groovy, chapel, idris, scratch
            smalltalk, forth, tcl, mojo, gleam, vala, latex, tex, markdown, excel, spreadsheet, arduino, unity
            cairo, nix, vim, emacs, processing, gambit, sheets, python, lisp, prolog, apex, cypher
            """
        ),
        (
            .framework,
            """
            django, flask, fastapi, pandas, numpy, scipy, sklearn, scikit-learn, pytorch, tensorflow, keras, jax
            matplotlib, seaborn, plotly, opencv, pillow, selenium, playwright, puppeteer, beautifulsoup, bs4, scrapy
            sqlalchemy, pydantic, celery, pytest, unittest, junit, mockito, jest, mocha, cypress, react, reactjs
            react.js, angular, angularjs, vue, vuejs, vue.js, svelte, nextjs, next.js, nuxt, nuxtjs, jquery
            tailwind, bootstrap, express.js, expressjs, nestjs, laravel, symfony, wordpress, woocommerce, drupal
            magento, codeigniter, hibernate, springboot, rails, sinatra, activerecord, blazor, wpf, winforms, maui
            xamarin, flutter, swiftui, uikit, jetpack, ktor, tokio, actix, axum, serde, rayon, gorm, prisma
            sequelize, mongoose, redux, zustand, pinia, rxjs, d3, d3.js, three.js, threejs, p5.js, p5js, webgl
            webgpu, vulkan, directx, godot, pygame, tkinter, pyqt, pyqt5, pyqt6, pyside, pyside2, pyside6, qt, gtk
            kivy, streamlit, gradio, langchain, llamaindex, huggingface, faiss, gensim, spacy, nltk, xgboost
            lightgbm, catboost, shap, statsmodels, networkx, geopandas, asyncio, aiohttp, uvicorn, gunicorn
            argparse, openpyxl, xlsxwriter, pyodbc, psycopg2, boto3, paramiko, pydub, ffmpeg-python, electron, ionic
            cordova, phonegap, vite, vitest, webpack, babel, eslint, prettier, rollup, deno, bun, axios, socket.io
            websocket, grpc, protobuf, openapi, oauth, oauth2, jwt, mbed, freertos, esp32, esp8266, esp-idf, stm32
            rtos, yfinance, ccxt, web3, ethers.js, web3.js, hardhat, truffle, openzeppelin, discord.py, discord.js
            telethon, aiogram, ggplot2, tidyverse, shiny, knitr, rmarkdown, entityframework, linq, mediatr, autofac
            signalr, nunit, xunit, openxml, hadoop, airflow, dbt, kafka, rabbitmq, redis, mongodb, dynamodb
            cassandra, elasticsearch, neo4j, snowflake, databricks, firestore, firebase, supabase, mariadb, duckdb
            clickhouse, qsqlite, llvm, antlr, openmp, mpi, simulink, labview, roblox, phaser, babylon.js
            transformers.js, tensorrt, onnx, vllm, cupy, numba, polars, pyarrow, playwright-python, libcurl, libuv
            eigen, stl, mfc, win32, directx12, sfml, sdl, sdl2, raylib, ncurses, zeromq, cocoapods, scikit learn
            spring boot, beautiful soup, entity framework, ruby on, react native, three js, next js, node js, vue js
            stable baselines, unreal engine, chart.js, alpine.js, htmx, thymeleaf, vaadin, quarkus, micronaut
            discord api, qtextedit, scheduler.js, material ui, mui, shadcn, inertia, livewire, filament, symfony6
            phpunit, composer.json, nixpkgs, yolo, gan
            """
        ),
        (
            .tool,
            """
            git, github, gitlab, bitbucket, docker, docker-compose, podman, kubernetes, kubectl, k8s, helm
            terraform, ansible, vagrant, puppet, nginx, apache2, httpd, haproxy, traefik, caddy, systemd, systemctl
            journalctl, cron, crontab, cronjob, ssh, scp, rsync, tar, grep, egrep, ripgrep, sudo, apt, apt-get, yum
            dnf, pacman, brew, homebrew, npm, npx, yarn, pnpm, pip, pip3, conda, virtualenv, venv, poetry, cargo
            rustc, gcc, g++, clang, gdb, valgrind, lldb, maven, gradle, msbuild, nuget, composer, bundler, jenkins
            ffmpeg, ffprobe, imagemagick, pandoc, curl, wget, openssl, iptables, nftables, ufw, firewalld, tcpdump
            wireshark, nmap, netcat, tmux, neovim, vscode, xcode, intellij, pycharm, eclipse, jupyter, colab
            visual studio, android studio, chmod, chown, xargs, linux, ubuntu, debian, centos, fedora, archlinux
            wsl, wsl2, lambda, ec2, s3, iam, cloudformation, cloudfront, cloudwatch, route53, gcloud, azure, heroku
            netlify, vercel, cloudflare, prometheus, grafana, loki, datadog, sentry, kibana, logstash, splunk
            nix-shell, nixos, flatpak, snapd, yt-dlp, youtube-dl, jellyfin, tailscale, wireguard, openvpn, samba
            selinux, lvm, zfs, btrfs, registry key, group policy, active directory, github actions, gitlab ci, ci/cd
            makefiles, dockerhub, ollama, llama.cpp, npcap, redshift, sagemaker, kubeflow, argocd, istio, envoy
            consul, vault, nomad, packer, sonarqube, postman, insomnia, swagger, qemu, kvm, proxmox, esxi, vcenter
            bios, grub, uefi, dns, dhcp, proxy_pass, reverse proxy, exiftool, rclone, nvm, pyenv, rbenv
            """
        ),
        (
            .dataFormat,
            """
            json, yaml, yml, toml, xml, csv, tsv, parquet, avro, ini, jsonl, ndjson, geojson, wsdl, xsd, protobuf
            base64, utf-8, utf8, ascii, json schema, env file, config file, configuration file, csv file, json file
            xml file, yaml file, log file, ics
            """
        ),
        (
            .codeConcept,
            """
            dataframe, data frame, codebase, code base, source code, code snippet, pseudo code, boilerplate
            namespace, stdin, stdout, stderr, argv, runtime error, compile error, compiler error, syntax error
            segfault, segmentation fault, null pointer, nullpointerexception, stack trace, stacktrace, traceback
            stack overflow, unit test, unit testing, integration test, test case, linked list, binary tree
            binary search, bubble sort, merge sort, quick sort, quicksort, mergesort, hash map, hashmap, hash table
            hashtable, depth-first, breadth-first, dynamic programming, dijkstra, fizzbuzz, palindrome, recursion
            recursive function, recursively, for loop, while loop, nested loop, if statement, switch statement
            list comprehension, tuple, boolean, bool, enum, enumerate, struct, typedef, malloc, pointer, pointers
            bytestream, bytesio, mutex, semaphore, deadlock, race condition, multithreading, multithreaded
            multiprocessing, coroutine, async, await, promise.all, callback function, closure, decorator
            lambda function, generics, inheritance, polymorphism, constructor, destructor, getter, setter, monad
            functor, iterator, metaclass, mixin, dependency injection, design pattern, singleton, orm, crud
            rest api, restful, api endpoint, endpoint, webhook, middleware, post request, get request, api key
            api call, query string, url parameter, cors, localhost, backend, frontend, front-end, back-end
            fullstack, web scraping, web scraper, scraper, crawler, parser, lexer, tokenizer, compiler, linter
            debugger, interpreter, transpiler, bytecode, opcode, syscall, kernel module, shellcode, shader
            compute shader, vertex shader, fragment shader, flexbox, css grid, navbar, div, iframe, checkbox
            dropdown, viewport, stylesheet, media query, event listener, onclick, dom, virtual dom, state management
            useeffect, usestate, hook form, primary key, foreign key, stored procedure, left join, inner join
            outer join, subquery, common table, window function, group by, order by, where clause, select statement
            sql query, sql code, sql injection, sql statement, database schema, data structure, time complexity
            space complexity, big o, o(n), o(1), command line, command-line, cli, environment variable, cron job
            cron expression, shell scripting, commit message, merge conflict, pull request, git repo, repository
            dockerize, containerize, deploy script, build script, type annotation, type hint, type error, typeerror
            valueerror, keyerror, indexerror, attributeerror, importerror, syntaxerror, modulenotfounderror
            nameerror, runtimeerror, referenceerror, exception handling, try catch, error handling, stacktraces
            linting, memory leak, garbage collector, garbage collection, heap allocation, testbench, flip flop
            finite state, state machine, unit tests, mocking, mock object, integer array, string array, sorted array
            2d array, substring, char, chars, ascii art, hello world, sudoku solver, chess engine, tic tac
            calculator app, to-do app, todo app, guessing game, vlookup, xlookup, sumif, sumifs, countif, countifs
            hlookup, arrayformula, pivot table, conditional formatting, excel formula, excel cells, google sheet
            named range, cell reference, userform, sdk, gui, repl, oop, ide, cpu cache, pre-commit, changelog
            semver, package manager, virtual environment, script tag, html tag, html page, web app, web page
            landing.html, single-page, responsive design, css class, css selector, background-color, z-index
            access token, refresh token, bearer token, discord bot, telegram bot, slack bot, chat bot
            browser extension, chrome extension, visual studio, wordpress plugin, neural net, loss function
            training loop, fine-tune, backpropagation, gradient descent, learning rate, convolutional, hexadecimal
            bitwise, bitmask, endianness, little-endian, checksum, sha256, md5, hash function, hmac, aes-256, rsa
            uuid, code review, code golf, leetcode, hackerrank, codeforces, concatenate, nums, nullptr, undefined
            static site, site generator, htaccess, user agent, http header, http headers, request smuggling, fuzzer
            load balancer, queryset, viewset, serializer, models.py, migration file, schema migration, upsert, etl
            data pipeline, airflow dag, infinite loop, snake game, tetris, pong, last commit, git commit, commits
            all files, files in, files bigger, anagram, anagrams, tikz, i2c, spi, uart, raspberry pi, gpio, mqtt
            volatile, raycasting, slider, toolbar, sierpinski, fractal, mandelbrot, random walk, brute force, big-o
            off-by-one, thread pool, connection pool, primary keys, data class, instance variable, global variable
            local variable, environment variables, class variable, system call, file descriptor, linker error
            linker, static analysis, type safety, nan, argmax, softmax, one-hot, confusion matrix, pixel, pixels
            hamburger menu, login page, login form, registration form, contact form, drop-down, css file
            javascript file, python file, c program, r code, given a, unsorted array, of integers, of strings
            of numbers, even numbers, odd numbers, prime numbers, fibonacci, factorial, nested list, two lists
            two arrays, an array, a tuple, string literal, in place, current directory, home directory
            working directory, file path, file name, file system, ip address, port 80, port 8080, process id
            http status, status code, html form, text file, temp files, log files, excel sheet, two columns, pods
            ingress, cluster role, service account, dark mode, light mode, sticky header, fade in, merge two
            two dictionaries, remove duplicates, duplicate rows, deep copy, deep clone, cannot find, find symbol
            expected identifier, expected expression, before return, undefined reference, symbol not, import error
            no module, module named, list index, index out, out of, not defined, is undefined, connection refused
            permission denied, command not, merge conflicts, latex table, latex code, table in, walk and, svg icon
            readme.md, spread operator, optional chaining, type parameter, expression to, pytest, docstring, dry run
            type system, let var, let and, var and, arrow function, virtual machine, app development
            code generation, if-condition, if condition, unreal, blueprint, hanoi, print all, permutations of, m x
            2d grid, game loop, player controller, spawn, raycast, collider, power shell, json object, sql database
            linked lists, graph traversal, topological sort, knapsack, backtracking, memoization, sliding window
            two pointers, prefix sum, edit distance, n queens, n-queens, sudoku, matrix multiplication
            string matching, caesar cipher, encryption key, socket, sockets, tcp, udp, http, https, url, urls
            webserver, web server, proxy server, hex, octal, ascii, unicode, utf, locale, timezone aware, epoch time
            unix timestamp, cors error, 404 error, 500 error, status 500, dockerfile, image classification
            object detection, word embeddings, vector database, rag pipeline, langchain, prompt template, openai api
            rest, ajax, xmlhttprequest, fetch api, service worker, web worker, local storage, cookies in, csrf, xss
            sqli, buffer overflow, reverse shell, payload, exploit
            """
        ),
    ]

    private static let requests: [(meaning: WordMeaning, terms: String)] = [
        (
            .codeObject,
            """
            function, funtion, code, codes, snippet, algorithm, regex, regexp, regular expression, shader, macro
            makefile, dockerfile, scraper, parser, crawler, fuzzer, unit test, unit tests, test cases, one-liner
            one liner, subroutine, decorator, endpoint, stored procedure, webhook, bash script, shell script
            powershell script, html page, oneliner, pseudocode, configuration file, config file, webpage, web page
            web app, landing page, navbar, compose file, docker-compose, workflow file, cron, crontab, compiler
            interpreter, cli, cli tool, rest api, sdk, client library, addon, add-on, data structure, linked list
            binary tree, hashmap, struct, gui, testbench, smart contract, contract.sol, dag, dataframe, iterator
            json, yaml, css, html
            """
        ),
        (
            .doubtfulObject,
            """
            program, script, class, method, app, application, module, package, tool, template, interface, site
            simulation, calculator, library, server, client, procedure, loop, array, string, wrapper, generator
            simulator, routine, prototype, dashboard, timer, clone, database, engine, animation, button, slider
            config, configuration, schema, bot, stack, queue, hook, command, formula, component, extension
            migration, plugin, implementation, query, website, api, row, column, folder, webpage, expression, node
            """
        ),
        (
            .codeVerb,
            """
            implement, refactor, debug, compile, deserialize, serialize, parse, scrape, deobfuscate, obfuscate
            decompile, deploy, dockerise, dockerize, concatenate, iterate, initialize, instantiate, transpile, lint
            mock, code a, code an, code for, code me, program a, script that, script to, script which, code that
            code to, code which, code in, code using, program that, program to, program which, program in
            function that, function to, function which, function called, function named, class that, class called
            class named, query that, query to, app that, app in, method that, api that, api in, code below
            below code, following code, this code, my code, following function, this function, my function
            following script, this script, my script, following query, this query, my query, following program
            my program, my app, my class, this class, my api, code from, your code, working code, some code
            code like, code example, example code, sample code, write code, writing code, clean code, full code
            the function, code works, code does, coding, pseudocode, sort a, sort an, reverse a, prints
            loop through, unit testing, null check, type checking, returns true, returns false, return true
            return false, which takes, that takes, as input, as argument, as arguments, as parameter, as parameters
            that returns, which returns, and returns, optimise the, hash the, install the, file line, in excel
            excel formula, an array, the array, array of, all files, my loop, infinite loop, a query, the query
            the api, an api, my build, the build, my component, my docker, my container, my string, database table
            the table, log file, my website, the website, print all, print out, on click, at runtime, at compile
            """
        ),
        (
            .requestVerb,
            """
            write, create, make, give, generate, build, develop, provide, produce, show, implement, design, code
            need, want, convert, translate, rewrite, refactor, optimize, optimise, improve, fix, debug, explain
            review, change, modify, update, add, extend, port, simplify, help, compose, draft, prepare, craft
            devise, construct, complete, finish, document, comment, analyze, analyse, test, solve, find, suggest
            describe, draw, tell, plan, outline, summarize, summarise, edit, list, define, see, get, prove
            calculate, compute, propose, recommend
            """
        ),
        (
            .textObject,
            """
            poem, essay, story, song, lyrics, haiku, sonnet, novel, article, blog, blog post, email, e-mail, letter
            cover letter, resume, cv, speech, toast, summary, proposal, report, paragraph, sentence, dialog
            dialogue, product description, slogan, tagline, tweet, caption, screenplay, movie script, play script
            monologue, joke, riddle, limerick, outline, curriculum, syllabus, lesson plan, quiz, recipe, meal plan
            diet, workout, itinerary, strategy, marketing plan, business plan, press release, biography, bio
            obituary, eulogy, invitation, wish, agenda, literature review, thesis, position paper, white paper
            case study, complaint, agreement, policy, job description, interview questions, questionnaire, survey
            poster, presentation, powerpoint, pptx, slides, advertisement, campaign, fairy tale, fable, short story
            fan fiction, ballad, rap, chorus, melody, chord, chords, paraphrase, abstract, translation, names, ideas
            tips, facts, plan for, guide to, overview, dictionary entries, scope of, study plan, roadmap, debate
            counterargument, faq, newsletter, affirmation, prayer, sermon, horoscope, hashtags, script about
            persona, game session, commercial, training program, class on, lecture, mnemonic, metaphor, analogy
            recipes, greeting, birthday, best themes, radio ad, timeline, flyer, brochure, logo, product name
            """
        ),
        (
            .howTo,
            """
            how to, how do, how can, how would, how could, how should, how i, is there, can i, can you, could you
            what's the, way to, show me, how did, tell me, help me, trying to, want to, i need, i'd like, would like
            how does, whats the, how is, possible to, error when
            """
        ),
        (
            .preposition,
            "in, using, with, into, via, to, from, for, en, mit, avec, con, na, w, på, met, auf, in, с, на, em, på, usando, utilisant, usare, my, a, of"
        ),
        (
            .errorWord,
            """
            error, exception, bug, crash, crashes, crashed, warning, traceback, fails, failing, failed, broken
            doesn't work, not working, won't work, doesn't compile, not compile, undefined, unexpected, cannot find
            not found, permission denied, access denied, timeout, timed out, exit code, errno, deprecated, unhandled
            uncaught, unresolved, mismatch, fix this, what's wrong, stack trace, stops, won't start, not start
            doesn't start, freezes, hangs, stuck, invalid
            """
        ),
        (
            .followUp,
            """
            it, this, that, again, faster, shorter, simpler, instead, also, now, same, previous, above, works
            working, continue, more, rewrite, optimize, refactor, add, remove, rename, change, fix, without, version
            comments, typed, types, tests, output, line, lines, explain, why, still, another, other, and, what about
            how about, doesn't, lo, das, es, le, la, ça, isso, это, его, теперь, 现在, 它, 这个, ahora, jetzt, maintenant
            agora, adesso, teraz, nu, besser, schneller, plus, rápido, быстрее, 快, もっと, それ, here, there, run, use
            """
        ),
        (
            .thanks,
            """
            thanks, thank, thx, danke, merci, gracias, obrigado, grazie, спасибо, dank, dzięki, tack, 谢谢, ありがとう
            great, perfect, cool, bye, nice, awesome
            """
        ),
        (
            .advice,
            """
            learn, learning, studying, curriculum, course, career, job, salary, interview, resume, pros, cons
            advantages, disadvantages, compare, comparison, versus, vs, history, invented, popular, recommend
            recommendation, books, book, beginner, worth, roadmap, overview, difference, differences, trends
            certification, bootcamp, degree, university, alternatives, opinion, impact, should i, why do, which is
            who invented, what are, best way, best practices, how much, earn, famous
            """
        ),
        (
            .role,
            """
            act as, you are, imagine you, pretend, roleplay, role-play, assume the, role of, persona
            """
        ),
    ]
}
