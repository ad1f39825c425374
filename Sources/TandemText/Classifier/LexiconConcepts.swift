extension LexiconTerms {
    /// Things that hardly anyone but programmers and administrators speaks of.
    static let concepts: [(meaning: WordMeaning, terms: String)] = [
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
            api call, query string, url parameter, cors, localhost, fullstack, web scraping, web scraper, scraper
            crawler, parser, lexer, tokenizer, compiler, linter, debugger, interpreter, transpiler, bytecode, opcode
            syscall, kernel module, shellcode, shader, compute shader, vertex shader, fragment shader, flexbox
            css grid, navbar, div, iframe, checkbox, dropdown, viewport, stylesheet, media query, event listener
            onclick, dom, virtual dom, state management, useeffect, usestate, hook form, primary key, foreign key
            stored procedure, left join, inner join, outer join, subquery, common table, window function, group by
            order by, where clause, select statement, sql query, sql code, sql injection, sql statement
            database schema, data structure, time complexity, space complexity, big o, o(n), o(1), command line
            command-line, cli, environment variable, cron job, cron expression, shell scripting, commit message
            merge conflict, pull request, git repo, repository, dockerize, containerize, deploy script, build script
            type annotation, type hint, type error, typeerror, valueerror, keyerror, indexerror, attributeerror
            importerror, syntaxerror, modulenotfounderror, nameerror, runtimeerror, referenceerror
            exception handling, try catch, error handling, stacktraces, linting, memory leak, garbage collector
            garbage collection, heap allocation, testbench, flip flop, finite state, state machine, unit tests
            mocking, mock object, integer array, string array, sorted array, 2d array, substring, char, chars
            ascii art, hello world, sudoku solver, chess engine, tic tac, calculator app, to-do app, todo app
            guessing game, vlookup, xlookup, sumif, sumifs, countif, countifs, hlookup, arrayformula, pivot table
            conditional formatting, excel formula, excel cells, google sheet, named range, cell reference, userform
            sdk, gui, repl, oop, ide, cpu cache, pre-commit, changelog, semver, package manager, virtual environment
            script tag, html tag, html page, web app, web page, landing.html, single-page, responsive design
            css class, css selector, background-color, z-index, access token, refresh token, bearer token
            discord bot, telegram bot, slack bot, chat bot, browser extension, chrome extension, visual studio
            wordpress plugin, neural net, loss function, training loop, fine-tune, backpropagation, gradient descent
            learning rate, convolutional, hexadecimal, bitwise, bitmask, endianness, little-endian, checksum, sha256
            md5, hash function, hmac, aes-256, rsa, uuid, code golf, leetcode, hackerrank, codeforces, concatenate
            nums, nullptr, undefined, static site, site generator, htaccess, user agent, http header, http headers
            request smuggling, fuzzer, load balancer, queryset, viewset, serializer, models.py, migration file
            schema migration, upsert, etl, data pipeline, airflow dag, infinite loop, snake game, tetris, pong
            last commit, git commit, commits, all files, files bigger, anagram, anagrams, tikz, i2c, spi, uart
            raspberry pi, gpio, mqtt, volatile, raycasting, slider, toolbar, sierpinski, fractal, mandelbrot
            brute force, big-o, off-by-one, thread pool, connection pool, primary keys, data class
            instance variable, global variable, local variable, environment variables, class variable, system call
            file descriptor, linker error, linker, static analysis, type safety, nan, argmax, softmax, one-hot
            confusion matrix, hamburger menu, login page, login form, registration form, contact form, drop-down
            css file, javascript file, python file, c program, r code, unsorted array, of integers, of strings
            nested list, two arrays, an array, a tuple, string literal, in place, current directory, home directory
            working directory, file path, file name, file system, port 80, port 8080, process id, http status
            status code, html form, text file, temp files, log files, excel sheet, two columns, pods, ingress
            cluster role, service account, dark mode, light mode, sticky header, fade in, merge two
            two dictionaries, remove duplicates, duplicate rows, deep copy, deep clone, cannot find, find symbol
            expected identifier, expected expression, before return, undefined reference, symbol not, import error
            no module, module named, list index, index out, not defined, is undefined, connection refused
            permission denied, command not, merge conflicts, latex table, latex code, walk and, svg icon, readme.md
            spread operator, optional chaining, type parameter, pytest, docstring, dry run, type system, let var
            let and, var and, arrow function, virtual machine, app development, code generation, if-condition
            if condition, unreal, blueprint, hanoi, print all, m x, 2d grid, game loop, player controller, spawn
            raycast, collider, power shell, json object, sql database, linked lists, graph traversal
            topological sort, knapsack, backtracking, memoization, sliding window, two pointers, prefix sum
            edit distance, n queens, n-queens, sudoku, string matching, caesar cipher, encryption key, socket
            sockets, webserver, web server, proxy server, locale, timezone aware, epoch time, unix timestamp
            cors error, 404 error, 500 error, status 500, dockerfile, image classification, object detection
            word embeddings, vector database, rag pipeline, langchain, prompt template, openai api, ajax
            xmlhttprequest, fetch api, service worker, web worker, local storage, cookies in, csrf, xss, sqli
            buffer overflow, reverse shell, payload, exploit, missing values, null values, rolling correlation
            rolling mean, rolling average, rolling window, wide to, to long, long format, wide format, subplot
            tick labels, axis labels, multi-index, multiindex, datetime index, train_test, simulated annealing
            genetic algorithm, ant colony, traveling salesman, travelling salesman, minimax, alpha-beta
            cellular automaton, perlin noise, flood fill, ray tracing, ray tracer, ray marching, kd-tree, quadtree
            octree, trie, segment tree, fenwick, union find, union-find, disjoint set, spanning tree, kruskal
            bellman-ford, floyd-warshall, max flow, shortest path, convex hull, sweep line, longest common
            longest increasing, longest substring, longest palindromic, subarray, subsequence, kth largest
            kth smallest, priority queue, heap sort, heapsort, radix sort, insertion sort, selection sort
            quickselect, two sum, lru cache, bloom filter, consistent hashing, rate limiter, token bucket
            ring buffer, circular buffer, lock-free, lock free, thread-safe, thread safe, spinlock
            condition variable, producer consumer, producer-consumer, dining philosophers, event loop
            visitor pattern, observer pattern, factory pattern, strategy pattern, builder pattern, decorator pattern
            adapter pattern, command pattern, repository pattern, abstract class, abstract factory, virtual function
            operator overloading, copy constructor, move semantics, smart pointer, metaprogramming, sfinae
            constexpr, typeclass, pattern matching, currying, higher-order function, tail recursion, lazy evaluation
            borrow checker, abstract syntax, ast, syntax tree, recursive descent, parser combinator, page table
            bootloader, device driver, interrupt handler, mmap, epoll, ioctl, shared memory, named pipe, unix socket
            data race, use after, dangling pointer, undefined behavior, undefined behaviour, memory order
            memory ordering, cache line, simd, intrinsics, inline assembly, sample input, sample output
            input format, output format, 10^9, 10^5, 10^6, 10^9+7, n nodes, on hover, mouse over, mouseover, tooltip
            smooth scrolling, smooth scroll, infinite scroll, lazy loading, lazy load, progress bar, date picker
            datepicker, autocomplete, search bar, pagination, paginate, draggable, html5 canvas, session storage
            css animation, keyframes, media queries, background image, background color, font size, text box
            textbox, text field, input field, radio button, submit button, form validation, client side, client-side
            server side, server-side, web component, shadow dom, shadow root, event handler, http request
            query parameter, session cookie, file upload, image upload, admin page, admin panel, user authentication
            many-to-many, one-to-many, nested object, null value, unique constraint, composite key
            materialized view, execution plan, full outer, cte, lateral view, lateral join, cross join, self join
            self-join, row_number, relational algebra, er diagram, entity relationship, temp table, temporary table
            insert into, bulk insert, audit table, audit log, dead letter, command prompt, exit code, at boot
            on boot, symlink, symbolic link, zombie process, zombie processes, background process, mount point
            non-root, root user, ssh tunnel, man page, bootable usb, network share, glob pattern, subfolders
            subfolder, graphql resolver, resolver, dataloader, rate limiting, api gateway, server sent, server-sent
            sse, long polling, exits immediately, exited with, throws an, throws a, is throwing, object reference
            null reference, core dumped, oomkilled, crashloopbackoff, outofmemoryerror, metaspace, heap space
            type mismatch, internal server, such file, not recognized, self signed, self-signed, san entries
            optimistic locking, pessimistic locking, connection string, query plan, language server
            syntax highlighting, code completion, linked data, state variable, type inference, generic type
            default value, default parameter, optional parameter, named argument, keyword argument, return type
            return value, method overloading, method overriding, access modifier, static method, class method
            instance method, base class, derived class, subclass, superclass, child class, parent class
            class hierarchy, class diagram, uml class, sequence diagram, interface segregation, acceptance test
            end-to-end test, e2e test, load test, smoke test, test coverage, mocks, stubs, test fixture, fixtures
            property-based, fuzz testing, regression test, feature flag, blue-green, canary deployment
            rolling update, autoscaling, auto-scaling, health check, readiness probe, liveness probe, sidecar
            init container, node affinity, persistent volume, config map, configmap, daemonset, statefulset
            kubeconfig, multi-tenant, materialised view, flip-flop, shift register, state register, baud rate
            interrupt service, isr, pwm, adc, dma, oled display, lcd display, push button, dht22, dht11, hc-sr04
            mpu6050, ds18b20, l298n, servo motor, stepper motor, ir sensor, line follower, led strip, blink an
            sketch for, function block, ladder diagram, kalman filter, pid controller, fft, low-pass filter
            sparkline, text editor, file explorer, system tray, hotkey, keyboard shortcut, key binding, keybinding
            keymap, clipboard, screenshot tool, screen recorder, web cam, webcam feed, video feed, face detection
            motion detection, ocr, text-to-speech, optical character, barcode scanner, qr scanner, tower defense
            flappy bird, tic-tac-toe, space invaders, pac-man, pacman game, platformer, side-scroller, tile map
            tilemap, sprite sheet, spritesheet, hitbox, pathfinding, enemy ai, npc dialogue, inventory system
            save system, health bar, double jump, character controller, camera follow, leaderboards, high score
            particle system, procedural generation, procedurally generated, maze generator, maze solver, n-body
            double pendulum, lorenz attractor, julia set, pendulum simulation, bouncing ball, boids, flocking
            verlet, collision detection, physics engine, ascii table, star pattern, number pattern, leap year
            vowels in, word count, character count, armstrong number, perfect number, gcd, lcm, roman numerals
            roman numeral, temperature converter, unit converter, currency converter, password generator
            password strength, url shortener, shopping cart, chat application, chat app, messaging app, weather app
            notes app, note-taking app, expense tracker, budget tracker, habit tracker, task manager
            blog application, e-commerce site, ecommerce site, portfolio website, personal website, image gallery
            photo gallery, music player, video player, drum machine, synthesizer app, stopwatch, pomodoro, quiz app
            hangman, rock paper, rock-paper-scissors, wordle, minesweeper, connect four, 2048, blackjack game
            dice roller, conways, parking lot, elevator system, vending machine, atm machine, library management
            hospital management, bank account, student management, booking system, ticketing system, to-do list
            todo list, address book, phone book, given list, given array, given string, given number, given integer
            given integers, given matrix, given numbers, array of, if-else, if else, else if, switch case, ternary
            for-loop, while-loop, do-while, key-value, object-oriented, object oriented, encapsulation
            lexical analysis, variable type, two integers, two strings, two variables, n integers, integer n
            string s, duplicate elements, input string, input array, login credentials, vocabulary size
            input fields, userscript, bookmarklet, greasemonkey, tampermonkey, violentmonkey, devtools
            developer tools, browser console, callback, callbacks, promises, nil, generator function
            async generators, thread safety, undo redo, undo/redo, pull-to-refresh, event emitter, event listeners
            event bus, message queue, message broker, combinations of, without recursion, digits of
            merge overlapping, shortest distance, balanced brackets, closing bracket, cohort, virtual host
            echo server, web sockets, port scanner, key logger, keylogger, brute-force, password cracker
            packet sniffer, reverse engineer, disassemble, disassembly, decompiler, binary file, hex dump
            bit manipulation, bit mask, bit shift, row-level, row level, surrogate key, slowly changing, star schema
            fact table, fact tables, dimension table, window functions, pivot rows, date column, date range
            regular expressions, exit status, pipe the, tail -f, cat file, heredoc, command substitution, find all
            rename all, bulk rename, batch rename, mass rename, parametric, extrude, inverse kinematics
            forward kinematics, robot arm, quaternion, rotation matrix, projection matrix, state space
            sensor fusion, point cloud, occupancy grid, slam, lidar, ode45, newton raphson, runge-kutta, runge kutta
            finite difference, numerical integration, monte-carlo, trajectory of, interpreter for, compiler for
            parser for, tokenizer for, emulator for, app with, game with, program with, website with, script with
            form with, button that, button to, slider that, chatbot ui, alpha beta, constraint programming
            linear programming, integer programming, dynamic array, sparse matrix, adjacency list, adjacency matrix
            topological, strongly connected, bipartite, dfs, bfs, hash set, hashset, stack and, queue using
            min heap, max heap, binary heap
            """
        )
    ]
}
