/// The classifier's vocabulary, by meaning. It is knowledge of the field, not of any prompt set: names of languages,
/// libraries and tools, and how people word requests. Terms of one or two words; plurals need no entry.
enum LexiconTerms {
    static let all: [(meaning: WordMeaning, terms: String)] =
        technology + concepts + requests + subjects + syntax + otherLanguages

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
            form, page, menu, popup, chart, plot, graph, diagram, flowchart, visualization, visualisation, converter
            downloader, uploader, validator, visualizer, tracker, notifier, logger, viewer, countdown, mod, backend
            frontend, microservice, daemon, listener, handler, scheduler, checker, finder, sorter, renamer, picker
            planner app, scanner, importer, exporter, translator app, editor, carousel, navigation, layout, grid
            spreadsheet, workbook, worksheet, sheet, report generator, automation, workflow, pipeline, token
            notebook, classifier, predictor, detector, recommender
            """
        ),
        (
            .codeVerb,
            """
            implement, refactor, debug, compile, deserialize, serialize, parse, scrape, deobfuscate, obfuscate
            decompile, deploy, dockerise, dockerize, concatenate, iterate, initialize, instantiate, transpile, lint
            mock, code a, code an, code for, code me, program a, script that, script to, script which, code that
            code to, code which, code in, code using, program that, program to, program which, function that
            function to, function which, function called, function named, class that, class called, class named
            query that, query to, app that, method that, api that, api in, code below, below code, following code
            this code, my code, following function, this function, my function, following script, this script
            my script, following query, this query, my query, following program, my program, my app, my class
            this class, my api, code from, your code, working code, some code, code like, code example, example code
            sample code, write code, writing code, clean code, full code, the function, code works, code does
            coding, pseudocode, sort a, sort an, reverse a, loop through, unit testing, null check, type checking
            returns true, returns false, return true, return false, which takes, that takes, as input, as argument
            as arguments, as parameter, as parameters, that returns, which returns, and returns, optimise the
            file line, in excel, excel formula, an array, the array, array of, all files, my loop, infinite loop
            a query, the query, the api, my build, the build, my component, my docker, my container, my string
            database table, log file, print out, on click, at runtime, at compile
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
            calculate, compute, propose, recommend, plot, visualize, visualise, simulate, display, sort, merge
            extract, parse, remove, replace, configure, install, program, pls, rename, split, hide, count, swap
            reverse, check, group, store, schedule, turn, estimate, search, validate, verify, download, delete
            multiply, traverse, filter, fetch, render, animate, print
            """
        ),
        (
            .explainVerb,
            """
            explain, describe, tell, compare, define, discuss, summarize, summarise, prove, list, outline, propose
            recommend, suggest, plan, draft, analyze, analyse, review, prepare, find, see, get, need, want
            """
        ),
        (
            .textObject,
            """
            poem, essay, story, song, lyrics, haiku, sonnet, novel, article, blog, blog post, email, e-mail, letter
            cover letter, resume, cv, speech, toast, summary, proposal, paragraph, sentence, dialog, dialogue
            product description, slogan, tagline, tweet, caption, screenplay, movie script, play script, monologue
            joke, riddle, limerick, outline, curriculum, syllabus, lesson plan, quiz, recipe, meal plan, diet
            workout, itinerary, strategy, marketing plan, business plan, press release, biography, bio, obituary
            eulogy, invitation, wish, agenda, literature review, thesis, position paper, white paper, case study
            complaint, agreement, policy, job description, interview questions, questionnaire, survey, poster
            presentation, powerpoint, pptx, slides, advertisement, campaign, fairy tale, fable, short story
            fan fiction, ballad, rap, chorus, melody, chord, chords, paraphrase, abstract, translation, plan for
            guide to, overview, dictionary entries, scope of, study plan, roadmap, debate, counterargument, faq
            newsletter, affirmation, prayer, sermon, horoscope, hashtags, script about, persona, game session
            commercial, training program, class on, lecture, mnemonic, metaphor, analogy, recipes, greeting
            birthday, best themes, radio ad, flyer, brochure, logo, product name, ideas for, tips for, tips on
            facts about, timeline of, report on, report about, names for, creative names, business ideas, gift ideas
            user story, user stories, acceptance criteria, performance review, job posting, job ad, job advert
            checklist, rubric, swot, swot analysis, training plan, workout plan, elevator pitch, pitch deck
            linkedin post, facebook post, instagram post, reddit post, forum post, sla, rfp, rota, wbs, project plan
            project charter, chapter, patent claim, nda, meeting notes, memo, apology, testimonial, book review
            critique, feedback on, name ideas, multiple choice, flashcards, bullet points, mission statement
            vision statement, business case, value proposition, worksheet for, course outline, character sheet
            character card, backstory, plot twist, world building, campaign setting, one-shot, rap battle
            dialogue between, conversation between, interview with, discussion between, whatsapp message
            linkedin message, invitation to, wedding speech, toast for, thank-you, thank you, recommendation letter
            reference letter, resignation letter, motivation letter, statement of, personal statement
            grant proposal, research proposal, funding proposal, research questions, hypotheses, abstract of
            introduction of, conclusion of, executive summary, annual report, newsletter about, ad copy, copy for
            brand name, company name, band name, slogan for, jingle, voiceover, voice-over, advert, petition
            manifesto, declaration, terms of, privacy policy, disclaimer, standard operating, sop, employee handbook
            onboarding plan, communication plan, crisis plan, contingency plan, go-to-market, pricing strategy
            content strategy, content calendar, editorial calendar, seo strategy, persona for, customer journey
            empathy map, meal prep, shopping list, grocery list, packing list, bucket list, travel plan
            travel itinerary, trip to, workout routine, exercise routine, rehab plan, treatment plan, care plan
            case report, diagnosis, differential diagnosis, discharge summary, medical report, legal brief
            legal opinion, closing argument, opening statement, court ruling, course, training course, learning path
            exam questions, practice questions, learning objectives, course material, requirements specification
            associations, categories, retrospective, postmortem, tweets
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
            """
            in, using, with, into, via, to, from, for, en, mit, avec, con, na, w, på, met, auf, in, с, на, em, på
            usando, utilisant, usare
            """
        ),
        (
            .errorWord,
            """
            error, exception, bug, crash, crashes, crashed, warning, traceback, fails, failing, failed, doesn't work
            not working, won't work, doesn't compile, not compile, undefined, unexpected, cannot find, not found
            permission denied, access denied, timeout, timed out, exit code, errno, deprecated, unhandled, uncaught
            unresolved, mismatch, fix this, what's wrong, stack trace, won't start, not start, doesn't start
            freezes, hangs, stuck, invalid, exits, throws, throwing, cut off, strange results, no effect
            nothing happens, never fires, wrong with, problem with, having trouble, keeps getting, get an
            can't connect, cannot connect, won't load, not loading, not showing, not updating, blank page
            blank screen, black screen, fails with, getting an, i keep
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
            learn, learning, studying, curriculum, course, career, job, interview, resume, pros, cons, advantages
            disadvantages, compare, comparison, versus, vs, history, invented, popular, recommend, recommendation
            books, book, beginner, worth, roadmap, overview, difference, differences, trends, certification
            bootcamp, degree, university, alternatives, opinion, impact, should i, why do, which is, who invented
            what are, best way, best practices, how much, earn, famous, developers, engineers, programmers
            developer, engineer, programmer, trade-off, tradeoffs, strengths, weaknesses, market share, vendor
            executives, analogy, for beginners, everyday examples, like i'm, explain like, for executives, ethics
            pitfalls, alternative to, better choice, better than, is better, which one, you suggest, suggest to
            years of, soft skills, career path, day in, do all, who made, how important, important is, matter
            evolution of, future of, adoption, difference between
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
