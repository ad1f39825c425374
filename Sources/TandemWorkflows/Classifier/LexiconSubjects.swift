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
            inference, pipeline, buffer, filename, subdirectory, spreadsheet, kernel, hdmi, hostname, subnet
            firewall, emulator, sprite, 3d, 2d, render, rendering, opengl, viewport, keyboard, mouse, stdin, loops
            recursion, brackets, whitespace, uppercase, lowercase, delimiter, newline, prefix, suffix, anagram
            linker, compiler, undo, gb, mb, kb, process id, keypress, scraping, leaderboard, coroutines, dll
            backend, hyperparameter, hyperparameters, the file, a file, the server, a server, the string, a string
            a loop, the loop, the database, a database, the column, a column, two columns, the rows, a row
            the browser, the container, file, folder, array, string, loop, row, column, database, sort, website
            webpage, thread, index, app, compile, sensor, execute, delete all, integers, http, https, urls, socket
            hex, payload, exploit
            """
        ),
        (
            .generalTopic,
            """
            recipe, cook, cooking, bake, baking, bread, dough, cake, food, meal, breakfast, dinner, lunch
            vegetarian, ingredients, wine, beer, restaurant, kitchen, coffee, tea, chocolate, travel, trip, vacation
            holiday, hotel, flight, city, country, island, beach, visit, tourist, weather, climate, health, doctor
            medical, medicine, patient, disease, symptoms, treatment, diagnosis, pain, pregnant, therapy, therapist
            mental, anxiety, depression, diet, weight, exercise, fitness, gym, yoga, muscle, nutrition, vitamin
            protein, law, legal, lawyer, court, lawsuit, contract, tax, taxes, income, employer, employee, salary
            insurance, mortgage, loan, rent, bank, investment, invest, investor, stocks, bonds, equity, funds
            finance, financial, accounting, revenue, profit, budget, economy, economic, inflation, business, company
            corporate, startup, marketing, customer, customers, sales, brand, product, strategy, market, stakeholder
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
            culture, tradition, society, women, men, people, feminist, gender, race, immigration, refugee, police
            crime, prison, murder, detective, military, army, soldier, weapon, nuclear, oil, gas, hospital, nurse
            clinic, vaccine, cancer, surgery, blood, brain, heart, hair, tooth, teeth, construction, manufacturing
            factory, pump, valve, steel, metal, wood, concrete, paint, stain, stains, tile, roof, plumber, sewing
            knitting, crochet, craft, jewelry, gem, gemstone, necklace, perfume, cleaning, laundry, carpet, oven
            steak, sauce, advice, relationship, feelings, emotions, happiness, motivation, habit, habits
            productivity, poem, story, joke, speech, advertising, volcano, indonesia, bali, paris, london, tokyo
            japan, china, india, france, germany, spain, italy, russia, america, europe, africa, sermon, funeral
            monk, meditation, astrology, tarot, horoscope, dream, dreams, detectives, novelists, cinema, comedy
            comedian, influencer, instagram, tiktok, youtube, facebook, linkedin, podcast, blog, newsletter, seo
            ecommerce, marketplace, freelancer, airline, wheel, worker, workers, union, wage, pension, retirement
            visa, passport, citizen, embassy, treaty, monarchy, medieval, oldest, recipes, actress, singer, composer
            haydn, ingredient, beans, tyre, puppy, kitten, egg, eggs, salmon, ibuprofen, headache, eat, swallowed
            sonnets, olympic, restaurants, tenant, landlord, airport, luggage, earth, mars, penguin, penguins
            nervous, nurses, store, ceramics, pottery, roses, rome, greece, victorian, mattresses, faust, peru
            mona lisa, colors, history of, skin, sleep, a play, school play, stage play, the play, short film
            commercial, sitcom, puppet, puppets, actors, audience, stage
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
            confidence interval, sum of, trains, speed, distance, f(x), g(x), x^2, x^3, natural number, finite group
            differential, widgets, machines, integers x, fair dice, six-sided, a dice, coin toss, triangle, circle
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
            a play
            """
        ),
    ]
}
