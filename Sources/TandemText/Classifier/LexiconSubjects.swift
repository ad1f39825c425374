extension LexiconTerms {
    static let subjects: [(meaning: WordMeaning, terms: String)] = [
        (
            .computing,
            """
            directory, variable, browser, pixel, cluster, pod, url, config, configure, configuration, setup, upload
            download, parameter, timestamp, datetime, keys, hash, token, login, authentication, cookie, dataset, ip
            api, bytes, byte, integer, float, duplicate, duplicates, odd, prime, fibonacci, factorial, vowels
            sidebar, navigation, css, gpu, gpus, cpu, docker, container, deploy, backup, usb, firmware, arduino, bot
            parse, repository, commit, debug, logging, toolbar, scroll, click, hover, popup, modal, submit, textbox
            label, widget, gui, notebook, encoder, decoder, embedding, embeddings, classifier, epoch, batch
            inference, buffer, filename, subdirectory, spreadsheet, kernel, hdmi, hostname, subnet, firewall
            emulator, sprite, 3d, 2d, render, rendering, opengl, viewport, keyboard, mouse, stdin, loops, recursion
            brackets, whitespace, uppercase, lowercase, delimiter, newline, prefix, suffix, anagram, linker
            compiler, undo, gb, mb, kb, process id, keypress, scraping, leaderboard, coroutines, dll, backend
            hyperparameter, hyperparameters, the file, a file, the server, a server, the string, a string, a loop
            the loop, the database, a database, the column, a column, two columns, the rows, the browser
            the container, file, folder, array, string, loop, row, column, database, sort, website, webpage, thread
            index, app, compile, sensor, execute, delete all, integers, http, https, urls, socket, hex, payload
            exploit, frontend, backend, front-end, back-end, hex, octal, ascii, unicode, ip address, report
            timeline, tcp, udp, heatmap, heat map, scatter plot, bar chart, line chart, pie chart, histogram
            box plot, boxplot, time series, moving average, correlation matrix, random forest, decision tree
            logistic regression, linear regression, k-means, kmeans, gradient boosting, feature engineering, lstm
            rnn, cnn, autoencoder, bert, word2vec, tf-idf, sentiment analysis, named entity, text classification
            image segmentation, cross validation, cross-validation, fine tune, fine-tune, finetune, overfitting
            operating system, data warehouse, data lake, partition, partitioned, index on, sharding, failover, cache
            caching, bandwidth, router, switch port, vpn, ssl, tls, smtp, imap, ftp, web site, web pages, pages
            terminal, console, cursor, dialog box, menu entry, menu item, worksheet, workbook, formulas, conditional
            dropdown list, data validation, pivot, sheet, google doc, google drive, google form, outlook, sharepoint
            onedrive, teams channel, calendar api, salesforce, servicenow, sap, jira, confluence, trello, automate
            automation, scheduled, real-time, real time, realtime, stream, streaming, parallel, concurrent
            concurrency, batch processing, workflow, pdf, png, jpg, jpeg, mp3, mp4, wav, gif, midi, zip, gz
            attachments, rename, metadata, exif, footer, responsive, css grid, color picker, hover effect, thumbnail
            carousel, gallery, chart, plot, node, vertices, dictionary, set of, tuples, null, syntax, semantics
            nested, dashboard, user interface, ui, ux, bluetooth, sensor data, leds, microcontroller, sampling
            webcam, frames, frame rate, fps, texture, animation, animate, game engine, enemies, level editor, gps
            geocode, location data, latitude, longitude, chatbot, llm api, gpt-4, gpt-3.5, checkpoint, weights file
            training script, training data, checkpointing, tensor, gpu memory, vram, emulate, simulate
            random number, round to, decimal places, decimals, binary, regexes, replace, split, merge, join
            concatenates, filter by, aggregate, aggregated, count the, sort by, sorted, ascending, descending
            distinct, lookup, look up, compare two, export, import, convert to, encode, decode, encrypt, decrypt
            compress, decompress, download all, install, uninstall, update all, run, write to, detect, extract
            fetches, query, prime numbers, odd numbers, even numbers, matrix multiplication, random walk, my website
            neural network, data set, data points, page, link, links, tab, placeholder, digits, element, elements
            characters, axis, lat, tabs, scrollbar, tooltip, hyperlink, bookmark, time zone, timezone, leap second
            permutations, intersection, union of, subsets, average of, maximum of, minimum of, pairs of, dialog
            confirmation dialog, modal dialog, toggle, non-empty, overlapping, parentheses, curly, digit, streak
            consecutive, interpolate, normalize, outliers, resample, timestamps, drag, zoom, rotate, canvas, port
            ports, remote machine, network drive, pid, malicious, obfuscated, sandbox, mutable, immutable, locks
            atomic, multilingual, two factor, two-factor, click on, data stream, concatenated, indexes, indices
            sublist, palindromic, numeric, alphanumeric, checksum, checkout page, log in, log out, sign in, sign up
            username, usernames, passwords, query string, endpoints, parsing, parsed, parses, executable
            executables, runtime, library call, wrapper, snippets, template engine, scheduler, job queue, retry
            retries, reload, scrolls, resize, align, aligned, centered, centre, padding, opacity, fade, hide
            overlay, slideshow, expandable, sortable, searchable, clickable, editable, widgets, menu bar
            navigation bar, keyframe, draw a, drawing app, paint app, add-in, addin
            """
        ),
        (
            .generalTopic,
            """
            recipe, cook, cooking, bake, baking, bread, dough, cake, food, meal, breakfast, dinner, lunch
            vegetarian, ingredients, wine, beer, restaurant, kitchen, coffee, tea, chocolate, travel, trip, vacation
            holiday, hotel, flight, country, island, beach, visit, tourist, weather, climate, health, doctor
            medical, medicine, patient, disease, symptoms, treatment, diagnosis, pain, pregnant, therapy, therapist
            mental, anxiety, depression, diet, weight, exercise, fitness, gym, yoga, muscle, nutrition, vitamin
            protein, law, legal, lawyer, court, lawsuit, contract, tax, taxes, income, employer, employee, insurance
            mortgage, loan, rent, bank, investment, invest, investor, stocks, bonds, equity, funds, finance
            financial, accounting, revenue, profit, budget, economy, economic, inflation, business, company
            corporate, startup, marketing, customer, sales, brand, product, strategy, market, stakeholder
            stakeholders, management, manager, leadership, hr, hiring, meeting, negotiation, supplier, procurement
            logistics, historical, war, wwii, roman, empire, king, queen, president, government, politics, political
            election, democracy, republican, democrat, abortion, religion, bible, god, church, islam, buddhism
            philosophy, ethics, ethical, moral, kant, nietzsche, psychology, sociology, anthropology, linguistics
            grammar, noun, verb, adjective, vocabulary, literature, shakespeare, poet, poetry, novel, author, movie
            film, actor, anime, tv, song, music, guitar, piano, chord, melody, concert, album, lyrics, dance
            theater, theatre, painting, artist, museum, photography, fashion, dress, makeup, wedding, birthday
            party, gift, love, girlfriend, boyfriend, wife, husband, mother, father, mom, dad, child, children, kids
            baby, family, friend, friends, dating, marriage, school, teacher, student, students, homework, classroom
            essay, university, college, exam, professor, thesis, academic, education, animal, animals, dog, cat
            cats, dogs, horse, bird, birds, fish, snake, snakes, zoo, reptile, terrarium, pet, farm, garden
            gardening, plant, plants, flower, flowers, soil, forest, ocean, sea, river, mountain, planet, planets
            moon, sun, galaxy, universe, physics, chemistry, biology, molecule, atom, electron, dna, gene, genetic
            bacteria, virus, enzyme, acid, reaction, energy, force, velocity, gravity, quantum, relativity
            thermodynamics, pressure, electricity, voltage, circuit, car, vehicle, bike, bicycle, truck, aircraft
            apartment, furniture, sport, sports, football, soccer, basketball, baseball, tennis, golf, cricket
            olympics, coach, dungeon, dungeons, d&d, dnd, 5e, rpg, dragon, spell, spells, quest, magic, vampire, elf
            warrior, superhero, batman, christmas, easter, halloween, charity, nonprofit, volunteer, community
            culture, tradition, society, women, men, people, feminist, race, immigration, refugee, police, crime
            prison, murder, detective, military, army, soldier, weapon, nuclear, oil, gas, hospital, nurse, clinic
            vaccine, cancer, surgery, blood, brain, heart, hair, tooth, teeth, construction, manufacturing, factory
            pump, valve, steel, metal, wood, concrete, paint, stain, stains, roof, plumber, sewing, knitting
            crochet, craft, jewelry, gem, gemstone, necklace, perfume, cleaning, laundry, carpet, oven, steak, sauce
            advice, relationship, feelings, emotions, happiness, motivation, habit, habits, productivity, poem
            story, joke, speech, advertising, volcano, indonesia, bali, paris, london, tokyo, japan, china, india
            france, germany, spain, italy, russia, america, europe, africa, sermon, funeral, monk, meditation
            astrology, tarot, horoscope, dream, dreams, detectives, novelists, cinema, comedy, comedian, influencer
            instagram, tiktok, youtube, facebook, linkedin, podcast, blog, newsletter, seo, ecommerce, marketplace
            freelancer, airline, wheel, worker, workers, union, wage, pension, retirement, visa, passport, citizen
            embassy, treaty, monarchy, medieval, recipes, actress, singer, composer, haydn, ingredient, beans, tyre
            puppy, kitten, egg, eggs, salmon, ibuprofen, headache, eat, swallowed, sonnets, olympic, restaurants
            tenant, landlord, airport, luggage, earth, mars, penguin, penguins, nervous, nurses, ceramics, pottery
            roses, rome, greece, victorian, mattresses, faust, peru, mona lisa, colors, history of, skin, sleep
            a play, school play, stage play, the play, short film, commercial, sitcom, puppet, puppets, actors
            audience, stage, beam, deflection, load-bearing, uniform load, inertia, moment of, torque, projectile
            friction, deceleration, brakes, turbocharger, compressor, engine oil, warpage, injection, moulded
            molding, die casting, casting, scrap rate, weld, welding, bearing, gearbox, hydraulic, pneumatic, acetic
            ph, moles, mole, molar, propane, combustion, co2, carbon, emissions, resistor, capacitor, inductor, ohm
            kω, µf, transistor, heat loss, heat pump, insulation, stove, boiler, roofing, gravel, driveway
            staircase, squeaky, dishwasher, fridge, washing, drill, cottage, garage, housing, contractor, clause
            liability, damages, copyright, patent, trademark, license, gdpr, privacy, compliance, regulation
            regulatory, legislation, statute, constitutional, supreme, judge, jury, attorney, divorce, custody
            inheritance, heir, notary, arbitration, audit, auditor, soc 2, iso 27001, governance, ngo, eu, uk
            us law, brexit, parliament, senate, congress, minister, diplomacy, foreign, colonial, independence
            revolution, bronze, ancient, dynasty, civilization, archaeology, archaeological, bismarck, napoleon
            hitler, stalin, churchill, lincoln, roosevelt, cold war, slavery, theology, theological, jesus, christ
            christian, catholic, protestant, jewish, muslim, hindu, buddhist, quran, scripture, ritual, myth
            mythology, odyssey, homer, dante, tolstoy, dostoevsky, hemingway, orwell, dickens, austen, plot of
            narrator, villain, protagonist, antagonist, chapter, fiction, horror, sci-fi, fantasy, thriller, mystery
            romance, cyberpunk, tale, legend of, narrative, storytelling, paragraph, wording, rewrite this, rephrase
            proofread, spelling, idiom, pronunciation, translate, translation, etymology, dialect, accent, phrase
            sentence, academic tone, formal tone, dissertation, citation, bibliography, peer-reviewed, hypothesis
            hypotheses, research question, survey, respondents, participants, sample size, likert, qualitative
            interviewees, questionnaire, statistical test, anova, t-test, p-value, chi-square, standard deviation
            normal distribution, satisfaction, recruiter, recruiting, recruitment, candidate, applicant, onboarding
            colleague, coworker, boss, supervisor, team, layoff, resign, resignation, overtime, remote work
            workload, burnout, performance review, diversity, mentor, mentoring, founder, co-founder, vesting
            shareholders, shareholder, venture, vc, pitch, acquisition, merger, valuation, dcf, wacc, cash flow
            ebitda, balance sheet, depreciation, amortization, dividend, etf, hedging, strike, break-even, futures
            forex, interest, annuity, savings, 401k, ira, crypto, bitcoin, ethereum, halving, nft, blockchain
            demand, supply, equilibrium, elasticity, gdp, monetary, fiscal, tariffs, trade-offs, subsidy, monopoly
            churn, arpu, kpi, okr, roi, b2b, b2c, saas, crm, erp, vendor, buyer, clients, consumer, shopper, retail
            retailer, wholesale, warehouse, inventory turnover, shipping, freight, customs, tender, rfp, sla, agile
            scrum, waterfall, kanban, retrospective, product owner, roadmap, milestones, milestone, deliverables
            project manager, wbs, gantt, swot, pestle, porter, benchmarking, consultancy, consulting, consultant
            agency, branding, slogan, ads campaign, social media, followers, content creator, press, journalist
            journalism, newspaper, editorial, media, broadcast, tv show, episode, season, series finale, sequel
            director, screenplay, inception, star wars, star trek, marvel, harry potter, tolkien, pokemon, zelda
            mario, chess opening, board games, terraforming, campaign setting, npc, wizard, rogue, paladin, cleric
            barbarian, bard, warlock, druid, sorcerer, goblin, orc, kingdom, lighthouse, tavern, innkeeper, castle
            knight, pirate, ghost, haunted, zombie apocalypse, alien, spaceship, starship, astronaut, mission to
            nasa, rocket, satellite, orbit, telescope, solar masses, black hole, supernova, big bang, cosmic, comet
            asteroid, sunset, rainbow, cloud types, hurricane, earthquake, tsunami, glacier, desert, rainforest
            ecosystem, biodiversity, species, habitat, evolution, darwin, fossil, dinosaur, mammal, insect, bee
            butterfly, whale, shark, lion, tiger, elephant, wolf, fox, bear, rabbit, chicken, cow, pig, sheep, goat
            otter, heron, fern, oak, tree species, mineral, granite, quartz, basalt, cell membrane, mitochondria
            apoptosis, amino, hormone, insulin, diabetes, thyroid, kidney, liver, lung, stomach, gut, immune
            antibody, antibodies, antibiotic, infection, fever, cough, flu, allergy, asthma, arthritis, migraine
            stroke, cardiac, cardiology, dermatology, pediatric, dental, dentist, orthodontic, physiotherapy, injury
            knee, shoulder, spine, posture, stretching, marathon, half marathon, jogging, cycling, swimming
            kettlebell, squat, deadlift, push-ups, calories, kcal, carbs, keto, vegan, gluten, dairy, sugar, salt
            spinach, rice, pasta, pizza, soup, salad, sandwich, burger, cheese, milk, butter, flour, yeast
            sourdough, dessert, pie crust, cookies, cocktail, whiskey, vodka, brew, brewing, fermentation, grill
            barbecue, spice, herb, garlic, onion, tomato, potato, mushroom, fruit, apple pie, banana, lemon
            orange juice, grape, harvest, crop, fertilizer, compost, irrigation, greenhouse, tractor, livestock
            veterinary, lawn, mow, hedge trimming, rose, tulip, orchid, bouquet, interior design, curtain, sofa
            mattress, pillow, wallpaper, plumbing, electrician, carpenter, woodworking, sanding, varnish, lacquer
            leather, cotton, wool, silk, shirt, shoes, jacket, jeans, handbag, wardrobe, hairstyle, haircut, shampoo
            lipstick, skincare, tattoo, spa, massage, mindfulness, self-esteem, grief, trauma, adhd, autism
            autistic, bipolar, schizophrenia, psychologist, psychiatrist, counseling, cognitive, behavioral, freud
            jung, maslow, parenting, toddler, teenager, daughter, son, sister, brother, grandmother, grandfather
            grandma, grandpa, parents, parent, sibling, cousin, nephew, niece, uncle, aunt, neighbor, roommate
            friendship, breakup, crush, flirt, anniversary, valentine, bride, groom, bridesmaid, vows, condolence
            greeting card, retire, elderly, seniors, disability, wheelchair, homeless, poverty, inequality, racism
            racial, discrimination, justice, human rights, protest, activism, feminism, lgbt, transgender, gay
            pronouns, homeschool, kindergarten, elementary, middle school, high school, graduate school
            phd application, scholarship, tuition, sat prep, gre, ielts, toefl, esl, pedagogy, teaching, tutor
            lesson, rubric, grading, worksheet for, pupil, airplane, boeing, airbus, runway, pilot, passenger
            train station, railway, subway, bus route, taxi, uber, highway, bridge, tunnel, skyscraper, architect
            cathedral, sculpture, sculptor, renaissance, baroque, impressionism, picasso, van gogh, da vinci
            orchestra, symphony, mozart, beethoven, bach, chopin, jazz, blues, hip hop, rapper, rock band, drummer
            bass guitar, violin, flute, saxophone, tuning, scale in, chord progression, verse, rhyme, poem about
            password manager, antivirus, printer, laptop, smartphone, headphones, gaming pc, pc build, point of
            ice cream, bakery, bookstore, salon, gardener, farmers, engineers, executives, professionals, person
            everyone, humans, human, mankind, synonyms, similar meaning, meaning of, tickets, customer's
            support ticket, statements, premises, premise, correct answer, following statements, choose the
            multiple choice
            """
        ),
        (
            .mathematics,
            """
            prove, proof, theorem, lemma, corollary, proposition, integral, integrate, derivative, differentiate
            equation, equations, polynomial, quadratic, continuous, epsilon-delta, converges, convergence
            probability, expected value, variance, geometry, slope, slopes, perimeter, hypotenuse, eigenvalue
            manifold, topology, homomorphism, isomorphism, ideal, supremum, infimum, upper bound, subset, bijection
            injective, surjective, modulo, divisible, km, km/h, m/s, mph, cm, kg, meters, liters, fraction, marbles
            apples, how many, solve for, evaluate, logarithm, trigonometry, sin, cos, tan, arithmetic, geometric
            calculus, algebra, binomial, bayes, permutation, combinatorics, coefficient, logarithmic, nonempty
            real number, rational number, complex number, recurrence, hectares, dollars, interest rate
            confidence interval, trains, speed, distance, f(x), g(x), x^2, x^3, natural number, finite group
            differential, widgets, machines, integers x, fair dice, six-sided, a dice, coin toss, triangle, circle
            sqrt, ln, exp, eigenvectors, eigenvector, series sum, converge, diverges, induction, primes of
            infinitely many, subgroup, abelian, normal subgroup, vector space, linear map, hilbert, banach
            measure space, sigma-algebra, cauchy, taylor series, fourier series, laplace transform, ode, pde, y''
            dy/dx, initial condition, boundary condition, rational, irrational, integers such, many ways
            round table, balls, dice, drawn without, without replacement, at random, area of, volume of
            tangent line, cosine, sine, pythagorean, inequality, abs value, m/s^2, newton, joule, watt, volts, kn/m
            kpa, mpa, mol, celsius, kelvin, function f, function h, function g, functions f, continuous function
            local extrema, extrema, minterms, karnaugh, hexadecimal to, interval, real numbers, die until
            """
        ),
        (
            .otherSense,
            """
            dress code, code of, building code, zip code, postal code, promo code, discount code, coupon code
            penal code, area code, qr code, morse code, tax code, civil code, criminal code, vinci code, honor code
            moral code, legal code, cheat codes, genetic code, color code, colour code, barcode, bar code, code red
            code name, secret code, labor code, fire code, fashion code, cpt code, icd code, master class
            first class, yoga class, business class, working class, middle class, upper class, social class
            class action, what class, which class, cooking class, dance class, class reunion, economy class
            spin class, drama class, art class, history class, english class, math class, high class, classroom
            world class, world-class, class struggle, class warfare, class system, ruling class, biology class
            cryptic class, class features, fighter class, character class, class teacher, pottery class, gym class
            fitness program, loyalty program, training program, tv program, radio program, space program
            exchange program, referral program, mentorship program, workout program, degree program
            wellness program, nuclear program, government program, program manager, rehab program, affiliate program
            concert program, program notes, scholarship program, outreach program, internship program
            after-school program, movie script, play script, film script, podcast script, video script
            youtube script, tv script, call script, phone script, sales script, comedy script, theatre script
            script writer, phishing script, speech script, writing script, prescription, monty python, ball python
            burmese python, pet python, reticulated python, python snake, python bite, pythons, taylor swift
            jonathan swift, swift bird, common swift, swift response, swift action, swift code, swift payment
            swift transfer, java island, java coffee, java sea, java man, java tea, java trip, of java, rust stain
            rust stains, rust belt, rust remover, rust proof, remove rust, removing rust, gem ruby, ruby ring
            ruby red, ruby slippers, ruby necklace, ruby wedding, kaiser ruby, shell company, sea shell, egg shell
            taco shell, pasta shell, shell corporation, royal dutch, shell oil, tortoise shell, shell shock
            pokemon go, string theory, string quartet, string instrument, string section, string bikini
            guitar string, heart function, kidney function, liver function, brain function, executive function
            function of, functions of, social function, business model, role model, fashion model, economic model
            scale model, model railway, model train, t model, language class, scientific method, teaching method
            rhythm method, method acting, socratic method, research method, research methods, table of, dining table
            periodic table, table tennis, coffee table, round table, bug bite, bed bug, bed bugs, stomach bug
            bug spray, june bug, lady bug, travel bug, insect bug, love bug, garden bug, tree house, family tree
            christmas tree, apple tree, oak tree, support group, pseudo science, basic income, basic human
            basic rights, basic needs, color scheme, pyramid scheme, ponzi scheme, pension scheme, crystal ball
            crystal healing, social network, neural pathway, excel at, exception to, trial and, human error
            margin of, error bars, standard error, medical error, typo error, chemical formula, baby formula
            formula one, formula 1, secret formula, shell game, film noir, restaurant menu, cell phone, stem cell
            blood cell, jail cell, go with, ring finger, vitamin c, vitamin d, c major, c minor, middle c
            hepatitis c, r rated, smart watch, python skin, scala milan, julia roberts, julia child, ada lovelace
            pascal blaise, blaise pascal, dart board, dart frog, dart game, elm street, elm tree, perl harbor
            amazon river, express train, express yourself, spring break, spring cleaning, spring season, flask of
            node of, rails of, express my, express the, docker worker, dataset of, command respect, api gravity
            lua moon, apache tribe, apache helicopter, basic law, word for, unity of, processing of, cookie recipe
            cookies recipe, chocolate cookie, tar sands, roofing tar, azure sky, azure sea, c section
            cloud formation, coffee bean, query letter, dungeon master, cast iron, tour package, care package
            benefits package, spider web, lesson plan, crack the, table for, radio ad, bowling league, tv programme
            television program, radio programme, mentoring program, mentor program, study program, music program
            program note, wedding program, political class, ancient class, play the, string around, the shell
            shell of, game theory, video game, board game, card game, party game, drinking game, game night
            family function, server at, waiter, query period, go well, let me, java in, kidney functions, api index
            radio script, what function, which function, function do, functions do, function does, on pottery
            a play, python developer, java developer, backend engineer, backend developer, frontend developer
            front-end developer, front-end engineer, frontend engineer, javascript developer, devops engineer
            web developer, react developer, kubernetes administrator, linux administrator, system administrator
            error code, access code, source of, unit price, unit of, heart of, key point, key differences
            key questions, key takeaways, key message, key metrics, key performance, key findings, key risks
            key features, key factors, key elements, key areas, key concepts, key aspects, key ideas
            key stakeholders, value proposition, value chain, present value, net present, expected value
            market value, core values, family values, nutritional value, book value, real estate, object to
            open source, open letter, open actions, open question, open points, running shoes, print media
            call center, call centre, close friend, match day, football match, open minded, record label
            record player, motor vehicle, motor skills, field trip, pattern of, animal shell, binary star, chart the
            shape of, color palette, signal to, camera lens, graph paper, player character, game master
            players about, road map, key of, continuous function, continuous functions, linear function
            quadratic function, function f, function h, function g, functions f, utility function, wave function
            demand function, production function, supply function, objective function, vital functions, mental model
            game of, play a, game show, game session, the game, this game, board games, card games, team building
            role playing, role-playing, business report, report on, clock in, o'clock, forms of, in form, tax form
            application form, model of, models of, pricing model, revenue model, operating model, business models
            reader of, readers of, the reader, the writer, writers of, writer for, fashion models, integration of
            social integration
            """
        ),
    ]
}
