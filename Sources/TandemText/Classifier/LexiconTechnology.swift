extension LexiconTerms {
    /// Names: languages, libraries, tools, formats.
    static let technology: [(meaning: WordMeaning, terms: String)] = [
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
            ptyhon, pyhton, phyton, javscript, javasript, bigquery, lua script, bibtex, beamer, typst, qbasic
            quickbasic, foxpro, coldfusion, pl/i, gcode, g-code, netlogo, gams, ampl, minizinc, pddl, tla+, agda
            lean4, isabelle, do-file, do file, proc sql, data step, spss syntax, hiveql, lookml, jql, mdx, influxql
            structured text, ladder logic, thinkscript, easylanguage, autolisp, extendscript, mel script, sqf, gml
            mcfunction, jmespath, yara, rego, bicep template, starlark, groovy script, nushell, fish shell, ksh, csh
            tcsh, c++11, c++14, c++17, c++20, c++23, c11, c99, ansi c, java 8, java 11, java 17, java 21, es6
            es2020, python3.11, python 3, python 2, php8, php 8, php 7, .net core, .net 8, .net 6, c sharp
            sql server, mssql, t sql, ms sql, oracle sql, oracle table, oracle database, ms access, microsoft access
            access form, access database, access query, in latex, latex file, latex document, latex code
            latex equation, latex beamer, mips, risc-v, riscv, arm64, aarch64, armv7, 8086, z80, 6502, avr assembly
            mips assembly, arm assembly, chip-8, brainfuck, befunge, turtle graphics, q#, qiskit, cirq, verilog-a
            vhd, system verilog, pspice, netlist, dtd, relax ng, wkt, stylus css, pug template, haml, slim template
            ejs, mustache template, liquid template, blade template, twig, razor, cshtml, jsp, classic asp
            asp classic, asp page, vb6, vb script, visual foxpro, excel vba, excel macro, vba macro, outlook vba
            word macro, office script, libreoffice basic, libreoffice calc, dax measure, m query, m code, power bi
            powerbi, power automate, power apps, powerapps, powerpivot, power pivot, google script, google apps
            appscript, stata code, sas code, sas macro, r script, r markdown, r package, in r, r function, rstan
            jags, winbugs, swift code, go code, go program, rust code, rust program, golang code, scala code
            ruby script, perl script, lua code, bash function, zsh script, zshrc, bashrc, bash_profile, vimrc
            init.lua, init.el, elisp function, tmux.conf, docker-compose.yml, gitlab-ci, helm chart
            terraform module, ansible playbook, ansible role, kubernetes manifest, cloudformation template
            nginx config, apache config, htaccess rule, in go, using go, go struct, go function, go project, go app
            go server, go module, go modules, go api, go cli, go test, with go, go service, go http, go template
            in basic, in assembly, using assembly, scratch program, unity c#
            """
        ),
        (
            .ambiguousLanguage,
            """
            java, rust, swift, ruby, scala, dart, julia, scheme, racket, crystal, nim, zig, elm, ada, pascal, delphi
            shell, c, r, d, j, sas, apl, eiffel, groovy, chapel, smalltalk, forth, mojo, gleam, vala, tex, markdown
            spreadsheet, unity, cairo, nix, gambit, sheets, python, lisp, prolog, apex, cypher
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
            phpunit, composer.json, nixpkgs, yolo, gan, xarray, dask, pulp, ortools, or-tools, or tools, cvxpy
            gurobi, gurobipy, cplex, pyomo, scapy, sanic, starlette, httpx, urllib, urllib3, imaplib, smtplib
            subprocess, pathlib, itertools, functools, tqdm, joblib, h5py, hdf5, netcdf, netcdf4, zarr, rasterio
            shapely, fiona, folium, leaflet, leaflet.js, openlayers, mapbox, maplibre, cesium, qgis, pyqgis, arcgis
            arcpy, postgis, gdal, osmnx, cartopy, turf.js, openstreetmap, overpass, bokeh, altair, plotly dash
            dash app, holoviews, pyvista, vtk, paraview, manim, moviepy, librosa, pyaudio, openai whisper
            faster-whisper, huggingface transformers, transformers library, lora, qlora, peft, bitsandbytes
            deepspeed, fsdp, diffusers, comfyui, controlnet, llama2, llama3, llama 2, llama 3, llama 7b, llama-cpp
            chroma db, chromadb, in chroma, pinecone, weaviate, qdrant, milvus, pgvector, crewai, autogen, langgraph
            dspy, llama index, openai gym, gymnasium, rllib, pymc, pymc3, pystan, fbprophet, lifelines, scikit-image
            skimage, mediapipe, dlib, tesseract, pytesseract, easyocr, pdfplumber, pypdf, pypdf2, pymupdf, reportlab
            weasyprint, python-docx, docx file, xlwings, xlrd, pywin32, pyautogui, pynput, pyserial, pyvisa
            pymodbus, paho, rospy, ros, ros2, ros 2, moveit, mavlink, px4, ardupilot, pixhawk, dronekit, mavros
            airsim, circuitpython, neopixel, nodemcu, platformio, teensy, attiny85, atmega328, atmega, attiny
            msp430, nrf52, zephyr rtos, hal library, cubemx, stm32f4, stm32cubeide, rp2040, raspberry pico, pi pico
            home assistant, esphome, tasmota, zigbee2mqtt, node-red, node red, gsap, anime.js, framer motion, lottie
            swiper, fullcalendar, datatables, ag-grid, ag grid, handsontable, echarts, highcharts, recharts, nivo
            apexcharts, google maps, maps api, pixi, pixi.js, pixijs, matter.js, cannon.js, babylonjs, tone.js
            howler.js, webrtc, peerjs, web audio, indexeddb, localstorage, sessionstorage, formik, zod, react-query
            react query, tanstack, apollo client, apollo server, mobx, jotai, xstate, storybook, supertest, sinon
            webdriver, webdriverio, appium, gherkin, nodemailer, passport.js, multer, bcrypt, pm2, fastify, koa
            hapi, strapi, contentful, gatsbyjs, astro, solidjs, preact, ember.js, backbone.js, knockout.js
            meteor.js, knex, typeorm, drizzle orm, cheerio, jsdom, esbuild, turborepo, lerna, gulp, tauri, expo app
            nativescript, vuetify, primevue, primeng, angular material, ant design, antd, chakra ui, bulma
            headlessui, daisyui, tailwindcss, tailwind css, react router, react hook, react component, react app
            custom hook, app router, server component, jpa, jdbc, jsf, servlet, struts, spring, spring security
            spring data, spring batch, spring cloud, spring mvc, lombok, mapstruct, jackson annotation, objectmapper
            gson, jooq, flyway, liquibase, testcontainers, wiremock, assertj, log4j, log4j2, slf4j, logback, javafx
            java swing, jframe, jtable, netty, vert.x, grails, wildfly, jboss, tomcat, weblogic, websphere
            glassfish, completablefuture, bukkit, spigot, minecraft plugin, minecraft mod, minecraft server
            minecraft command, command block, datapack, fabric mod, forge mod, libgdx, lwjgl, wcf, razor page
            minimal api, efcore, ef core, dapper, automapper, fluentvalidation, serilog, nlog, hangfire, masstransit
            moq, nsubstitute, specflow, avalonia, monogame, xna, unity3d, unity2d, unity 2d, unity 3d, unity game
            in unity, unity script, monobehaviour, scriptableobject, rigidbody, navmesh, gin framework, goroutine
            crossterm, ratatui, reqwest, sqlx, bevy, egui, wasm-bindgen, rust tokio, yii, yii2, cakephp, phpmyadmin
            prestashop, shopify, joomla, typo3, moodle plugin, elementor, sidekiq, rspec, rubocop, hotwire, coredata
            core data, jetpack compose, recyclerview, viewmodel, livedata, okhttp, room database, arcore, arkit
            realitykit, spritekit, scenekit, testflight, fcm, boost library, boost asio, asio, catch2, gtest
            googletest, gmock, vcpkg, imgui, wxwidgets, juce, glfw, assimp, cublas, cudnn, nvcc, openacc, mpich
            openmpi, slurm, sbatch, petsc, lapack, blas, fftw, openfoam, apache spark, spark sql, spark job
            spark dataframe, spark streaming, flink, apache beam, nifi, hive query, hive table, in hive, hbase
            trino, aws athena, athena query, presto query, delta lake, delta table, dagster, fivetran, airbyte
            mlflow, wandb, aws glue, glue job, kinesis, sqs, sns topic, eventbridge, step functions, aws cdk, cdk
            pulumi, crossplane, serverless framework, cognito, appsync, rds, eks, ecs, fargate, gke, aks, cloud run
            cloud functions, cloud function, pubsub, bigtable, service bus, event hub, cosmosdb, cosmos db
            azure function, logic app, arm template, keycloak, auth0, ldap, saml, oidc, openid connect
            opentelemetry, node_exporter, alertmanager, influxdb, timescaledb, telegraf, filebeat, fluentd
            fluentbit, opensearch, solr, lucene, mosquitto, activemq, zookeeper, etcd, memcached, metamask, solana
            erc20, erc-20, erc721, uniswap, ipfs, metatrader, mt4, mt5, ninjatrader, backtrader, vectorbt
            binance api, ta-lib, quantconnect, bpy, blender script, in blender, for blender, blender addon
            blender python, blender api, after effects, photoshop script, illustrator script, freecad, gcode file
            marlin firmware, klipper, octoprint, touchdesigner, max/msp, supercollider, sonic pi, vst plugin, fpga
            vivado, quartus, modelsim, verilator, yosys, xilinx, zynq, ltspice, plc, twincat, codesys, tia portal
            siemens s7, modbus, profinet, canopen, can bus, opc ua, gnu radio, gnuradio, rtl-sdr, roblox studio
            game maker, gamemaker, rpg maker, gmod, fivem, qbcore, scratch project, in scratch, scratch game
            godot 4, ue5, ue4, niagara system, behaviour tree, behavior tree, servicenow script, salesforce apex
            lightning component, visualforce, lwc, sharepoint list, sap abap, odoo, erpnext, frappe, filemaker
            airtable script, zapier, n8n, tableau calculated, calculated field, looker, metabase, superset, qlik
            db2, teradata, vertica, netezza, greenplum, cockroachdb, couchdb, couchbase, rethinkdb, arangodb
            orientdb, scylladb, rocksdb, leveldb, realm database, pouchdb, hasura, postgrest, nakama, photon pun
            mirror networking, playfab, admob, revenuecat, stripe api, stripe checkout, paypal api, twilio, sendgrid
            mailgun, spotify api, twitter api, reddit api, youtube api, gmail api, google api, openai api
            chatgpt api, gpt api, slack api, telegram api, notion api, jira api, graph api, facebook api
            instagram api, weather api, imdb api, steam api, webgl shader, shadertoy, post processing, mujoco
            isaac gym, coppeliasim, webots, netmiko, napalm, nornir, pyats, mininet, ns-3, ns3, omnet++
            gazebo simulator, autocad, solidworks api, comsol, ansys apdl, abaqus, openmm, rdkit, biopython
            bioconductor, deseq2, seurat, samtools, bedtools, snakemake, nextflow, blast+, pymol, gromacs, lammps
            vasp, quantum espresso
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
            bios, grub, uefi, dns, dhcp, proxy_pass, reverse proxy, exiftool, rclone, nvm, pyenv, rbenv, fstab, nfs
            cifs, smb share, autofs, mdadm, smartctl, fdisk, mkfs, fsck, initramfs, dmesg, sysctl, ulimit, logrotate
            rsyslog, syslog, fail2ban, cloud-init, pxe boot, kickstart file, netplan, networkmanager, nmcli
            ifconfig, iproute2, traceroute, nslookup, bind9, dnsmasq, pihole, pi-hole, openwrt, pfsense, opnsense
            mikrotik, routeros, cisco ios, cisco router, cisco switch, cisco asa, junos, juniper router, vlan, ospf
            bgp, eigrp, spanning-tree, access-list, port forwarding, ipsec, snmp, vrrp, hsrp, trunk port, 802.1q
            freeradius, postfix, dovecot, sendmail, exim, spamassassin, dkim, letsencrypt, certbot, keytool, ssh key
            sshd, sftp, vsftpd, windows server, domain controller, robocopy, diskpart, scheduled task
            task scheduler, regedit, wmi, cmdlet, winrm, batch script, hyper-v, vmware, vsphere, powercli
            virtualbox, lxc, lxd, docker image, docker container, containerd, minikube, k3s, openshift, kustomize
            cilium, metallb, cert-manager, ceph, glusterfs, minio, s3 bucket, velero, svn, subversion, mercurial
            perforce, gitignore, rebase, cherry-pick, git stash, submodule, org-mode, magit, vs code, sublime text
            notepad++, circleci, travis ci, tekton, teamcity, artifactory, github action, gitlab pipeline
            gitlab runner, azure devops, azure pipeline, nagios, zabbix, icinga, jaeger tracing, graylog, elk stack
            apache bench, jmeter, k6, gatling, locust, burp suite, metasploit, sqlmap, hashcat, john the
            aircrack-ng, gobuster, hydra attack, ghidra, ida pro, radare2, x64dbg, frida, autopsy forensic
            volatility plugin, powershell command, windows command, cmd command, terminal command, linux command
            unix command, curl command, git command, docker command, find command, sed command, awk command
            ffmpeg command, sql command, vim command, dig command, netstat, lsof, strace, htop, iotop, iostat
            vmstat, perf record, ltrace, tcpflow, ethtool, iperf, mtr, xrandr, xdotool, wmctrl, i3wm, sway config
            hyprland, gnome-terminal, kde plasma, plasma widget, waybar, polybar, dotfiles, homebrew formula
            macos terminal, mac terminal, launchd, plist, defaults write, apple shortcuts, automator, tasker, adb
            fastboot, magisk, termux, twrp, aosp, yocto, buildroot, u-boot, openocd, jtag, gnu make, autotools
            autoconf, meson build, bazel, scons, ninja build, visual basic, dockerfiles, podman-compose, portainer
            nginx proxy, traefik labels, squid proxy, varnish cache, apache server, apache webserver, iis, xampp
            wamp, lamp stack, cpanel, plesk, webmin, nextcloud, plex server, sonarr, radarr, synology, truenas
            unraid, freenas, opensuse, rhel, rocky linux, almalinux, alpine linux, arch linux, nixos configuration
            gentoo, slackware, freebsd, openbsd, kali linux, raspbian, rasbian, chromeos, android sdk, gitea, gerrit
            gitkraken, dependabot, renovate bot, snyk, trivy, vagrantfile, jenkinsfile, jenkins pipeline
            pre-commit hook, eslint rule, ruff, mypy, pylint, flake8, rustfmt, clippy, clang-tidy, clang-format
            checkstyle, spotbugs, phpstan, psalm, stylelint, husky hook, git hook, arduino, vim, emacs, stata, spss
            excel, latex, tcl, idris
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
    ]
}
